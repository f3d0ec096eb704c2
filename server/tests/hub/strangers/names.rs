//! Names that are not meant to be read.

use super::{Control, is_refused, is_shown_out, welcomed};
use crate::support::TestHub;
use holdfast_protocol::{ErrorCode, HubFrame};

fn hello(name: &str) -> String {
    let name = serde_json::to_string(name).unwrap();
    format!(
        r#"{{"type":"hello","protocol":2,"instance":"00001257-0000-4000-8000-000000000001","name":{name}}}"#
    )
}

#[tokio::test]
async fn a_name_with_control_characters() {
    is_shown_out(&hello("Ada\u{0}\u{1b}[2J\n"), ErrorCode::InvalidName, 4002).await;
}

#[tokio::test]
async fn a_name_with_bidi_overrides() {
    is_shown_out(&hello("\u{202E}adA\u{2066}"), ErrorCode::InvalidName, 4002).await;
}

#[tokio::test]
async fn a_name_of_10_kb() {
    is_shown_out(&hello(&"a".repeat(10_240)), ErrorCode::InvalidName, 4002).await;
}

#[tokio::test]
async fn a_name_of_nothing() {
    is_shown_out(&hello(" \u{3000} "), ErrorCode::InvalidName, 4002).await;
}

#[tokio::test]
async fn a_name_of_half_a_character() {
    let hello = hello("NAME").replace("NAME", r"\ud800");
    is_shown_out(&hello, ErrorCode::NotJson, 4002).await;
}

/// The hub hands it on as the text it is; that no page takes it for more is the page's to show.
#[tokio::test]
async fn a_name_with_markup() {
    let hub = TestHub::defaults().await;
    let control = Control::start(&hub).await;
    let markup = "<img src=x onerror=alert(1)>\"'&";
    let (mut ada, _, _) = hub.joined("Ada", "shared").await;
    let mut mallory = super::stranger(&hub).await;
    mallory.hello(markup, None, None).await;
    mallory.join("shared").await;
    let HubFrame::PeerJoined { participant, .. } = ada.next().await else { panic!("nobody came") };
    assert_eq!(participant.name.as_str(), markup);
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn a_room_that_is_a_path() {
    let join = |room: &str| {
        format!(
            r#"{{"type":"join","id":1,"room":{room:?},"media":{{"audio":true,"camera":true,"screen":false,"screen_audio":false}}}}"#
        )
    };
    is_refused(&join("../admin"), ErrorCode::InvalidRoom).await;
    let hub = TestHub::defaults().await;
    let mut mallory = welcomed(&hub).await;
    mallory.text(&join(&"a".repeat(10_240))).await;
    assert_eq!(mallory.next_error().await.code, ErrorCode::InvalidRoom);
}
