//! Cases that random events meet too rarely, or whose numbers matter.

mod bounds;
mod restart;

use super::{
    core::Call,
    event::{Effect, Event, Newcomer, Rules, Sender},
    outage::RETURN_MS,
};
use crate::entropy::OsEntropy;
use holdfast_protocol::{
    CallId, CommandId, Consequence, DisconnectPolicy, DisplayName, EndReason, Entropy, HubFrame, InstanceId,
    LeaveReason, LoggedUser, MediaState, Outage, OutageCause, ParticipantId, PolicyPreset, Presence,
    RoomName, SessionId, UserId, policy::MEDIA_ALIVE_MS,
};

pub(super) const START: u64 = 1_000_000;

/// A call of one kind, moved on by hand.
pub(super) struct Scene {
    pub(super) call: Call,
    pub(super) now: u64,
    pub(super) people: Vec<Newcomer>,
    /// What the last event brought about.
    pub(super) effects: Vec<Effect>,
}

pub(super) fn somebody() -> Newcomer {
    Newcomer {
        sender: Sender {
            session: SessionId::mint(&OsEntropy),
            attachment: 1,
            instance: InstanceId::mint(&OsEntropy),
        },
        command: CommandId(1),
        participant: ParticipantId::mint(&OsEntropy),
        user: UserId::mint(&OsEntropy),
        name: DisplayName::new("Ada").unwrap(),
        media: MediaState::default(),
    }
}

pub(super) fn rules(policy: DisconnectPolicy) -> Rules {
    let (participants_max, seat_kept_ms, ring_ms) = (3, 60_000, 45_000);
    Rules { participants_max, policy, seat_kept_ms, ring_ms, duration_max_ms: None }
}

impl Scene {
    /// A room with that many in it.
    pub(super) fn room(policy: DisconnectPolicy, people: usize) -> Self {
        let name = RoomName::generate(&OsEntropy as &dyn Entropy);
        let call = Call::room(CallId::mint(&OsEntropy), name, rules(policy));
        let people: Vec<Newcomer> = (0..people).map(|_| somebody()).collect();
        let mut scene = Self { call, now: START, people, effects: Vec::new() };
        for person in scene.people.clone() {
            scene.event(Event::Join(person));
        }
        scene
    }

    /// Two users of whom the first rings the second.
    pub(super) fn ringing(policy: DisconnectPolicy) -> Self {
        let people = vec![somebody(), somebody()];
        let callee = LoggedUser { user: people[1].user, name: None };
        let id = CallId::mint(&OsEntropy);
        let (call, effects) = Call::ring(START, id, rules(policy), people[0].clone(), callee);
        Self { call, now: START, people, effects }
    }

    /// A direct call that was accepted.
    pub(super) fn direct(policy: DisconnectPolicy) -> Self {
        let mut scene = Self::ringing(policy);
        scene.event(Event::Accept(scene.people[1].clone()));
        scene
    }

    pub(super) fn event(&mut self, event: Event) {
        self.effects = self.call.apply(self.now, event);
    }

    pub(super) fn wait(&mut self, ms: u64) {
        self.now += ms;
        self.event(Event::Tick);
    }

    pub(super) fn lost(&mut self, who: usize) {
        let (sender, cause) = (self.people[who].sender, OutageCause::SocketClosed);
        self.event(Event::Lost { sender, last_heard_unix_ms: self.now, cause });
    }

    pub(super) fn back(&mut self, who: usize) {
        self.people[who].sender.attachment += 1;
        self.event(Event::Back { sender: self.people[who].sender });
    }

    fn confirmed(&mut self, who: usize) {
        self.event(Event::Confirmed { sender: self.people[who].sender });
    }

    pub(super) fn media_alive(&mut self, who: usize, with: usize) {
        let participants = vec![self.people[with].participant];
        self.event(Event::MediaAlive { sender: self.people[who].sender, participants });
    }

    fn is_in(&self, who: usize) -> bool {
        self.call.has(self.people[who].sender.session)
    }

