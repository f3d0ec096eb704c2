//! What a call is told, and what it asks for: the vocabulary between [`super::core`] and [`super::owner`].

use holdfast_protocol::{
    CallSnapshot, CommandId, DisconnectPolicy, DisplayName, ErrorCode, HubFrame, InstanceId, MediaState,
    OutageCause, ParticipantId, SessionId, UserId,
};
use serde::{Deserialize, Serialize};

/// The numbers that a call keeps to, fixed when it begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Rules {
    /// Most participants, the absent ones that still hold a place included.
    pub participants_max: u32,
    /// What happens when a participant is away.
    pub policy: DisconnectPolicy,
    /// How long an absent participant's seat is safe while the call is full.
    pub seat_kept_ms: u64,
    /// How long it may ring.
    pub ring_ms: u64,
    /// How long it may be active.
    pub duration_max_ms: Option<u64>,
}

/// Which socket of which session speaks. A session's sockets are numbered, so that late news of an old socket is
/// told from news of the present one; instances are named, so that what a page said before it was reloaded is
/// told from what it says now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sender {
    /// The session.
    pub session: SessionId,
    /// The session's sockets, counted.
    pub attachment: u32,
    /// The page load or process.
    pub instance: InstanceId,
}

/// Who wants a place.
#[derive(Clone, Debug)]
pub(crate) struct Newcomer {
    /// By which socket.
    pub sender: Sender,
    /// The command to answer.
    pub command: CommandId,
    /// Its place, should it be let in.
    pub participant: ParticipantId,
    /// Its user.
    pub user: UserId,
    /// Its user's name.
    pub name: DisplayName,
    /// What it will send.
    pub media: MediaState,
}

/// Something that happened to a call.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A session asks to join the room; or its user calls who is just ringing it.
    Join(Newcomer),
    /// A device of the callee takes the call.
    Accept(Newcomer),
    /// A session comes back: to its own place, or to a room by a new one.
    Rejoin(Newcomer),
    /// A device of the callee says no.
    Decline {
        /// Which.
        sender: Sender,
        /// Whose.
        user: UserId,
        /// The command to answer.
        command: CommandId,
    },
    /// A participant hangs up, or gives up ringing.
    Leave {
        /// Who.
        sender: Sender,
        /// The command to answer.
        command: CommandId,
    },
    /// The host ends the call for everyone.
    End {
        /// Who asks for it.
        sender: Sender,
        /// The command to answer.
        command: CommandId,
    },
    /// The caller calls again, from elsewhere, while its own place in the call that rings is away.
    GiveUpRing {
        /// Who calls.
        user: UserId,
    },
    /// The hub's operator ends the call.
    EndByAdmin,
    /// A participant switched media sections.
    Media {
        /// Who.
        sender: Sender,
        /// The command, for a refusal.
        command: CommandId,
        /// The new state.
        media: MediaState,
    },
    /// A participant says that media flows both ways with others that are away.
    MediaAlive {
        /// Who.
        sender: Sender,
        /// With whom.
        participants: Vec<ParticipantId>,
    },
    /// A session's socket is lost.
    Lost {
        /// Which.
        sender: Sender,
        /// When it was last heard.
        last_heard_unix_ms: u64,
        /// Why it is lost.
        cause: OutageCause,
    },
    /// The client of a session that is back has acknowledged its `welcome`: the return counts.
    Confirmed {
        /// Which.
        sender: Sender,
    },
    /// A session has a socket again, or another one.
    Back {
        /// Which.
        sender: Sender,
    },
    /// A session has ended.
    Gone {
        /// Which.
        session: SessionId,
    },
    /// Time passed.
    Tick,
}

/// What the shell must do next, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    /// Send a frame to these sessions.
    Tell {
        /// The receivers.
        to: Vec<SessionId>,
        /// The frame.
        frame: HubFrame,
    },
    /// Send a frame to all of a user's devices.
    TellUser {
        /// The receivers' user.
        user: UserId,
        /// The device that knows already.
        except: Option<SessionId>,
        /// The frame.
        frame: HubFrame,
    },
    /// Refuse a command.
    Refuse {
        /// Whose.
        to: SessionId,
        /// Which.
        command: CommandId,
        /// Why, for programs.
        code: ErrorCode,
        /// Why, for people.
        message: String,
    },
    /// The session's view of the call begins anew with this; older roster frames must not reach it.
    Resync {
        /// The session.
        to: SessionId,
        /// The call as it is now.
        snapshot: CallSnapshot,
        /// Whether another instance took the place, which has no use for signals to the old one.
        new_instance: bool,
    },
    /// The session is no longer in the call.
    Release {
        /// The session.
        session: SessionId,
    },
}

/// What becomes of a signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Relay {
    /// It goes to this session, stamped with these.
    Deliver {
        /// The receiver.
        to: SessionId,
        /// The sender's place.
        from: ParticipantId,
        /// The sender's incarnation.
        from_incarnation: u32,
    },
    /// It is from or for an instance that is no longer there: dropped without a word.
    Stale,
    /// It is refused.
    Refuse(ErrorCode),
}
