//! One room and clients that believe only what they are told: after every event, what each participant believes is
//! what is true, and nobody was told what is not theirs. Tests and the fuzzer choose the events.

use super::{
    core::Room,
    event::{Effect, Event, Policy, Relay, Sender},
};
use crate::entropy::OsEntropy;
use holdfast_protocol::{
    CallId, CallSnapshot, CommandId, DisplayName, Entropy, ErrorCode, HubFrame, InstanceId, LeaveReason,
    MediaState, OutageCause, Participant, ParticipantId, ParticipantState, RoomName, SessionId, UserId,
};
use std::collections::BTreeMap;

const CAP: u32 = 3;
pub(crate) const WINDOW_MS: u64 = 30_000;
pub(crate) const SESSIONS: usize = 5;

/// What happens to a client, or to all.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Join,
    Leave,
    Media(bool),
    Lost { late: bool },
    Back { reloaded: bool, late: bool },
    Gone,
    Wait(u64),
}

/// What a client believes of another participant.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Belief {
    incarnation: u32,
    away_until_ms: Option<u64>,
    media: MediaState,
}

impl From<&Participant> for Belief {
    fn from(told: &Participant) -> Self {
        let away_until_ms = match told.state {
            ParticipantState::Connected => None,
            ParticipantState::TemporarilyDisconnected { deadline_unix_ms, .. } => Some(deadline_unix_ms),
        };
        Self { incarnation: told.incarnation, away_until_ms, media: told.media }
    }
}

type Roster = BTreeMap<ParticipantId, Belief>;

/// One client: its session, and the call as it was told.
pub(crate) struct Client {
    pub(super) sender: Sender,
    place: Option<(ParticipantId, Roster)>,
}

/// The room and its clients.
pub(crate) struct World {
    pub(super) room: Room,
    call: CallId,
    pub(super) now: u64,
    pub(super) clients: Vec<Client>,
}

impl World {
    /// Nobody has joined yet.
    pub(crate) fn new() -> Self {
        let call = CallId::mint(&OsEntropy);
        let policy = Policy { participants_max: CAP, resume_window_ms: WINDOW_MS };
        let client = |_| Client {
            sender: Sender {
                session: SessionId::mint(&OsEntropy),
                attachment: 1,
                instance: InstanceId::mint(&OsEntropy),
            },
            place: None,
        };
        let room = Room::new(call, RoomName::generate(&OsEntropy as &dyn Entropy), policy);
        Self { room, call, now: 1_000_000, clients: (0..SESSIONS).map(client).collect() }
    }

    /// Lets it happen, and holds what follows against the rules.
    pub(crate) fn take(&mut self, who: usize, step: &Step) {
        let sender = self.clients[who].sender;
        let command = CommandId(1);
        let old_incarnation = self.incarnation(who);
        let event = match *step {
            Step::Wait(ms) => {
                self.now += ms;
                Event::Tick
            }
            Step::Join => Event::Join {
                sender,
                command,
                participant: ParticipantId::mint(&OsEntropy),
                user: UserId::mint(&OsEntropy),
                name: DisplayName::new("Ada").expect("a name"),
                media: MediaState::default(),
            },
            Step::Leave => Event::Leave { sender, command },
            Step::Media(audio) => {
                Event::Media { sender, command, media: MediaState { audio, ..MediaState::default() } }
            }
            Step::Lost { late } => {
                let attachment = sender.attachment - u32::from(late);
                Event::Lost {
                    sender: Sender { attachment, ..sender },
                    last_heard_unix_ms: self.now - 500,
                    cause: OutageCause::SocketClosed,
                }
            }
            Step::Back { reloaded, late: false } => {
                let client = &mut self.clients[who].sender;
                client.attachment += 1;
                if reloaded {
                    client.instance = InstanceId::mint(&OsEntropy);
                }
                Event::Back { sender: *client }
            }
            // Two sockets came at once, and the news of the earlier one is the later.
            Step::Back { late: true, .. } => {
                let (attachment, instance) = (sender.attachment - 1, InstanceId::mint(&OsEntropy));
                Event::Back { sender: Sender { attachment, instance, ..sender } }
            }
            Step::Gone => Event::Gone { session: sender.session },
        };
        let effects = self.room.apply(self.now, event);
        if matches!(step, Step::Lost { late: true } | Step::Back { late: true, .. }) {
            assert_eq!(effects, vec![], "late news of an old socket");
        }
        for effect in effects {
            self.hear(who, step, effect);
        }
        if let (Step::Back { reloaded, late: false }, Some(old)) = (step, old_incarnation) {
            assert_eq!(self.incarnation(who), Some(old + u32::from(*reloaded)));
            assert_eq!(self.is_away(who), Some(false));
        }
        if matches!(step, Step::Lost { late: false }) {
            assert_ne!(self.is_away(who), Some(false));
        }
        if matches!(step, Step::Wait(_)) {
            assert!(self.room.next_deadline_unix_ms().is_none_or(|at| at > self.now), "a tick was missed");
        }
    }

    fn hear(&mut self, who: usize, step: &Step, effect: Effect) {
        match effect {
            Effect::Release { session } => {
                let client = self.client(session);
                assert!(client.place.take().is_some(), "released twice, or without a place");
            }
            Effect::Refuse { to, code, .. } => {
                assert_eq!(to, self.clients[who].sender.session);
                match code {
                    ErrorCode::RoomFull => assert_eq!(self.room.len(), CAP as usize),
                    ErrorCode::AlreadyInCall => assert!(self.clients[who].place.is_some()),
                    ErrorCode::NotInCall => assert!(self.clients[who].place.is_none()),
                    other => panic!("{other:?}"),
                }
            }
            Effect::Resync { to, snapshot, .. } => self.begin(to, &snapshot),
            Effect::Tell { to, frame } => {
                assert!(!to.is_empty());
                for session in to {
                    self.told(session, who, step, &frame);
                }
            }
        }
    }