    pub(super) fn reason(&self) -> Option<EndReason> {
        self.call.reason()
    }

    fn left(&self) -> Vec<LeaveReason> {
        let frames = self.effects.iter().filter_map(|effect| match effect {
            Effect::Tell { frame: HubFrame::PeerLeft { reason, .. }, .. } => Some(*reason),
            _ => None,
        });
        frames.collect()
    }
}

#[test]
fn each_preset_at_its_last_millisecond() {
    for (preset, ended) in [
        (PolicyPreset::Phone, Some(EndReason::NetworkLost)),
        (PolicyPreset::Event, None),
        (PolicyPreset::Support, Some(EndReason::NetworkLost)),
        (PolicyPreset::Patient, None),
    ] {
        let policy = preset.policy();
        let mut scene = Scene::room(policy, 3);
        scene.lost(1);
        scene.wait(policy.away_ms - 1);
        assert!(scene.is_in(1) && scene.effects.is_empty(), "{preset:?}");
        scene.wait(1);
        assert_eq!((scene.reason(), scene.is_in(1)), (ended, false), "{preset:?}");
        if ended.is_none() {
            assert_eq!(scene.left(), [LeaveReason::NetworkLost]);
        }

        let mut scene = Scene::room(policy, 2);
        scene.lost(0);
        scene.lost(1);
        scene.wait(policy.all_away_ms - 1);
        assert_eq!(scene.reason(), None);
        scene.wait(1);
        assert_eq!(scene.reason(), Some(policy.all_away_reason), "{preset:?}");
        assert!(scene.left().is_empty(), "call-ended and nothing beside it");
    }
}

#[test]
fn a_deadline_that_has_passed_counts_as_fired_even_before_its_tick() {
    for (wait_ms, kept) in [(29_999, true), (30_000, false)] {
        let mut scene = Scene::room(PolicyPreset::Event.policy(), 2);
        scene.lost(1);
        scene.now += wait_ms;
        scene.back(1);
        let resynced = scene.effects.iter().any(|effect| matches!(effect, Effect::Resync { .. }));
        assert_eq!((resynced, scene.is_in(1)), (kept, kept));
        assert_eq!(scene.left().is_empty(), kept);
    }
}

#[test]
fn a_return_that_nobody_confirmed_gives_no_more_time() {
    let mut scene = Scene::direct(PolicyPreset::Support.policy());
    scene.lost(1);
    scene.wait(50_000);
    scene.back(1);
    scene.wait(5_000);
    scene.lost(1);
    let Some(Effect::Tell { frame: HubFrame::PeerDisconnected { since_unix_ms, ms_left, .. }, .. }) =
        scene.effects.first()
    else {
        panic!("{:?}", scene.effects)
    };
    assert_eq!((*since_unix_ms, *ms_left), (START, 5_000));
    scene.wait(5_000);
    assert_eq!(scene.reason(), Some(EndReason::ReconnectFailed));
    let log = scene.call.stored().log;
    let participant = log.participants.last().unwrap();
    assert_eq!(participant.left_reason, Some(LeaveReason::ReconnectFailed));
    assert_eq!(participant.outages.len(), 1, "one absence");
    assert!(!participant.outages[0].returned);
    assert_eq!(participant.outages[0].until_unix_ms, Some(START + 60_000));
}

#[test]
fn a_return_that_is_lost_after_the_old_deadline_ends_at_once() {
    let mut scene = Scene::direct(PolicyPreset::Support.policy());
    scene.lost(1);
    scene.wait(59_000);
    scene.back(1);
    scene.wait(10_000);
    assert_eq!(scene.reason(), None, "while there is a socket nothing is overdue");
    scene.lost(1);
    assert_eq!(scene.reason(), Some(EndReason::ReconnectFailed));
}

