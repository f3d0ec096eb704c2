//! Bounds on everything that a stranger could make grow. The hub's settings hold the values; the ones a client
//! must know come with `welcome`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Longest display name, in characters.
pub const NAME_CHARS_MAX: usize = 64;
/// Longest room name, in characters.
pub const ROOM_NAME_CHARS_MAX: usize = 64;
/// Largest WebSocket message either side sends, in bytes.
pub const FRAME_BYTES_MAX: usize = 65_536;
/// Most participants of one call: a mesh costs each of them one upload per other participant.
pub const PARTICIPANTS_MAX: u32 = 6;
/// Most users in one answer of the directory.
pub const DIRECTORY_USERS_MAX: usize = 50;
/// A receiver acknowledges at the latest after this many frames.
pub const ACK_FRAMES: u32 = 16;
/// Longest ICE candidate line, in bytes.
pub const CANDIDATE_BYTES_MAX: usize = 1_024;

/// The hub's limits that a client must know, part of `welcome`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct Limits {
    /// Largest message the hub reads, in bytes; a larger one closes the socket.
    pub frame_bytes_max: u32,
    /// Most participants of one call, the absent ones that still hold a place included.
    pub participants_max: u32,
    /// Most calls one session may be in at a time.
    pub calls_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { frame_bytes_max: 65_536, participants_max: PARTICIPANTS_MAX, calls_max: 4 }
    }
}
