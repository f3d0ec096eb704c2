//! A call that is stored, and what comes back of it.

use super::{START, Scene};
use crate::call::{
    core::Call,
    event::{Effect, Event},
};
use holdfast_protocol::{
    CallStatus, EndReason, HubFrame, OutageCause, ParticipantState, PolicyPreset, Role,
    policy::MEDIA_ALIVE_MS,
};

const DOWN_MS: u64 = 20_000;

impl Scene {
    /// The hub dies now, and is there again after [`DOWN_MS`].
    fn restarted(mut self) -> Self {
        let stored = self.call.stored();
        let stored = serde_json::from_slice(&serde_json::to_vec(&stored).unwrap()).unwrap();
        self.now += DOWN_MS;
        (self.call, self.effects) = Call::restore(stored, self.now, DOWN_MS).unwrap();
        for person in &mut self.people {
            person.sender.attachment = 0;
        }
        self
    }
}

#[test]
fn everyone_is_away_since_the_hub_was_and_nobody_loses_time() {
    let policy = PolicyPreset::Event.policy();
    let mut scene = Scene::room(policy, 3);
    scene.wait(60_000);
    scene.lost(2);
    scene.wait(10_000);
    let before = scene.call.stored();
    let mut scene = scene.restarted();
    let after = scene.call.stored();
    assert_eq!(
        (after.log.id, after.users, after.log.status),
        (before.log.id, before.users, CallStatus::Active)
    );
    assert_eq!(after.deadline_unix_ms, Some(scene.now + policy.all_away_ms));
    assert_eq!(after.log.talk_ms, 70_000, "until the hub was away");
    let causes = after.log.participants.iter().map(|entry| entry.outages[0].cause);
    let expected = [OutageCause::HubRestart, OutageCause::HubRestart, OutageCause::SocketClosed];
    assert_eq!(causes.collect::<Vec<_>>(), expected);

    scene.back(0);
    let Some(Effect::Resync { snapshot, .. }) =
        scene.effects.iter().find(|effect| matches!(effect, Effect::Resync { .. }))
    else {
        panic!("{:?}", scene.effects)
    };
    let left = |index: usize| match snapshot.participants[index].state {
        ParticipantState::TemporarilyDisconnected { since_unix_ms, ms_left, .. } => (since_unix_ms, ms_left),
        ParticipantState::Connected => panic!("it is away"),
    };
    assert_eq!(snapshot.participants[0].state, ParticipantState::Connected);
    assert_eq!(left(1), (START + 70_000, 30_000), "since the hub was alive");
    assert_eq!(left(2), (START + 60_000, 20_000), "what was left of it");
    assert_eq!((snapshot.participants[0].role, snapshot.participants[0].incarnation), (Role::Host, 1));
    scene.wait(20_000);
    assert_eq!(
        scene.call.len(),
        3,
        "somebody is there again, and the others have the time that a return takes"
    );
    scene.wait(5_000);
    assert_eq!(scene.call.len(), 2);
    scene.wait(5_000);
    assert_eq!((scene.call.len(), scene.reason()), (1, None));
}

#[test]
fn downtime_that_is_not_known_exactly_gives_no_more_than_the_policy() {
    let policy = PolicyPreset::Event.policy();
    let mut scene = Scene::room(policy, 2);
    // Within the second after the last sign of life.
    scene.lost(1);
    let stored = scene.call.stored();
    let now = scene.now + DOWN_MS;
    let (call, _) = Call::restore(stored, now, DOWN_MS + 900).unwrap();
    let snapshot = call.snapshot_for(now, scene.people[0].sender.session).unwrap();
    let deadlines = snapshot.participants.iter().map(|one| match one.state {
        ParticipantState::TemporarilyDisconnected { since_unix_ms, deadline_unix_ms, .. } => {
            (since_unix_ms, deadline_unix_ms)
        }
        ParticipantState::Connected => panic!("everyone is away"),
    });
    let at = |since| (since, now + policy.away_ms);
    assert_eq!(deadlines.collect::<Vec<_>>(), [at(START - 900), at(START)]);
    let outages: Vec<_> =
        call.stored().log.participants.iter().map(|one| one.outages[0].since_unix_ms).collect();
    assert_eq!(outages, [START, START], "nobody was away before joining");
}

#[test]
fn who_is_away_while_media_flows_is_not_given_up_before_that_can_be_said_again() {
    let policy = PolicyPreset::Phone.policy();
    let mut scene = Scene::direct(policy);
    scene.lost(1);
    scene.wait(policy.away_ms - 1);
    scene.media_alive(0, 1);
    scene.wait(1_000);
    assert_eq!(scene.reason(), None, "its deadline has passed, and media flows");
    let mut scene = scene.restarted();
    scene.event(Event::Tick);
    scene.back(0);
    assert_eq!(scene.reason(), None);
    scene.event(Event::Confirmed { sender: scene.people[0].sender });
    scene.wait(MEDIA_ALIVE_MS - 1);
    scene.media_alive(0, 1);
    scene.wait(1);
    assert_eq!(scene.reason(), None, "it was said again");
    scene.wait(MEDIA_ALIVE_MS);
    assert_eq!(scene.reason(), Some(EndReason::NetworkLost));
}

#[test]
fn the_longest_a_call_may_be_does_not_count_the_downtime() {
    let mut scene = Scene::ringing(PolicyPreset::Patient.policy());
    scene.call.rules.duration_max_ms = Some(100_000);
    scene.event(Event::Accept(scene.people[1].clone()));
    scene.wait(90_000);
    let mut scene = scene.restarted();
    scene.back(0);
    scene.wait(9_999);
    assert_eq!(scene.reason(), None);
    scene.wait(1);
    assert_eq!(scene.reason(), Some(EndReason::MaxDuration));
}

#[test]
fn a_ring_that_is_left_over_is_cleaned_up() {
    let scene = Scene::ringing(PolicyPreset::Support.policy());
    assert_eq!(scene.call.stored().claims.len(), 2);
    let scene = scene.restarted();
    assert_eq!(scene.reason(), Some(EndReason::ServerCleanup));
    let stored = scene.call.stored();
    assert_eq!((stored.log.status, stored.claims.len()), (CallStatus::Ended, 0));
    assert_eq!((stored.log.ended_unix_ms, stored.deadline_unix_ms), (Some(scene.now), None));
    let told = |effect: &Effect| matches!(effect, Effect::TellUser { frame: HubFrame::CallEnded { .. }, user, .. } if *user == scene.people[1].user);
    assert!(scene.effects.iter().any(told));
}

#[test]
fn a_call_that_is_over_stays_as_it_was_and_nonsense_is_refused() {
    let mut scene = Scene::direct(PolicyPreset::Phone.policy());
    scene.event(Event::EndByAdmin);
    let before = scene.call.stored();
    let scene = scene.restarted();
    assert_eq!(scene.call.stored(), before);
    assert!(scene.effects.is_empty());
    let nonsense = crate::store::StoredCall { state: serde_json::json!({"id": 7}), ..before };
    assert!(Call::restore(nonsense, START, 0).is_err());
}
