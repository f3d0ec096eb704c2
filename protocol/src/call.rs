//! Calls, participants and what they send, as told to clients.

use crate::{CallId, DisplayName, ParticipantId, RoomName, UserId};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use ts_rs::TS;

/// Which of its media sections a participant has switched on. Announced, never guessed from track events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash, Serialize, Deserialize, TS)]
#[allow(clippy::struct_excessive_bools, reason = "four independent switches, not a state")]
pub struct MediaState {
    /// The microphone.
    pub audio: bool,
    /// The camera.
    pub camera: bool,
    /// A shared screen.
    pub screen: bool,
    /// The sound of a shared screen.
    pub screen_audio: bool,
}

/// A device in a call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct Participant {
    /// Of the two participants of a pair, the one with the smaller id makes every offer.
    pub id: ParticipantId,
    /// Whose device it is.
    pub user: UserId,
    /// The user's display name.
    pub name: DisplayName,
    /// Rises when a new instance (page load, process) takes this place, and only then; starts at 1.
    pub incarnation: u32,
    /// What it may do.
    pub role: Role,
    /// How often it has come back in this call.
    pub reconnect_count: u32,
    /// Whether it is there.
    pub state: ParticipantState,
    /// What it sends.
    pub media: MediaState,
}

/// Whether a participant's session has a live socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum ParticipantState {
    /// It has.
    Connected,
    /// It has not; its media may still flow.
    TemporarilyDisconnected {
        /// The hub's time of the last frame received from it, in milliseconds since the Unix epoch.
        #[ts(type = "number")]
        since_unix_ms: u64,
        /// The hub's time when its place is given up, in milliseconds since the Unix epoch.
        #[ts(type = "number")]
        deadline_unix_ms: u64,
        /// What is left until then when this frame is written; count from here, clocks differ.
        #[ts(type = "number")]
        ms_left: u64,
    },
}

/// A call as it is at this moment, for one of its participants.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct CallSnapshot {
    /// The call.
    pub id: CallId,
    /// By link or by ringing.
    pub kind: CallKind,
    /// Whether it was accepted.
    pub state: CallState,
    /// The receiver's own place among the participants.
    pub you: ParticipantId,
    /// Everyone, the receiver included, in order of joining.
    pub participants: Vec<Participant>,
}

impl CallSnapshot {
    /// Makes it what it was `by_ms` later, had nothing happened.
    pub(crate) fn age(&mut self, by_ms: u64) {
        match &mut self.state {
            CallState::Ringing { ms_left, .. } => *ms_left = ms_left.saturating_sub(by_ms),
            CallState::Active { for_ms } => *for_ms = for_ms.saturating_add(by_ms),
        }
        for participant in &mut self.participants {
            if let ParticipantState::TemporarilyDisconnected { ms_left, .. } = &mut participant.state {
                *ms_left = ms_left.saturating_sub(by_ms);
            }
        }
    }
}

/// Why a participant is no longer in the call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum LeaveReason {
    /// It hung up.
    Hangup,
    /// It was away longer than its place is kept, and never came back.
    NetworkLost,
    /// It was away for too long; an authenticated return was tried and failed.
    ReconnectFailed,
    /// It was away, and its seat was given to someone else.
    SeatTaken,
    /// The call ended.
    CallEnded,
}

/// How a call comes about.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize, TS)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum CallKind {
    /// Joined by link.
    Room {
        /// The name it was joined by.
        room: RoomName,
    },
    /// One user rings another.
    Direct,
}

impl CallKind {
    /// The name it was joined by, if it is a room's.
    pub fn room(&self) -> Option<&RoomName> {
        match self {
            Self::Room { room } => Some(room),
            Self::Direct => None,
        }
    }
}

/// Where a call stands that is not over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum CallState {
    /// Nobody has accepted yet.
    Ringing {
        /// Who is called.
        to: UserId,
        /// The hub's time when it stops ringing, in milliseconds since the Unix epoch.
        #[ts(type = "number")]
        deadline_unix_ms: u64,
        /// What is left until then when this frame is written.
        #[ts(type = "number")]
        ms_left: u64,
    },
    /// People may talk.
    Active {
        /// For how long, when this frame is written.
        #[ts(type = "number")]
        for_ms: u64,
    },
}

/// What a participant may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It began the call, and may end it for everyone.
    Host,
    /// It takes part.
    Participant,
}

/// Why a call is over. Each call has exactly one reason, decided by the hub.
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, TS,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum EndReason {
    /// Somebody hung up; in a room, the last one.
    Hangup,
    /// The callee said no.
    Declined,
    /// The caller gave up ringing.
    Cancelled,
    /// Nobody answered in time, or the callee was not there.
    Missed,
    /// The callee was in another call.
    Busy,
    /// A participant was away for too long.
    NetworkLost,
    /// The same; an authenticated return was tried and failed.
    ReconnectFailed,
    /// It was as long as a call may be.
    MaxDuration,
    /// Everyone was away for too long.
    Expired,
    /// Its host ended it.
    EndedByHost,
    /// The hub's operator ended it.
    EndedByAdmin,
    /// It was left over from a hub that died.
    ServerCleanup,
}

impl EndReason {
    /// Every reason, for docs and metrics.
    pub const ALL: [Self; 12] = [
        Self::Hangup,
        Self::Declined,
        Self::Cancelled,
        Self::Missed,
        Self::Busy,
        Self::NetworkLost,
        Self::ReconnectFailed,
        Self::MaxDuration,
        Self::Expired,
        Self::EndedByHost,
        Self::EndedByAdmin,
        Self::ServerCleanup,
    ];

    /// The word on the wire, in the log and in metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
