//! STUN and TURN servers as handed to a session.

use crate::Secret;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One entry of `RTCConfiguration.iceServers` (W3C WebRTC §4.2.3), in that spelling.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct IceServer {
    /// `stun:`, `turn:` or `turns:` URLs (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    /// `expiry:session` for TURN; absent for STUN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub username: Option<String>,
    /// The password that belongs to `username`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub credential: Option<Secret>,
}

/// The servers of one session, and how long their credentials live.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, TS)]
pub struct IceConfig {
    /// In order of preference; empty when the hub has none.
    pub servers: Vec<IceServer>,
    /// What is left of the credentials' life when this frame is written; absent when nothing expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub ttl_ms: Option<u64>,
}
