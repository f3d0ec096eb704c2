//! The frames: JSON text messages over one WebSocket, each an object whose `type` names its variant.

use crate::{
    CallId, CallSnapshot, CommandId, DisplayName, Epoch, ErrorCode, IceConfig, InstanceId, InvalidName,
    LeaveReason, Limits, MediaState, Participant, ParticipantId, RoomName, Secret, SessionId, Signal, UserId,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a client sends. The first frame is `hello`; commands carry an `id` that answers and refusals repeat.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "kebab-case")]
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
    /// Hangs up; answered by `left`.
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
    /// Shows that the client is alive; answered by `heartbeat-ack`.
    Heartbeat,
}

/// The first frame of a socket.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct Hello {
    /// [`crate::PROTOCOL_VERSION`].
    pub protocol: u16,
    /// One page load or process; another instance that resumes a session raises its participants' incarnation.
    pub instance: InstanceId,
    /// The user's display name.
    pub name: DisplayName,
    /// Who the guest is, when the hub has named it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub guest: Option<GuestCredential>,
    /// The session to come back to. When the hub no longer knows it, a new session is opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub resume: Option<Resume>,
}

/// A guest's id with the secret that came with it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct GuestCredential {
    /// The guest.
    pub user: UserId,
    /// From the `welcome` that named the guest.
    pub secret: Secret,
}

/// A claim to a session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct Resume {
    /// The session.
    pub session: SessionId,
    /// From the session's last `welcome`.
    pub token: Secret,
}

/// What the hub sends.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "kebab-case")]
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
    /// Someone joined.
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

/// Answers `hello`: who the client is, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct Welcome {
    /// The version spoken from here on.
    pub protocol: u16,
    /// Another one than before means that the hub's memory may be lost: the calls below are all there is.
    pub epoch: Epoch,
    /// The session.
    pub session: SessionId,
    /// What the next `hello` needs to come back to it.
    pub token: Secret,
    /// Whether this is the session that `hello` asked for.
    pub resumed: bool,
    /// Who the client is.
    pub user: UserId,
    /// Proves it in a later session.
    pub guest_secret: Secret,
    /// The name as the others see it.
    pub name: DisplayName,
    /// How to show life on this socket.
    pub heartbeat: Heartbeat,
    /// Bounds to keep.
    pub limits: Limits,
    /// STUN and TURN servers.
    pub ice: IceConfig,
    /// The session's calls.
    pub calls: Vec<CallSnapshot>,
}

/// How both sides notice a dead socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct Heartbeat {
    /// How often to send `heartbeat`.
    #[ts(type = "number")]
    pub interval_ms: u64,
    /// Silence that means a dead socket, to either side.
    #[ts(type = "number")]
    pub timeout_ms: u64,
}

/// A refusal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct ErrorFrame {
    /// What programs act on.
    pub code: ErrorCode,
    /// What people read; its wording may change.
    pub message: String,
    /// How long to wait before trying again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub retry_after_ms: Option<u64>,
    /// The command that was refused, when it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub in_reply_to: Option<CommandId>,
}

/// A text message that is not a frame.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct DecodeError {
    /// What to answer with.
    pub code: ErrorCode,
    /// What is wrong, in words, at most 200 characters.
    pub message: String,
    /// The command's number when the frame had a readable one.
    pub in_reply_to: Option<CommandId>,
}

impl ClientFrame {
    /// Reads one text message.
    ///
    /// # Errors
    /// With the code that belongs on the wire: `not-json`, `unknown-type`, `invalid-name`, `invalid-room` or
    /// `malformed-frame`.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        serde_json::from_str(text).map_err(|error| explain(text, &error.to_string()))
    }
}

/// Finds the code for a message that did not decode. Only here is the text parsed twice.
fn explain(text: &str, error: &str) -> DecodeError {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else {
        return DecodeError { code: ErrorCode::NotJson, message: "not JSON".into(), in_reply_to: None };
    };
    let kind = value.get("type").and_then(serde_json::Value::as_str);
    let known = kind.is_some_and(|kind| CLIENT_FRAME_TYPES.contains(&kind));
    let code = match error {
        _ if !known => ErrorCode::UnknownType,
        _ if error.starts_with(&InvalidName::Display.to_string()) => ErrorCode::InvalidName,
        _ if error.starts_with(&InvalidName::Room.to_string()) => ErrorCode::InvalidRoom,
        _ => ErrorCode::MalformedFrame,
    };
    let message = if known { error.chars().take(200).collect() } else { "no known frame type".to_owned() };
    let id = value.get("id").and_then(serde_json::Value::as_u64).and_then(|id| u32::try_from(id).ok());
    DecodeError { code, message, in_reply_to: id.map(CommandId) }
}

/// The `type` of every client frame.
pub const CLIENT_FRAME_TYPES: [&str; 7] =
    ["hello", "join", "leave", "signal", "media-state", "ice-servers", "heartbeat"];

impl HubFrame {
    /// The frame as its text message.
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("frames have string keys and no failing serializer")
    }
}

impl ClientFrame {
    /// The frame as its text message.
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("frames have string keys and no failing serializer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> ErrorCode {
        ClientFrame::decode(text).unwrap_err().code
    }

    #[test]
    fn every_unreadable_message_has_its_code() {
        assert_eq!(code("hello"), ErrorCode::NotJson);
        assert_eq!(code("[]"), ErrorCode::UnknownType);
        assert_eq!(code(r#"{"type":"dance"}"#), ErrorCode::UnknownType);
        assert_eq!(code(r#"{"type":"leave","id":1}"#), ErrorCode::MalformedFrame);
        let media = r#""media":{"audio":true,"camera":true,"screen":false,"screen_audio":false}"#;
        assert_eq!(
            code(&format!(r#"{{"type":"join","id":1,"room":"a b",{media}}}"#)),
            ErrorCode::InvalidRoom
        );
        let instance = "00000000-0000-4000-8000-000000000001";
        assert_eq!(
            code(&format!(r#"{{"type":"hello","protocol":1,"instance":"{instance}","name":""}}"#)),
            ErrorCode::InvalidName
        );
    }

    #[test]
    fn a_refusal_names_the_command_when_it_can() {
        let error = ClientFrame::decode(r#"{"type":"leave","id":7}"#).unwrap_err();
        assert_eq!(error.in_reply_to, Some(CommandId(7)));
    }
}