#[test]
fn a_confirmed_return_counts() {
    let mut scene = Scene::direct(PolicyPreset::Support.policy());
    scene.lost(1);
    scene.wait(50_000);
    scene.back(1);
    scene.confirmed(1);
    scene.lost(1);
    scene.wait(59_999);
    assert_eq!(scene.reason(), None);
    scene.wait(1);
    assert_eq!(scene.reason(), Some(EndReason::NetworkLost), "of the second absence nobody tried to return");
    let log = scene.call.stored().log;
    let outages = &log.participants.last().unwrap().outages;
    assert_eq!(outages.iter().map(|outage| outage.returned).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn media_that_flows_holds_a_deadline_off_for_ten_seconds_after_the_last_report() {
    let mut scene = Scene::direct(PolicyPreset::Support.policy());
    scene.lost(1);
    scene.wait(55_000);
    scene.media_alive(0, 1);
    scene.wait(9_999);
    assert_eq!(scene.reason(), None);
    scene.media_alive(0, 1);
    scene.now += MEDIA_ALIVE_MS - 1;
    scene.back(1);
    assert!(scene.is_in(1), "back after the deadline, and not too late");
    scene.confirmed(1);
    scene.lost(1);
    scene.wait(59_000);
    scene.media_alive(1, 0);
    scene.wait(1_000);
    assert_eq!(scene.reason(), Some(EndReason::NetworkLost), "who is away says nothing");
}

#[test]
fn a_report_is_worth_nothing_once_its_author_is_away() {
    let mut scene = Scene::room(PolicyPreset::Event.policy(), 3);
    scene.lost(2);
    scene.wait(29_000);
    scene.media_alive(0, 2);
    scene.wait(2_000);
    assert!(scene.is_in(2));
    scene.lost(0);
    assert!(!scene.is_in(2), "it fires at once");
    assert_eq!(scene.left(), [LeaveReason::NetworkLost]);
}

#[test]
fn while_everyone_is_away_a_room_waits_for_whoever_comes_first() {
    let policy = DisconnectPolicy { all_away_ms: 600_000, ..PolicyPreset::Event.policy() };
    let mut scene = Scene::room(policy, 2);
    scene.lost(0);
    scene.wait(10_000);
    scene.lost(1);
    scene.wait(500_000);
    assert!(scene.is_in(0) && scene.is_in(1));
    scene.back(1);
    // All were held off together: the others are about to come back, too.
    let Some(Effect::Tell { to, frame: HubFrame::PeerDisconnected { ms_left, .. } }) = scene.effects.last()
    else {
        panic!("{:?}", scene.effects)
    };
    assert_eq!((to, *ms_left), (&vec![scene.people[1].sender.session], RETURN_MS));
    scene.wait(RETURN_MS - 1);
    assert!(scene.is_in(1) && scene.is_in(0));
    scene.wait(1);
    assert!(!scene.is_in(0), "there is somebody again to go on without the other");
    assert_eq!(scene.left(), [LeaveReason::NetworkLost]);
    scene.lost(1);
    scene.wait(60_000);
    assert_eq!(scene.reason(), None, "600 s since all were away are not over");
    scene.wait(30_000);
    assert_eq!(scene.reason(), Some(EndReason::NetworkLost));
}

#[test]
fn a_newcomer_ends_the_wait_as_well() {
    let policy = DisconnectPolicy { all_away_ms: 600_000, ..PolicyPreset::Event.policy() };
    let mut scene = Scene::room(policy, 1);
    scene.lost(0);
    scene.wait(500_000);
    let newcomer = somebody();
    scene.event(Event::Join(newcomer.clone()));
    assert!(scene.is_in(0) && scene.call.has(newcomer.sender.session));
    scene.wait(RETURN_MS);
    assert!(!scene.is_in(0));
}

#[test]
fn talk_is_time_in_which_two_were_there() {
    let mut scene = Scene::direct(PolicyPreset::Support.policy());
    scene.wait(10_000);
    scene.now += 5_000;
    let (sender, cause) = (scene.people[1].sender, OutageCause::HeartbeatTimeout);
    scene.event(Event::Lost { sender, last_heard_unix_ms: START + 10_000, cause });
    scene.wait(20_000);
    scene.back(1);
    scene.wait(7_000);
    scene.event(Event::Leave { sender: scene.people[0].sender, command: CommandId(2) });
    let log = scene.call.stored().log;
    assert_eq!((log.reason, log.talk_ms), (Some(EndReason::Hangup), 17_000));
    assert_eq!(log.ended_unix_ms, Some(START + 42_000));
    let outage = log.participants[1].outages[0];
    assert_eq!((outage.since_unix_ms, outage.until_unix_ms), (START + 10_000, Some(START + 35_000)));
    assert_eq!((outage.cause, outage.returned), (OutageCause::HeartbeatTimeout, true));
    assert_eq!(log.participants[0].left_reason, Some(LeaveReason::Hangup));
}

#[test]
fn presence_follows_the_call() {
    let shares = |scene: &Scene| -> Vec<Presence> {
        scene
            .people
            .iter()
            .map(|who| scene.call.shares().into_iter().find(|share| share.user == who.user))
            .map(|share| share.map_or(Presence::Online, |share| share.presence))
            .collect()
    };
    let mut scene = Scene::ringing(PolicyPreset::Support.policy());
    assert_eq!(shares(&scene), [Presence::Ringing, Presence::Ringing]);
    scene.event(Event::Accept(scene.people[1].clone()));
    scene.lost(1);
    assert_eq!(shares(&scene), [Presence::InCall, Presence::Reconnecting]);
    scene.event(Event::EndByAdmin);
    assert_eq!(shares(&scene), [Presence::Online, Presence::Online]);
    assert_eq!(scene.reason(), Some(EndReason::EndedByAdmin));
}

#[test]
fn ring_and_duration_have_their_own_deadlines() {
    let mut scene = Scene::ringing(PolicyPreset::Patient.policy());
    scene.wait(44_999);
    assert_eq!(scene.reason(), None);
    scene.now += 1;
    scene.event(Event::Accept(scene.people[1].clone()));
    assert_eq!(scene.reason(), Some(EndReason::Missed), "a late tick is no longer ring");
    assert!(scene.effects.iter().any(|effect| matches!(
        effect,
        Effect::Tell { frame: HubFrame::CallOver { reason: EndReason::Missed, .. }, .. }
    )));

    let mut scene = Scene::ringing(PolicyPreset::Support.policy());
    scene.call.rules.duration_max_ms = Some(600_000);
    scene.wait(40_000);
    scene.event(Event::Accept(scene.people[1].clone()));
    scene.wait(599_999);
    assert_eq!(scene.reason(), None, "counted from when it was accepted");
    scene.wait(1);
    assert_eq!(scene.reason(), Some(EndReason::MaxDuration));
    assert_eq!(scene.call.next_deadline_unix_ms(), None, "all deadlines are cleared together");
}

#[test]
fn in_a_direct_call_nobody_is_left_alone() {
    let policy = PolicyPreset::Event.policy();
    assert_eq!(policy.then, Consequence::Leave);
    let mut scene = Scene::direct(policy);
    scene.lost(0);
    scene.wait(policy.away_ms);
    assert_eq!(scene.reason(), Some(EndReason::NetworkLost));
    assert!(scene.left().is_empty());
}

#[test]
fn a_takeover_is_in_the_log_though_nobody_was_away() {
    let mut scene = Scene::room(PolicyPreset::Event.policy(), 2);
    scene.wait(5_000);
    scene.back(1);
    let outages = |scene: &Scene| scene.call.stored().log.participants[1].outages.clone();
    assert_eq!(outages(&scene), [], "the same page on another socket");
    scene.people[1].sender.instance = InstanceId::mint(&OsEntropy);
    scene.back(1);
    let at = scene.now;
    let cause = OutageCause::Takeover;
    assert_eq!(
        outages(&scene),
        [Outage { since_unix_ms: at, until_unix_ms: Some(at), cause, returned: true }]
    );
    scene.lost(1);
    assert_eq!(outages(&scene).len(), 2);
}
