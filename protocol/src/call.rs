//! Calls, participants and what they send, as told to clients.

use crate::{CallId, DisplayName, ParticipantId, RoomName, UserId};
use serde::{Deserialize, Serialize};
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
    /// The name it was joined by.
    pub room: RoomName,
    /// The receiver's own place among the participants.
    pub you: ParticipantId,
    /// Everyone, the receiver included, in order of joining.
    pub participants: Vec<Participant>,
}

/// Why a participant is no longer in the call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum LeaveReason {
    /// It hung up.
    Hangup,
    /// It was away longer than its place is kept.
    NetworkLost,
}
