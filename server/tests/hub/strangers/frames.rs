//! Messages that are no frames.

use super::{Control, closes, is_refused, is_shown_out, refusals, stranger, welcomed};
use crate::support::TestHub;
use futures_util::SinkExt;
use holdfast_protocol::ErrorCode;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

#[tokio::test]
async fn not_json() {
    is_refused("{\"type\":", ErrorCode::NotJson).await;
}

#[tokio::test]
async fn not_json_as_the_first_frame() {
    is_shown_out("GET / HTTP/1.1", ErrorCode::NotJson, 4002).await;
}

#[tokio::test]
async fn json_that_is_nested_too_deep() {
    is_refused(&"[".repeat(60_000), ErrorCode::NotJson).await;
}

#[tokio::test]
async fn unknown_type() {
    is_refused(r#"{"type":"shutdown","id":1}"#, ErrorCode::UnknownType).await;
}

#[tokio::test]
async fn a_field_of_the_wrong_form() {
    is_refused(r#"{"type":"leave","id":-1,"call":[]}"#, ErrorCode::MalformedFrame).await;
}

#[tokio::test]
async fn wrong_version() {
    let hello =
        r#"{"type":"hello","protocol":9,"instance":"00001257-0000-4000-8000-000000000001","name":"M"}"#;
    is_shown_out(hello, ErrorCode::UnsupportedProtocol, 4002).await;
}

#[tokio::test]
async fn something_else_before_hello() {
    is_shown_out(r#"{"type":"heartbeat"}"#, ErrorCode::HelloExpected, 4002).await;
}

#[tokio::test]
async fn frame_over_64_kib() {
    let hub = TestHub::defaults().await;
    let control = Control::start(&hub).await;
    for mut mallory in [stranger(&hub).await, welcomed(&hub).await] {
        mallory.text(&"x".repeat(65_537)).await;
        assert_eq!(mallory.closed().await, (1009, vec![]));
    }
    let mut mallory = welcomed(&hub).await;
    // In pieces, so that no single one is too long.
    for opcode in [Data::Text, Data::Continue, Data::Continue] {
        let piece = Frame::message(vec![b'x'; 30_000], OpCode::Data(opcode), false);
        mallory.socket.send(Message::Frame(piece)).await.unwrap();
    }
    assert_eq!(mallory.closed().await, (1009, vec![]));
    assert_eq!(hub.metric(&closes("frame-too-large")).await, 3);
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn binary_frame() {
    let hub = TestHub::defaults().await;
    let control = Control::start(&hub).await;
    for mut mallory in [stranger(&hub).await, welcomed(&hub).await] {
        mallory.socket.send(Message::Binary(vec![0; 9].into())).await.unwrap();
        assert_eq!(mallory.next_error().await.code, ErrorCode::BinaryFrame);
        assert_eq!(mallory.closed().await, (1003, vec![]));
    }
    assert_eq!(hub.metric(&refusals(ErrorCode::BinaryFrame)).await, 2);
    assert_eq!(hub.metric(&closes("binary-frame")).await, 2);
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn text_that_is_not_utf_8() {
    let hub = TestHub::defaults().await;
    let control = Control::start(&hub).await;
    for mut mallory in [stranger(&hub).await, welcomed(&hub).await] {
        let text = Frame::message(vec![0xc3, 0x28], OpCode::Data(Data::Text), true);
        mallory.socket.send(Message::Frame(text)).await.unwrap();
        assert_eq!(mallory.closed().await, (1007, vec![]));
    }
    assert_eq!(hub.metric(&closes("not-utf-8")).await, 2);
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn what_is_not_the_websocket_protocol() {
    let hub = TestHub::defaults().await;
    let control = Control::start(&hub).await;
    for mut mallory in [stranger(&hub).await, welcomed(&hub).await] {
        let mut frame = Frame::message("{}", OpCode::Data(Data::Text), true);
        frame.header_mut().rsv2 = true;
        mallory.socket.send(Message::Frame(frame)).await.unwrap();
        assert_eq!(mallory.closed().await, (1002, vec![]));
    }
    assert_eq!(hub.metric(&closes("protocol-error")).await, 2);
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn an_acknowledgement_of_what_was_never_sent() {
    let hub = TestHub::defaults().await;
    let control = Control::start(&hub).await;
    let mut mallory = welcomed(&hub).await;
    mallory.text(r#"{"type":"ack","seq":1}"#).await;
    assert_eq!(mallory.next_error().await.code, ErrorCode::MalformedFrame);
    assert_eq!(mallory.closed().await, (1002, vec![]));
    control.stays_undisturbed().await;
}
