//! The call that a client wants to be in, whatever happens to the hub, and how it comes into it.

use super::ClientError;
use holdfast_protocol::{
    CallId, CallKind, CallSnapshot, ClientFrame, CommandId, MediaState, Participant, ParticipantState,
    RoomName, UserId,
};
use tokio::sync::oneshot;

/// Who asked for the call, and waits.
pub(super) type Joining = oneshot::Sender<Result<CallSnapshot, ClientError>>;

/// How to come into a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// By a room's name.
    Room(RoomName),
    /// By ringing a user.
    User(UserId),
    /// By accepting one that rings.
    Incoming(CallId),
    /// By coming back to one.
    Again(CallId),
}

impl Way {
    /// The command for it.
    pub(super) fn frame(&self, id: CommandId, media: MediaState) -> ClientFrame {
        match self {
            Self::Room(room) => ClientFrame::Join { id, room: room.clone(), media },
            Self::User(to) => ClientFrame::Call { id, to: *to, media },
            Self::Incoming(call) => ClientFrame::Accept { id, call: *call, media },
            Self::Again(call) => ClientFrame::Rejoin { id, call: *call, media },
        }
    }
}

/// The call to be in.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) way: Way,
    /// Once it is known.
    pub(super) call: Option<CallId>,
    /// Its room, if it has one: where to go when the hub has forgotten the call.
    pub(super) room: Option<RoomName>,
    /// The command that was sent for it and has no answer yet.
    pub(super) ask: Option<CommandId>,
    pub(super) retry_at_ms: Option<u64>,
    pub(super) reply: Option<Joining>,
    /// It is a call of an earlier process, for which this one's owner has not asked yet.
    pub(super) early: bool,
    /// What that owner is answered with, once the hub has told.
    pub(super) early_answer: Option<CallSnapshot>,
}

impl Wanted {
    pub(super) fn new(way: Way, reply: Joining) -> Self {
        let (call, room) = match &way {
            Way::Room(room) => (None, Some(room.clone())),
            Way::User(_) => (None, None),
            Way::Incoming(call) | Way::Again(call) => (Some(*call), None),
        };
        Self {
            way,
            call,
            room,
            ask: None,
            retry_at_ms: None,
            reply: Some(reply),
            early: false,
            early_answer: None,
        }
    }

    /// One that an earlier process was in.
    pub(super) fn earlier(call: CallId, room: Option<RoomName>) -> Self {
        let way = Way::Again(call);
        Self {
            way,
            call: Some(call),
            room,
            ask: None,
            retry_at_ms: None,
            reply: None,
            early: true,
            early_answer: None,
        }
    }

    /// Whether this is the call.
    pub(super) fn is(&self, call: &CallSnapshot) -> bool {
        match (self.call, &self.way) {
            (Some(id), _) => id == call.id,
            (None, Way::User(_)) => call.kind == CallKind::Direct,
            (None, _) => call.kind.room().is_some() && call.kind.room() == self.room.as_ref(),
        }
    }

    /// Whether what the owner asks for now is what an earlier process was in.
    pub(super) fn is_earlier(&self, way: &Way) -> bool {
        let same = match way {
            Way::Room(room) => self.room.as_ref() == Some(room),
            Way::Again(call) => self.call == Some(*call),
            Way::User(_) | Way::Incoming(_) => false,
        };
        self.early && same
    }
}

/// The own place.
pub(super) fn own(call: &CallSnapshot) -> Option<&Participant> {
    call.participants.iter().find(|participant| participant.id == call.you)
}

/// The own place, as its event tells it: whether this is a return, how often there was one, and how many others are
/// connected.
pub(super) fn standing_in(call: &CallSnapshot) -> (bool, u32, usize) {
    let (incarnation, count) = own(call).map_or((1, 0), |own| (own.incarnation, own.reconnect_count));
    let others = call.participants.iter().filter(|participant| participant.id != call.you);
    let online = others.filter(|other| other.state == ParticipantState::Connected).count();
    (incarnation > 1 || count > 0, count, online)
}
