//! What the hub sends.

use crate::{
    CallId, CallSnapshot, Caller, CommandId, DirectoryEntry, EndReason, ErrorFrame, IceConfig, IncomingCall,
    LeaveReason, MediaState, Participant, ParticipantId, Presence, Signal, UserId, Welcome,
};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use ts_rs::TS;

/// What the hub sends. All but `welcome`, `ack`, `heartbeat-ack` and `going-away` are numbered (see [`crate::Numbered`]).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, IntoStaticStr, TS)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum HubFrame {
    /// Answers `hello`.
    Welcome(Box<Welcome>),
    /// Answers `join`.
    Joined {
        /// The `join`.
        in_reply_to: CommandId,
        /// The call, the receiver included.
        call: CallSnapshot,
    },
    /// Answers `leave`.
    Left {
        /// The `leave`.
        in_reply_to: CommandId,
        /// The call.
        call: CallId,
    },
    /// Answers `call`: the callee's devices ring.
    Ringing {
        /// The `call`.
        in_reply_to: CommandId,
        /// The call, the receiver included.
        call: CallSnapshot,
    },
    /// A call rings for this user.
    IncomingCall(IncomingCall),
    /// Another device of this user took the call; it rings here no more.
    AcceptedElsewhere {
        /// The call.
        call: CallId,
    },
    /// Someone called while this user could not be reached or was busy.
    MissedCall {
        /// The call, as the log has it.
        call: CallId,
        /// Who called.
        from: Caller,
        /// When, by the hub's time, in milliseconds since the Unix epoch.
        #[ts(type = "number")]
        at_unix_ms: u64,
    },
    /// The call is over, for everyone with a place in it and everyone for whom it rang, but not for who ended it by
    /// leaving. Nothing more comes of it.
    CallEnded {
        /// The call.
        call: CallId,
        /// Why.
        reason: EndReason,
    },
    /// Answers a `rejoin` or `accept` that comes too late.
    CallOver {
        /// The command.
        in_reply_to: CommandId,
        /// The call.
        call: CallId,
        /// Why it ended.
        reason: EndReason,
    },
    /// Someone joined; in a call that was ringing, it was accepted.
    PeerJoined {
        /// The call.
        call: CallId,
        /// Who.
        participant: Participant,
    },
    /// Someone's socket is lost. Media may still flow; no connection is touched for this.
    PeerDisconnected {
        /// The call.
        call: CallId,
        /// Who.
        participant: ParticipantId,
        /// The hub's time of the last frame received from it, in milliseconds since the Unix epoch.
        #[ts(type = "number")]
        since_unix_ms: u64,
        /// The hub's time when its place is given up, in milliseconds since the Unix epoch.
        #[ts(type = "number")]
        deadline_unix_ms: u64,
        /// What is left until then when this frame is written.
        #[ts(type = "number")]
        ms_left: u64,
    },
    /// It came back in time.
    PeerReconnected {
        /// The call.
        call: CallId,
        /// Who.
        participant: ParticipantId,
        /// Higher than before when a new instance took the place: its connections are gone.
        incarnation: u32,
        /// How often it has come back in this call.
        reconnect_count: u32,
        /// How long it was away.
        #[ts(type = "number")]
        away_ms: u64,
    },
    /// Someone is no longer in the call.
    PeerLeft {
        /// The call.
        call: CallId,
        /// Who.
        participant: ParticipantId,
        /// Why.
        reason: LeaveReason,
    },
    /// From another participant of the same call.
    Signal {
        /// The call.
        call: CallId,
        /// Who sent it, by the hub's own knowledge.
        from: ParticipantId,
        /// The sender's incarnation, by the hub's own knowledge.
        from_incarnation: u32,
        /// The incarnation it is meant for.
        to_incarnation: u32,
        /// What is said.
        signal: Signal,
    },
    /// Someone switched media sections on or off.
    MediaState {
        /// The call.
        call: CallId,
        /// Who.
        participant: ParticipantId,
        /// The new state.
        media: MediaState,
    },
    /// Answers `ice-servers`.
    IceServers {
        /// The request.
        in_reply_to: CommandId,
        /// The servers.
        ice: IceConfig,
    },
    /// Answers `directory`.
    Directory {
        /// The request.
        in_reply_to: CommandId,
        /// Users that are online, the receiver not among them, by name; at most 50.
        users: Vec<DirectoryEntry>,
        /// Whether there are more.
        more: bool,
    },
    /// What a user of the last `directory` answer is doing now.
    Presence {
        /// Who.
        user: UserId,
        /// What.
        presence: Presence,
    },
    /// Says that every command up to this one was carried out or refused.
    Ack {
        /// The last one.
        command: CommandId,
    },
    /// Answers `heartbeat`.
    HeartbeatAck,
    /// The hub is about to stop: the socket will close; come back after `retry_after_ms`.
    GoingAway {
        /// When to come back.
        #[ts(type = "number")]
        retry_after_ms: u64,
    },
    /// Something was refused.
    Error(ErrorFrame),
}

