//! What a socket's messages mean, decided without waiting: hello first, text only, no silence.

use crate::description::Description;
use axum::extract::ws::Message;
use holdfast_protocol::{ClientFrame, CloseCode, CommandId, ErrorCode, ErrorFrame, Hello, PROTOCOL_VERSION};

/// How long a client may be silent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Until its `hello`.
    pub(crate) hello_ms: u64,
    /// Afterwards.
    pub(crate) silence_ms: u64,
}

/// What to do about a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Open or resume a session.
    Hello(Box<Hello>),
    /// Carry out a command, unless it comes too fast.
    Frame(ClientFrame),
    /// Pass a description on, unless it comes too fast.
    Description(Box<Description>),
    /// Answer with a refusal.
    Refuse(ErrorFrame),
    /// Answer with a refusal, then close.
    RefuseAndClose(ErrorFrame, CloseCode),
    /// The client is closing.
    ClientClosed,
    /// Nothing: a sign of life.
    Nothing,
}

/// One socket's conversation.
#[derive(Debug)]
pub(crate) struct Conversation {
    patience: Patience,
    stage: Stage,
    last_heard_ms: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Opened { at_ms: u64 },
    Welcomed,
}

impl Conversation {
    /// A socket that has just opened.
    pub(crate) fn new(patience: Patience, now_ms: u64) -> Self {
        Self { patience, stage: Stage::Opened { at_ms: now_ms }, last_heard_ms: now_ms }
    }

    /// When the client was last heard.
    pub(crate) fn last_heard_ms(&self) -> u64 {
        self.last_heard_ms
    }

    /// When [`Self::overdue`] is to be asked.
    pub(crate) fn deadline_ms(&self) -> u64 {
        match self.stage {
            Stage::Opened { at_ms } => at_ms + self.patience.hello_ms,
            Stage::Welcomed => self.last_heard_ms + self.patience.silence_ms,
        }
    }

    /// Why the socket is to be closed for its silence, if it is.
    pub(crate) fn overdue(&self, now_ms: u64) -> Option<CloseCode> {
        (now_ms >= self.deadline_ms()).then_some(match self.stage {
            Stage::Opened { .. } => CloseCode::HelloTimeout,
            Stage::Welcomed => CloseCode::HeartbeatTimeout,
        })
    }

    /// `hello` was accepted.
    pub(crate) fn welcomed(&mut self) {
        self.stage = Stage::Welcomed;
    }

    /// Takes in a message.
    pub(crate) fn hear(&mut self, now_ms: u64, message: &Message) -> Action {
        self.last_heard_ms = now_ms;
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => {
                let error = error(ErrorCode::BinaryFrame, "frames are text", None);
                return Action::RefuseAndClose(error, CloseCode::Unsupported);
            }
            Message::Ping(_) | Message::Pong(_) => return Action::Nothing,
            Message::Close(_) => return Action::ClientClosed,
        };
        if self.stage == Stage::Welcomed
            && let Some(description) = Description::read(text)
        {
            return Action::Description(description);
        }
        let frame = ClientFrame::decode(text).map_err(|e| error(e.code, &e.message, e.in_reply_to));
        match (self.stage, frame) {
            (Stage::Opened { .. }, Ok(ClientFrame::Hello(hello))) if hello.protocol == PROTOCOL_VERSION => {
                Action::Hello(Box::new(hello))
            }
            (Stage::Opened { .. }, refused) => {
                let error = match refused {
                    Ok(ClientFrame::Hello(hello)) => {
                        let message =
                            format!("this hub speaks version {PROTOCOL_VERSION}, not {}", hello.protocol);
                        error(ErrorCode::UnsupportedProtocol, &message, None)
                    }
                    Ok(_) => error(ErrorCode::HelloExpected, "the first frame is hello", None),
                    Err(error) => error,
                };
                Action::RefuseAndClose(error, CloseCode::HelloRefused)
            }
            (Stage::Welcomed, Ok(ClientFrame::Hello(_))) => {
                Action::Refuse(error(ErrorCode::AlreadyWelcomed, "one hello per socket", None))
            }
            (Stage::Welcomed, Ok(frame)) => Action::Frame(frame),
            (Stage::Welcomed, Err(error)) => Action::Refuse(error),
        }
    }
}

fn error(code: ErrorCode, message: &str, in_reply_to: Option<CommandId>) -> ErrorFrame {
    ErrorFrame { code, message: message.to_owned(), retry_after_ms: None, in_reply_to }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { hello_ms: 5_000, silence_ms: 12_000 };

    fn text(json: &str) -> Message {
        Message::Text(json.into())
    }

    fn hello(protocol: u16) -> Message {
        let instance = "00001257-0000-4000-8000-000000000001";
        text(&format!(r#"{{"type":"hello","protocol":{protocol},"instance":"{instance}","name":"Ada"}}"#))
    }

    fn refused(action: &Action) -> (ErrorCode, Option<CloseCode>) {
        match action {
            Action::Refuse(error) => (error.code, None),
            Action::RefuseAndClose(error, close) => (error.code, Some(*close)),
            other => panic!("not a refusal: {other:?}"),
        }
    }

    #[test]
    fn before_hello_everything_else_closes() {
        let cases = [
            (text("x"), ErrorCode::NotJson, CloseCode::HelloRefused),
            (text(r#"{"type":"heartbeat"}"#), ErrorCode::HelloExpected, CloseCode::HelloRefused),
            (hello(9), ErrorCode::UnsupportedProtocol, CloseCode::HelloRefused),
            (Message::Binary(vec![1].into()), ErrorCode::BinaryFrame, CloseCode::Unsupported),
        ];
        for (message, code, close) in cases {
            let action = Conversation::new(PATIENCE, 0).hear(1, &message);
            assert_eq!(refused(&action), (code, Some(close)));
        }
        assert!(matches!(Conversation::new(PATIENCE, 0).hear(1, &hello(PROTOCOL_VERSION)), Action::Hello(_)));
    }

    #[test]
    fn after_hello_a_bad_frame_is_answered_and_the_socket_stays() {
        let mut conversation = Conversation::new(PATIENCE, 0);
        conversation.welcomed();
        assert_eq!(
            refused(&conversation.hear(1, &hello(PROTOCOL_VERSION))),
            (ErrorCode::AlreadyWelcomed, None)
        );
        assert_eq!(refused(&conversation.hear(1, &text("{}"))), (ErrorCode::UnknownType, None));
        let heartbeat = text(r#"{"type":"heartbeat"}"#);
        assert_eq!(conversation.hear(1, &heartbeat), Action::Frame(ClientFrame::Heartbeat));
    }

    #[test]
    fn hello_is_due_from_the_start_and_life_from_the_last_message() {
        let mut conversation = Conversation::new(PATIENCE, 100);
        let _ = conversation.hear(4_000, &Message::Ping(vec![].into()));
        assert_eq!((conversation.deadline_ms(), conversation.overdue(5_099)), (5_100, None));
        assert_eq!(conversation.overdue(5_100), Some(CloseCode::HelloTimeout));
        conversation.welcomed();
        assert_eq!(conversation.overdue(15_999), None);
        let _ = conversation.hear(15_999, &Message::Pong(vec![].into()));
        assert_eq!(conversation.overdue(27_998), None);
        assert_eq!(conversation.overdue(27_999), Some(CloseCode::HeartbeatTimeout));
    }
}
