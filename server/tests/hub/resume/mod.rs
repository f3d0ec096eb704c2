//! A lost socket: the place is kept, what was said meanwhile arrives, and after a while the place is given up.

mod epochs;
mod exact;
mod hold;
mod tokens;

use crate::support::{ON, TestHub, kept_for, ms, offer, resume};
use futures_util::SinkExt;
use holdfast_protocol::{
    ClientFrame, CommandId, ErrorCode, HubFrame, LeaveReason, MediaState, ParticipantState,
};
use holdfast_server::Config;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_lost_socket_keeps_its_place_and_all_that_was_said_meanwhile() {
    let hub = TestHub::start(kept_for(30_000)).await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (bob, welcome, call) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    let instance = bob.cut();
    let away_since = match ada.next().await {
        HubFrame::PeerDisconnected { participant, since_unix_ms, deadline_unix_ms, ms_left, .. } => {
            assert_eq!(participant, call.you);
            assert!(ms_left <= 30_000 && deadline_unix_ms >= since_unix_ms + 30_000);
            since_unix_ms
        }
        other => panic!("{other:?}"),
    };
    let (mut eve, _, with_eve) = hub.joined("Eve", "team").await;
    match with_eve.participants[1].state {
        ParticipantState::TemporarilyDisconnected { since_unix_ms, ms_left, .. } => {
            assert_eq!(since_unix_ms, away_since);
            assert!(ms_left <= 30_000);
        }
        ParticipantState::Connected => panic!("Bob is away"),
    }
    for generation in 1..=3 {
        ada.signal(&call, call.you, 1, offer(generation)).await;
    }
    let media = MediaState { camera: false, ..ON };
    ada.send(ClientFrame::MediaState { id: CommandId(9), call: call.id, media }).await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    ada.nothing_else().await;

    let (mut bob, again) = hub.back(&welcome, Some(instance)).await;
    assert!(again.resumed);
    assert_eq!((again.session, again.user, &again.name), (welcome.session, welcome.user, &welcome.name));
    assert_eq!((again.epoch, again.calls.len()), (welcome.epoch, 0), "nothing was lost");
    assert_ne!(again.token, welcome.token);
    assert!(matches!(bob.next().await, HubFrame::PeerJoined { .. }));
    for generation in 1..=3 {
        match bob.next().await {
            HubFrame::Signal { signal, .. } => assert_eq!(signal, offer(generation)),
            other => panic!("{other:?}"),
        }
    }
    let told = HubFrame::MediaState { call: call.id, participant: with_eve.participants[0].id, media };
    assert_eq!(bob.next().await, told);
    bob.nothing_else().await;
    assert_eq!(eve.next().await, told);
    for client in [&mut ada, &mut eve] {
        match client.next().await {
            HubFrame::PeerReconnected { participant, incarnation, reconnect_count, .. } => {
                assert_eq!((participant, incarnation, reconnect_count), (call.you, 1, 1));
            }
            other => panic!("{other:?}"),
        }
        client.nothing_else().await;
    }
    assert_eq!(hub.metric("holdfast_resumes_total{outcome=\"resumed\"}").await, 1);
}

#[tokio::test]
async fn a_place_is_given_up_when_the_window_has_passed_and_the_session_soon_after() {
    let hub = TestHub::start(Config { idle_resume_window: ms(2_000), ..kept_for(200) }).await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (bob, welcome, call) = hub.joined("Bob", "team").await;
    let instance = bob.cut();
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    assert!(matches!(ada.next().await, HubFrame::PeerDisconnected { .. }));
    let left = HubFrame::PeerLeft { call: call.id, participant: call.you, reason: LeaveReason::NetworkLost };
    assert_eq!(ada.next().await, left);
    let (mut bob, again) = hub.back(&welcome, Some(instance)).await;
    assert_eq!((again.resumed, again.epoch), (true, welcome.epoch));
    assert_eq!(bob.next().await, left, "it is told why");
    let rejoined = bob.join("team").await;
    assert_eq!(rejoined.id, call.id);
    assert_ne!(rejoined.you, call.you);
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    ada.nothing_else().await;
    drop((ada, bob));
    hub.metric_becomes("holdfast_rooms", 0).await;
    hub.metric_becomes("holdfast_sessions", 0).await;
    assert_eq!(hub.metric("holdfast_participants").await, 0);
    assert_eq!(hub.metric("holdfast_queue_bytes").await, 0);
}

