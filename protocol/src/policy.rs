//! What happens when a participant is away: the presets, each a system that people run today, and their numbers.
//! A hub's settings choose one per kind of call or give numbers of their own; clients are only ever told deadlines.

use crate::EndReason;
use serde::{Deserialize, Serialize};

/// How long a ring may go unanswered.
pub const RING_TIMEOUT_MS: u64 = 45_000;
/// How long an absent participant keeps its seat under the cap of a call; then it may be given away.
pub const SEAT_KEPT_MS: u64 = 60_000;
/// For how long a report that media flows with an absent participant holds its deadline off.
pub const MEDIA_ALIVE_MS: u64 = 10_000;
/// How often a client makes that report while somebody is away and media flows.
pub const MEDIA_ALIVE_INTERVAL_MS: u64 = 4_000;

/// What follows when a participant has been away for too long.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consequence {
    /// The call ends: `network-lost`, or `reconnect-failed` when an authenticated return was tried.
    EndCall,
    /// That participant has left; the call goes on.
    Leave,
}

/// The numbers of one call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub struct DisconnectPolicy {
    /// How long a participant may be away.
    pub away_ms: u64,
    /// What follows then.
    pub then: Consequence,
    /// How long all of them may be away at once.
    pub all_away_ms: u64,
    /// The reason with which the call ends then.
    pub all_away_reason: EndReason,
}

/// The presets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyPreset {
    /// 15 s, then the call ends: a phone call with a grace.
    Phone,
    /// 30 s, then the participant has left: who is on stage changes, the event goes on.
    Event,
    /// 60 s, then the call ends: a customer who crashes may come back.
    Support,
    /// 30 min, then the participant has left.
    Patient,
}

impl PolicyPreset {
    /// Its numbers.
    pub fn policy(self) -> DisconnectPolicy {
        let (away_ms, then, all_away_reason) = match self {
            Self::Phone => (15_000, Consequence::EndCall, EndReason::NetworkLost),
            Self::Event => (30_000, Consequence::Leave, EndReason::NetworkLost),
            Self::Support => (60_000, Consequence::EndCall, EndReason::NetworkLost),
            Self::Patient => (30 * 60_000, Consequence::Leave, EndReason::Expired),
        };
        DisconnectPolicy { away_ms, then, all_away_ms: away_ms, all_away_reason }
    }
}