    fn told(&mut self, session: SessionId, who: usize, step: &Step, frame: &HubFrame) {
        let now = self.now;
        match frame {
            HubFrame::Joined { call, .. } => {
                assert_eq!(session, self.clients[who].sender.session);
                assert!(self.client(session).place.is_none(), "joined twice");
                return self.begin(session, call);
            }
            HubFrame::Left { .. } => return assert_eq!(session, self.clients[who].sender.session),
            _ => {}
        }
        let (me, roster) = self.client(session).place.as_mut().expect("only participants are told");
        match frame {
            HubFrame::PeerJoined { participant, .. } => {
                assert_eq!(roster.insert(participant.id, participant.into()), None, "joined twice");
            }
            HubFrame::PeerLeft { participant, reason, .. } => {
                assert_ne!(participant, me);
                let was = roster.remove(participant).expect("left twice, or before it joined");
                match step {
                    Step::Leave => assert_eq!(*reason, LeaveReason::Hangup),
                    Step::Gone => assert_eq!(*reason, LeaveReason::NetworkLost),
                    _ => {
                        assert_eq!(*reason, LeaveReason::NetworkLost);
                        assert!(was.away_until_ms.expect("it was away") <= now, "given up early");
                    }
                }
            }
            HubFrame::PeerDisconnected { participant, since_unix_ms, deadline_unix_ms, ms_left, .. } => {
                let belief = roster.get_mut(participant).expect("it joined");
                assert_eq!(belief.away_until_ms.replace(*deadline_unix_ms), None, "lost twice");
                assert_eq!((*deadline_unix_ms, *ms_left), (now + WINDOW_MS, WINDOW_MS));
                assert!(*since_unix_ms <= now);
            }
            HubFrame::PeerReconnected { participant, incarnation, .. } => {
                let belief = roster.get_mut(participant).expect("it joined, and has not left");
                let was_away = belief.away_until_ms.take().inspect(|at| assert!(*at > now, "back too late"));
                assert!(was_away.is_some() || *incarnation == belief.incarnation + 1, "no news");
                belief.incarnation = *incarnation;
            }
            HubFrame::MediaState { participant, media, .. } => {
                let belief = roster.get_mut(participant).expect("it joined");
                assert_ne!(std::mem::replace(&mut belief.media, *media), *media, "no news");
            }
            other => panic!("{other:?}"),
        }
    }

    fn begin(&mut self, session: SessionId, snapshot: &CallSnapshot) {
        assert_eq!(snapshot.id, self.call);
        let roster: Roster = snapshot.participants.iter().map(|told| (told.id, told.into())).collect();
        assert!(roster.contains_key(&snapshot.you));
        self.client(session).place = Some((snapshot.you, roster));
    }

    /// Compares what everyone believes.
    pub(crate) fn check(&mut self) {
        assert!(self.room.len() <= CAP as usize);
        assert_eq!(self.room.len(), self.clients.iter().filter(|client| client.place.is_some()).count());
        let now = self.now;
        for client in &self.clients {
            let Some((me, roster)) = &client.place else {
                assert!(!self.room.has(client.sender.session));
                continue;
            };
            for other in &self.clients {
                let Some((id, others)) = &other.place else { continue };
                // Of oneself nothing is told after joining; of the others everything, to both alike.
                for (participant, belief) in others.iter().filter(|(p, _)| *p != me && *p != id) {
                    assert_eq!(roster.get(participant), Some(belief), "rosters differ at {now}");
                }
                if id == me {
                    continue;
                }
                let believed = roster[id].incarnation;
                let from_incarnation = others[me].incarnation;
                let expected = Relay::Deliver { to: other.sender.session, from: *me, from_incarnation };
                assert_eq!(self.room.relay(client.sender, *id, believed), expected);
                assert_eq!(self.room.relay(client.sender, *id, believed + 1), Relay::Stale);
            }
        }
    }

    /// Whether the others believe that it is away; None when there is nobody to believe anything.
    fn is_away(&self, who: usize) -> Option<bool> {
        let (me, _) = self.clients[who].place.as_ref()?;
        self.others_belief(me).map(|belief| belief.away_until_ms.is_some())
    }

    fn incarnation(&self, who: usize) -> Option<u32> {
        let (me, _) = self.clients[who].place.as_ref()?;
        self.others_belief(me).map(|belief| belief.incarnation)
    }

    fn others_belief(&self, me: &ParticipantId) -> Option<&Belief> {
        self.clients.iter().find_map(|client| {
            let (id, roster) = client.place.as_ref()?;
            if id == me { None } else { roster.get(me) }
        })
    }

    fn client(&mut self, session: SessionId) -> &mut Client {
        self.clients.iter_mut().find(|client| client.sender.session == session).expect("one of ours")
    }

    /// Left alone, everyone who is away is given up, once, and the room wants no more time.
    pub(crate) fn settle(&mut self) {
        self.take(0, &Step::Wait(WINDOW_MS));
        self.check();
        assert_eq!(self.room.next_deadline_unix_ms(), None);
        assert_eq!(self.room.apply(self.now + WINDOW_MS, Event::Tick), vec![]);
    }
}