#[tokio::test]
async fn a_session_lives_as_long_as_a_call_keeps_its_place() {
    let hub = TestHub::start(Config { idle_resume_window: ms(1), ..kept_for(600_000) }).await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (bob, welcome, _) = hub.joined("Bob", "team").await;
    let (idle, _) = hub.welcomed("Idle").await;
    let instance = bob.cut();
    idle.cut();
    hub.metric_becomes("holdfast_sessions", 2).await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    assert!(matches!(ada.next().await, HubFrame::PeerDisconnected { .. }));
    assert!(hub.back(&welcome, Some(instance)).await.1.resumed);
}

#[tokio::test]
async fn another_socket_takes_over_and_nobody_else_notices() {
    let hub = TestHub::defaults().await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (bob, welcome, call) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    let (mut second, again) = hub.back(&welcome, Some(bob.instance)).await;
    assert!(again.resumed);
    assert_eq!(bob.closed().await, (4005, vec![]));
    ada.signal(&call, call.you, 1, offer(1)).await;
    assert!(matches!(second.next().await, HubFrame::Signal { .. }));
    second.nothing_else().await;
    ada.nothing_else().await;
}

#[tokio::test]
async fn what_is_left_of_a_deadline_is_told_as_it_is_when_it_is_told() {
    let hub = TestHub::start(kept_for(30_000)).await;
    let (ada, welcome, _) = hub.joined("Ada", "team").await;
    let (bob, _, call) = hub.joined("Bob", "team").await;
    let (mut eve, ..) = hub.joined("Eve", "team").await;
    let instance = ada.cut();
    assert!(matches!(eve.next().await, HubFrame::PeerDisconnected { .. }));
    bob.cut();
    let HubFrame::PeerDisconnected { .. } = eve.next().await else { panic!("Bob is away") };
    tokio::time::sleep(ms(50)).await;
    let (mut ada, _) = hub.back(&welcome, Some(instance)).await;
    for _ in 0..2 {
        assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    }
    match ada.next().await {
        HubFrame::PeerDisconnected { participant, ms_left, .. } => {
            assert_eq!(participant, call.you);
            assert!(ms_left <= 29_950, "{ms_left}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_client_that_closes_is_answered() {
    let hub = TestHub::defaults().await;
    let (mut ada, _) = hub.welcomed("Ada").await;
    ada.socket.send(Message::Close(None)).await.unwrap();
    assert_eq!(ada.read().await, Err(None), "the same, without a code");
    hub.metric_becomes("holdfast_closes_total{reason=\"normal\"}", 1).await;
}

#[tokio::test]
async fn a_command_is_carried_out_once_and_its_number_tells() {
    let hub = TestHub::defaults().await;
    let (mut ada, welcome, call) = hub.joined("Ada", "team").await;
    ada.join("other").await;
    // Said before, and answered before.
    ada.send(ClientFrame::Leave { id: CommandId(2), call: call.id }).await;
    ada.nothing_else().await;
    ada.text(r#"{"type":"leave","id":7}"#).await;
    assert_eq!(ada.next_error().await.code, ErrorCode::MalformedFrame);
    ada.send(ClientFrame::Leave { id: CommandId(7), call: call.id }).await;
    ada.nothing_else().await;
    let (mut ada, again) = hub.back(&welcome, Some(ada.instance)).await;
    assert_eq!((again.last_command, resume(&again).epoch), (CommandId(7), welcome.epoch));
    ada.leave(&call).await;
}
