//! What a client makes of what it is told.

use super::{Step, World};
use crate::{
    call::{
        event::{Effect, Sender},
        outage::RETURN_MS,
    },
    entropy::OsEntropy,
};
use holdfast_protocol::{
    CallId, CallSnapshot, CallState, ErrorCode, HubFrame, InstanceId, LeaveReason, MediaState, Participant,
    ParticipantId, ParticipantState, SessionId, UserId,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a client believes of another participant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Belief {
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

pub(crate) type Roster = BTreeMap<ParticipantId, Belief>;

/// One device, and its calls as it was told.
pub(crate) struct Client {
    pub(crate) user: UserId,
    pub(crate) sender: Sender,
    pub(crate) connected: bool,
    pub(crate) places: BTreeMap<CallId, (ParticipantId, Roster)>,
    pub(crate) ringing: BTreeSet<CallId>,
    /// Calls of which it has heard the end.
    over: BTreeSet<CallId>,
    /// Calls in which it knows that it has no place any more.
    knows: BTreeSet<CallId>,
    /// The deadlines of absences from which it is back, and has not said so.
    pub(crate) trials: BTreeMap<CallId, u64>,
    pub(crate) last_room: Option<CallId>,
    pub(crate) last_direct: Option<CallId>,
}

impl Client {
    pub(crate) fn new(user: UserId) -> Self {
        let session = SessionId::mint(&OsEntropy);
        let sender = Sender { session, attachment: 1, instance: InstanceId::mint(&OsEntropy) };
        Self {
            user,
            sender,
            connected: true,
            places: BTreeMap::new(),
            ringing: BTreeSet::new(),
            over: BTreeSet::new(),
            knows: BTreeSet::new(),
            trials: BTreeMap::new(),
            last_room: None,
            last_direct: None,
        }
    }
}

impl Client {
    /// What it was told is worth nothing any more.
    pub(super) fn forget_all(&mut self) {
        self.places.clear();
        self.ringing.clear();
        self.knows.clear();
        self.trials.clear();
    }
}

impl World {
    pub(super) fn hear(&mut self, id: CallId, who: usize, step: &Step, effect: Effect) {
        match effect {
            Effect::Release { session } => {
                let client = self.client(session);
                assert!(client.places.remove(&id).is_some(), "released twice, or without a place");
                client.trials.remove(&id);
                assert!(client.knows.remove(&id) || matches!(step, Step::Gone), "released without a word");
            }
            Effect::Refuse { to, code, .. } => {
                assert_eq!(to, self.clients[who].sender.session);
                self.refused(id, who, step, code);
            }
            Effect::Resync { to, snapshot, .. } => self.begin(to, &snapshot),
            Effect::TellUser { user, except, frame } => {
                let devices = self.clients.iter().filter(|client| client.user == user);
                let devices: Vec<SessionId> = devices.map(|client| client.sender.session).collect();
                for session in devices.into_iter().filter(|session| Some(*session) != except) {
                    self.told_device(session, who, &frame);
                }
            }
            Effect::Tell { to, frame } => {
                assert!(!to.is_empty());
                for session in to {
                    self.told(id, session, who, step, &frame);
                }
            }
        }
    }

    fn refused(&self, id: CallId, who: usize, step: &Step, code: ErrorCode) {
        let (client, call) = (&self.clients[who], &self.calls[&id].1);
        match code {
            ErrorCode::RoomFull => assert_eq!(call.len(), super::CAP as usize),
            ErrorCode::NotInCall => assert!(!client.places.contains_key(&id)),
            ErrorCode::NotRinging => {
                assert!(matches!(step, Step::Accept | Step::Decline) && !client.ringing.contains(&id));
            }
            ErrorCode::NotHost => assert!(matches!(step, Step::End { .. })),
            other => panic!("{other:?}"),
        }
    }

    fn told_device(&mut self, session: SessionId, who: usize, frame: &HubFrame) {
        let own = session == self.clients[who].sender.session;
        let client = self.client(session);
        match frame {
            HubFrame::IncomingCall(incoming) => {
                assert!(client.ringing.insert(incoming.call), "it rings already");
                client.last_direct = Some(incoming.call);
            }
            HubFrame::AcceptedElsewhere { call } => assert!(client.ringing.remove(call), "it does not ring"),
            HubFrame::CallEnded { call, .. } => {
                assert!(!own || !client.knows.contains(call), "it declined");
                assert!(client.ringing.remove(call), "it does not ring");
                assert!(client.over.insert(*call), "it ended twice");
            }
            other => panic!("{other:?}"),
        }
    }

    fn told(&mut self, id: CallId, session: SessionId, who: usize, step: &Step, frame: &HubFrame) {
        let own = session == self.clients[who].sender.session;
        let now = self.now;
        match frame {
            HubFrame::Joined { call, .. } | HubFrame::Ringing { call, .. } => {
                assert!(own);
                return self.begin(session, call);
            }
            HubFrame::Left { .. } => {
                let client = self.client(session);
                if matches!(step, Step::Decline) {
                    client.ringing.remove(&id);
                    client.knows.insert(id);
                } else if client.places.contains_key(&id) {
                    client.knows.insert(id);
                }
                return assert!(own);
            }
            HubFrame::CallOver { .. } => {
                return assert!(own && matches!(step, Step::Accept | Step::Rejoin { .. }));
            }
            _ => {}
        }
        let client = self.client(session);
        assert!(!client.over.contains(&id), "news of a call that is over: {frame:?}");
        let (me, roster) = client.places.get_mut(&id).expect("only participants are told");
        match frame {
            HubFrame::CallEnded { .. } => {
                assert!(!own || !client.knows.contains(&id), "it ended the call itself");
                assert!(client.over.insert(id) && client.knows.insert(id), "it ended twice");
            }
            HubFrame::PeerJoined { participant, .. } => {
                assert_eq!(roster.insert(participant.id, participant.into()), None, "joined twice");
            }
            HubFrame::PeerLeft { participant, reason, .. } => {
                let was = roster.remove(participant).expect("left twice, or before it joined");
                let itself = participant == me;
                if itself {
                    client.knows.insert(id);
                }
                match reason {
                    LeaveReason::Hangup => assert!(!itself && matches!(step, Step::Leave { .. })),
                    LeaveReason::SeatTaken => assert!(matches!(step, Step::Join | Step::Rejoin { .. })),
                    LeaveReason::NetworkLost if matches!(step, Step::Gone) => {}
                    LeaveReason::NetworkLost | LeaveReason::ReconnectFailed => {
                        assert!(itself || was.away_until_ms.expect("it was away") <= now, "given up early");
                    }
                    LeaveReason::CallEnded => panic!("peer-left and call-ended"),
                }
            }
            HubFrame::PeerDisconnected { participant, since_unix_ms, deadline_unix_ms, ms_left, .. } => {
                let belief = roster.get_mut(participant).expect("it joined");
                // Told twice only when there is more time.
                let before = belief.away_until_ms.replace(*deadline_unix_ms);
                assert!(
                    before.is_none_or(
                        |before| before < *deadline_unix_ms && now + RETURN_MS == *deadline_unix_ms
                    ),
                    "lost twice"
                );
                assert!(*since_unix_ms <= now && deadline_unix_ms.saturating_sub(now) == *ms_left);
            }
            HubFrame::PeerReconnected { participant, incarnation, .. } => {
                let belief = roster.get_mut(participant).expect("it joined, and has not left");
                let was_away = belief.away_until_ms.take();
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

    pub(super) fn begin(&mut self, session: SessionId, snapshot: &CallSnapshot) {
        let roster: Roster = snapshot.participants.iter().map(|told| (told.id, told.into())).collect();
        assert!(roster.contains_key(&snapshot.you));
        let client = self.client(session);
        assert!(!client.over.contains(&snapshot.id), "a call that is over goes on");
        client.places.insert(snapshot.id, (snapshot.you, roster));
        client.knows.remove(&snapshot.id);
        if snapshot.kind.room().is_some() {
            client.last_room = Some(snapshot.id);
        } else {
            client.last_direct = Some(snapshot.id);
        }
        if matches!(snapshot.state, CallState::Active { .. }) {
            client.ringing.remove(&snapshot.id);
        }
    }
}
