//! What two connected participants say to each other without the hub: JSON text messages on the data channel
//! `holdfast-control`, which every peer connection has (negotiated in advance, id 0).

use crate::{DisplayName, MessageId, ParticipantId};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use ts_rs::TS;

/// The label of the data channel.
pub const CONTROL_CHANNEL: &str = "holdfast-control";
/// Its id, the same on both sides (RFC 8831 §6.5).
pub const CONTROL_CHANNEL_ID: u16 = 0;
/// Largest message on the channel, in bytes; a larger one is dropped.
pub const CONTROL_BYTES_MAX: usize = 16_384;
/// Longest chat text, in characters.
pub const CHAT_CHARS_MAX: usize = 2_000;
/// Most chat messages kept and handed on to whoever comes later.
pub const CHAT_HISTORY_MAX: usize = 200;

/// One message on the control channel. A `type` that the receiver does not know is ignored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ControlFrame {
    /// Something said in the chat, to everyone in the call.
    Chat {
        /// What was said.
        message: ChatMessage,
    },
    /// What was said before the receiver came, oldest first, in as many frames as it takes. Everyone hands on what it
    /// knows when a channel opens; a message known by its id is not shown twice.
    ChatHistory {
        /// What was said.
        messages: Vec<ChatMessage>,
    },
    /// The sender raised or lowered its hand. Said again when a channel opens while it is up.
    Hand {
        /// Whether it is up.
        raised: bool,
    },
}

/// A chat message. In a [`ControlFrame::ChatHistory`] author and name are what the sender of the history says they are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct ChatMessage {
    /// Made by the author; tells two copies from two messages.
    pub id: MessageId,
    /// Who said it.
    pub author: ParticipantId,
    /// The author's name when it was said; the author may have left since.
    pub name: DisplayName,
    /// The author's clock, in milliseconds since the Unix epoch.
    #[ts(type = "number")]
    pub sent_unix_ms: u64,
    /// What was said.
    pub text: ChatText,
}

/// A text for the chat: 1 to 2000 characters with something visible, lines allowed, no other control characters.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String")]
#[ts(type = "string")]
pub struct ChatText(String);

/// Not a chat text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("invalid chat text: 1 to 2000 characters, no control characters but new lines and tabs")]
pub struct InvalidChatText;

impl ChatText {
    /// Checks `text`, white space at its ends removed.
    ///
    /// # Errors
    /// [`InvalidChatText`] when nothing is left, it is too long, or has control characters.
    pub fn new(text: &str) -> Result<Self, InvalidChatText> {
        let text = text.trim();
        let length = text.chars().take(CHAT_CHARS_MAX + 1).count();
        let controls = text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
        if (1..=CHAT_CHARS_MAX).contains(&length) && !controls {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidChatText)
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ChatText {
    type Error = InvalidChatText;
    fn try_from(text: String) -> Result<Self, InvalidChatText> {
        Self::new(&text)
    }
}

impl FromStr for ChatText {
    type Err = InvalidChatText;
    fn from_str(text: &str) -> Result<Self, InvalidChatText> {
        Self::new(text)
    }
}

impl fmt::Debug for ChatText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What people say to each other is not for logs.
        write!(f, "ChatText({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chat_texts() {
        assert_eq!(ChatText::new("  two\nlines ").unwrap().as_str(), "two\nlines");
        assert!(ChatText::new(&"я".repeat(2_000)).is_ok());
        for bad in ["", " \n ", "a\u{0}b", &"x".repeat(2_001)] {
            assert_eq!(ChatText::new(bad), Err(InvalidChatText), "{bad:?}");
        }
    }
}
