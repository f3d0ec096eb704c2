//! Frames as text: JSON messages over one WebSocket, each an object whose `type` names its variant. The variants are in
//! [`crate::client_frame`] and [`crate::hub_frame`].

use crate::{ClientFrame, CommandId, ErrorCode, HubFrame, InvalidName, Seq};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

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
pub const CLIENT_FRAME_TYPES: [&str; 15] = [
    "hello",
    "join",
    "call",
    "accept",
    "decline",
    "rejoin",
    "end",
    "leave",
    "signal",
    "media-state",
    "ice-servers",
    "directory",
    "media-alive",
    "ack",
    "heartbeat",
];

/// A hub frame as its receiver gets it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Numbered {
    /// Its place in the epoch, counted from 1; None for the frames that are not numbered. What has the number of a frame
    /// already taken in is that frame again.
    pub seq: Option<Seq>,
    /// The frame.
    pub frame: HubFrame,
}

impl Numbered {
    /// Reads one text message.
    ///
    /// # Errors
    /// When it is not a frame that this version knows.
    pub fn decode(text: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Number {
            #[serde(default)]
            seq: Option<Seq>,
        }
        let Number { seq } = serde_json::from_str(text)?;
        Ok(Self { seq, frame: serde_json::from_str(text)? })
    }
}

/// Puts its number into a frame that is written out already.
///
/// # Panics
/// When `text` is not an object.
pub fn numbered(text: &str, seq: Seq) -> String {
    let rest = text.strip_prefix('{').expect("a frame is an object");
    format!("{{\"seq\":{},{rest}", seq.0)
}

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
            code(&format!(r#"{{"type":"hello","protocol":2,"instance":"{instance}","name":""}}"#)),
            ErrorCode::InvalidName
        );
    }

    #[test]
    fn a_number_is_put_in_and_read_back() {
        let text = numbered(&HubFrame::HeartbeatAck.encode(), Seq(17));
        let expected = Numbered { seq: Some(Seq(17)), frame: HubFrame::HeartbeatAck };
        assert_eq!(Numbered::decode(&text).unwrap(), expected);
        assert_eq!(Numbered::decode(&HubFrame::HeartbeatAck.encode()).unwrap().seq, None);
    }

    #[test]
    fn a_refusal_names_the_command_when_it_can() {
        let error = ClientFrame::decode(r#"{"type":"leave","id":7}"#).unwrap_err();
        assert_eq!(error.in_reply_to, Some(CommandId(7)));
    }
}
