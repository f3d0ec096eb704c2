//! What the fuzzer asks of a socket's pure parts.

use super::{
    conversation::{Action, Conversation, Patience},
    signal,
};
use crate::{description::Description, entropy::OsEntropy};
use axum::extract::ws::Message;
use holdfast_protocol::{ClientFrame, HubFrame, PROTOCOL_VERSION, ParticipantId};

/// A message before and after the hello: before, nothing but a hello of this version goes further.
pub(crate) fn hear(text: &str) {
    let message = Message::Text(text.into());
    let mut conversation = Conversation::new(Patience { hello_ms: 1, silence_ms: 1 }, 0);
    match conversation.hear(0, &message) {
        Action::Hello(hello) => assert_eq!(hello.protocol, PROTOCOL_VERSION),
        Action::RefuseAndClose(..) => {}
        other => panic!("before hello: {other:?}"),
    }
    conversation.welcomed();
    match conversation.hear(0, &message) {
        Action::Frame(ClientFrame::Hello(_)) => panic!("a second hello is let through"),
        Action::Frame(_) | Action::Refuse(_) => {}
        Action::Description(description) => same_as_the_long_way(text, &description),
        other => panic!("after hello: {other:?}"),
    }
}

/// What takes the shortcut is what the decoder would have read, and what the receiver reads is what it would have got.
fn same_as_the_long_way(text: &str, description: &Description) {
    let from = ParticipantId::mint(&OsEntropy);
    let Ok(ClientFrame::Signal { id, call, to, to_incarnation, signal }) = ClientFrame::decode(text) else {
        panic!("the shortcut reads what the decoder refuses: {text:?}")
    };
    assert_eq!((description.id, description.call, description.to), (id, call, to));
    assert_eq!(signal::check(&signal), Ok(()));
    let expected = HubFrame::Signal { call, from, from_incarnation: 3, to_incarnation, signal };
    let told = serde_json::from_str::<HubFrame>(&description.stamped(from, 3).write(None, 0).text);
    assert_eq!(told.ok(), Some(expected));
}

/// A frame that was read.
pub(crate) fn frame(frame: &ClientFrame) {
    if let ClientFrame::Signal { signal, .. } = frame {
        let _ = signal::check(signal);
    }
}