impl HubFrame {
    /// Its `type`.
    pub fn kind(&self) -> &'static str {
        self.into()
    }

    /// Whether it has a place among the numbered ones.
    pub fn is_numbered(&self) -> bool {
        !matches!(self, Self::Welcome(_) | Self::Ack { .. } | Self::HeartbeatAck | Self::GoingAway { .. })
    }

    /// Whether it says how long something lasts, so that it reads differently when it is written later.
    pub fn tells_time(&self) -> bool {
        matches!(
            self,
            Self::Joined { .. }
                | Self::Ringing { .. }
                | Self::IncomingCall(_)
                | Self::PeerDisconnected { .. }
                | Self::IceServers { .. }
        )
    }

    /// As it reads when it is written `by_ms` after it was made.
    #[must_use]
    pub fn aged(mut self, by_ms: u64) -> Self {
        let pass = |left_ms: &mut u64| *left_ms = left_ms.saturating_sub(by_ms);
        match &mut self {
            Self::Joined { call, .. } | Self::Ringing { call, .. } => call.age(by_ms),
            Self::IncomingCall(IncomingCall { ms_left, .. }) | Self::PeerDisconnected { ms_left, .. } => {
                pass(ms_left);
            }
            Self::IceServers { ice, .. } => ice.ttl_ms.iter_mut().for_each(pass),
            _ => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `ms_left` and `ttl_ms` in it, and `for_ms`.
    fn times(frame: &HubFrame) -> Vec<u64> {
        let text = frame.encode();
        let numbers = ["\"ms_left\":", "\"ttl_ms\":", "\"for_ms\":"].map(|field| {
            text.match_indices(field).map(|(at, _)| {
                let digits = &text[at + field.len()..];
                let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap();
                digits[..end].parse().unwrap()
            })
        });
        numbers.into_iter().flatten().collect()
    }

    #[test]
    fn what_is_left_runs_down_and_what_has_passed_runs_up() {
        let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/wire/hub");
        let mut timed = 0;
        for file in std::fs::read_dir(vectors).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let frame: HubFrame = serde_json::from_str(&text).unwrap();
            if matches!(frame, HubFrame::Welcome(_)) {
                continue;
            }
            let (now, later) = (times(&frame), times(&frame.clone().aged(700)));
            assert_eq!(frame.tells_time(), !now.is_empty(), "{text}");
            timed += usize::from(frame.tells_time());
            for (now, later) in now.into_iter().zip(later) {
                assert!(later == now - 700 || later == now + 700, "{text}");
            }
            let gone = times(&frame.clone().aged(u64::MAX / 2));
            assert!(gone.into_iter().all(|ms| ms == 0 || ms > u64::MAX / 4), "{text}");
        }
        assert_eq!(timed, 5);
    }
}
