//! What a client sends.

use crate::{
    CallId, CommandId, DirectoryQuery, Hello, MediaState, ParticipantId, RoomName, Seq, Signal, UserId,
};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use ts_rs::TS;

/// What a client sends. The first frame is `hello`. Commands carry an `id` that rises within the session: answers and
/// refusals repeat it, and the hub carries each out once.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, IntoStaticStr, TS)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum ClientFrame {
    /// Opens or resumes a session; answered by `welcome`.
    Hello(Hello),
    /// Joins the room's call, or opens one; answered by `joined`.
    Join {
        /// The command's number.
        id: CommandId,
        /// The room.
        room: RoomName,
        /// What the participant will send at first.
        media: MediaState,
    },
    /// Rings a user; answered by `ringing`, or by `joined` when that user was just ringing this one.
    Call {
        /// The command's number.
        id: CommandId,
        /// Whom.
        to: UserId,
        /// What the participant will send at first.
        media: MediaState,
    },
    /// Accepts a call that rings; answered by `joined`.
    Accept {
        /// The command's number.
        id: CommandId,
        /// The call.
        call: CallId,
        /// What the participant will send at first.
        media: MediaState,
    },
    /// Declines a call that rings, on all of the user's devices; answered by `left`.
    Decline {
        /// The command's number.
        id: CommandId,
        /// The call.
        call: CallId,
    },
    /// Comes back to a call: to the session's own place in it, or to a room by a new one; answered by `joined`, or by
    /// `call-over`.
    Rejoin {
        /// The command's number.
        id: CommandId,
        /// The call.
        call: CallId,
        /// What the participant will send at first.
        media: MediaState,
    },
    /// Ends the call for everyone, as its host; answered by `left`.
    End {
        /// The command's number.
        id: CommandId,
        /// The call.
        call: CallId,
    },
    /// Hangs up, gives up ringing, or says no to coming back; answered by `left`.
    Leave {
        /// The command's number.
        id: CommandId,
        /// The call to leave.
        call: CallId,
    },
    /// To one participant of the same call; not answered when it was relayed.
    Signal {
        /// The command's number.
        id: CommandId,
        /// The call both are in.
        call: CallId,
        /// Who shall get it.
        to: ParticipantId,
        /// The incarnation it is meant for; dropped when another one has taken the place.
        to_incarnation: u32,
        /// What is said.
        signal: Signal,
    },
    /// Tells the others which media sections are on; not answered.
    MediaState {
        /// The command's number.
        id: CommandId,
        /// The call.
        call: CallId,
        /// The new state.
        media: MediaState,
    },
    /// Asks for fresh STUN and TURN servers; answered by `ice-servers`.
    IceServers {
        /// The command's number.
        id: CommandId,
    },
    /// Searches the directory and watches what it finds; answered by `directory`, which ends the watch before.
    Directory {
        /// The command's number.
        id: CommandId,
        /// A part of a name.
        query: DirectoryQuery,
    },
    /// Reports that media flows both ways with participants that are away; their deadlines wait. Not answered.
    MediaAlive {
        /// The call.
        call: CallId,
        /// With whom.
        participants: Vec<ParticipantId>,
    },
    /// Says that every hub frame up to `seq` was taken in; not answered.
    Ack {
        /// The last one.
        seq: Seq,
    },
    /// Shows that the client is alive; answered by `heartbeat-ack`.
    Heartbeat,
}

impl ClientFrame {
    /// Its `type`.
    pub fn kind(&self) -> &'static str {
        self.into()
    }

    /// Its number, if it is a command.
    pub fn command(&self) -> Option<CommandId> {
        match self {
            Self::Join { id, .. }
            | Self::Call { id, .. }
            | Self::Accept { id, .. }
            | Self::Decline { id, .. }
            | Self::Rejoin { id, .. }
            | Self::End { id, .. }
            | Self::Leave { id, .. }
            | Self::Signal { id, .. }
            | Self::MediaState { id, .. }
            | Self::IceServers { id }
            | Self::Directory { id, .. } => Some(*id),
            Self::Hello(_) | Self::MediaAlive { .. } | Self::Ack { .. } | Self::Heartbeat => None,
        }
    }
}
