//! The call log as `GET /api/calls` shows it: every call, who took part, when, why it ended, and each outage with
//! its cause.

use crate::{CallId, CallKind, DisplayName, EndReason, LeaveReason, ParticipantId, Role, UserId};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use ts_rs::TS;

/// Why a participant was away.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize, IntoStaticStr, TS)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum OutageCause {
    /// Its socket closed or broke.
    SocketClosed,
    /// Nothing was heard from it for the heartbeat time-out.
    HeartbeatTimeout,
    /// The hub stopped or died.
    HubRestart,
    /// Another page or process took its session over.
    Takeover,
    /// It read too slowly, and its queue was full.
    SlowReader,
    /// The hub closed its socket because of what it sent.
    Refused,
}

impl OutageCause {
    /// The word on the wire and in metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// One interval in which a participant was away.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct Outage {
    /// The hub's time of the last frame received before it, in milliseconds since the Unix epoch.
    #[ts(type = "number")]
    pub since_unix_ms: u64,
    /// When it was over, by a return or by the end of the participation; absent while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub until_unix_ms: Option<u64>,
    /// Why.
    pub cause: OutageCause,
    /// Whether the participant came back.
    pub returned: bool,
}

/// One participation in a call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct LoggedParticipant {
    /// The participant.
    pub id: ParticipantId,
    /// Whose device it was.
    pub user: UserId,
    /// The user's name then.
    pub name: DisplayName,
    /// What it was allowed to do.
    pub role: Role,
    /// The latest.
    pub incarnation: u32,
    /// How often it came back.
    pub reconnect_count: u32,
    /// When it joined, in milliseconds since the Unix epoch.
    #[ts(type = "number")]
    pub joined_unix_ms: u64,
    /// When it left; absent while it is in the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub left_unix_ms: Option<u64>,
    /// Why it left; absent while it is in the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub left_reason: Option<LeaveReason>,
    /// When it was away; the latest ones, if there were many.
    pub outages: Vec<Outage>,
    /// Outages that are no longer listed.
    pub outages_omitted: u32,
}

/// One call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct LoggedCall {
    /// The call.
    pub id: CallId,
    /// By link or by ringing.
    pub kind: CallKind,
    /// Where it stands.
    pub status: CallStatus,
    /// When it was begun or first joined, in milliseconds since the Unix epoch.
    #[ts(type = "number")]
    pub began_unix_ms: u64,
    /// When it became active: a direct call by being accepted; absent when it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub active_unix_ms: Option<u64>,
    /// When it ended; absent until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub ended_unix_ms: Option<u64>,
    /// Why it ended; absent until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<EndReason>,
    /// How long at least two were there and connected, in milliseconds: outages do not count.
    #[ts(type = "number")]
    pub talk_ms: u64,
    /// Who called; absent for a room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub caller: Option<LoggedUser>,
    /// Who was called; absent for a room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub callee: Option<LoggedUser>,
    /// Everyone who took part, in order of joining; the latest ones, if there were many.
    pub participants: Vec<LoggedParticipant>,
    /// Participations that are no longer listed.
    pub participants_omitted: u32,
}

/// A user as the log knows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct LoggedUser {
    /// The user.
    pub user: UserId,
    /// The name then; absent for one who has not been seen since the hub started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<DisplayName>,
}

/// Where a call stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize, IntoStaticStr, TS)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum CallStatus {
    /// Not accepted yet.
    Ringing,
    /// People may talk.
    Active,
    /// Over, for the reason given.
    Ended,
}

impl CallStatus {
    /// The word on the wire and in stores.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A page of the log, newest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct CallLogPage {
    /// The calls.
    pub calls: Vec<LoggedCall>,
    /// What to pass as `before` to get the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub next: Option<String>,
}
