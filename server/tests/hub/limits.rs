//! Bounds on what one client, or one address, can do.

use crate::support::{TestHub, config, long_offer};
use holdfast_protocol::{ClientFrame, CommandId, ErrorCode, HubFrame};
use holdfast_server::Config;

#[tokio::test]
async fn frames_that_come_too_fast_are_refused_with_a_time_to_wait() {
    let hub = TestHub::start(Config { frames_per_second: 1, frames_burst: 4, ..config() }).await;
    // One of the four is the acknowledgement of the welcome.
    let (mut ada, _) = hub.welcomed("Ada").await;
    for id in 1..=4 {
        ada.send(ClientFrame::IceServers { id: CommandId(id) }).await;
    }
    for id in 1..=3 {
        assert!(matches!(ada.next().await, HubFrame::IceServers { in_reply_to, .. } if in_reply_to.0 == id));
    }
    let error = ada.next_error().await;
    assert_eq!((error.code, error.in_reply_to), (ErrorCode::RateLimited, Some(CommandId(4))));
    let wait_ms = error.retry_after_ms.unwrap();
    assert!((1..=1_000).contains(&wait_ms), "{wait_ms}");
    tokio::time::sleep(crate::support::ms(wait_ms + 1)).await;
    ada.send(ClientFrame::IceServers { id: CommandId(5) }).await;
    assert!(matches!(ada.next().await, HubFrame::IceServers { .. }), "who waits as told is let through");
}

#[tokio::test]
async fn too_many_refusals_close_the_socket_after_the_answers() {
    let hub = TestHub::start(Config { refusals_per_minute: 3, ..config() }).await;
    let (mut ada, _) = hub.welcomed("Ada").await;
    for _ in 0..4 {
        ada.text("nonsense").await;
    }
    let (code, frames) = ada.closed().await;
    assert_eq!((code, frames.len()), (4006, 4));
    assert!(
        frames
            .iter()
            .all(|frame| matches!(frame, HubFrame::Error(error) if error.code == ErrorCode::NotJson))
    );
}

#[tokio::test]
async fn sockets_and_sessions_are_counted() {
    let hub = TestHub::start(Config { sockets_per_address_max: 2, sessions_max: 1, ..config() }).await;
    let (ada, _) = hub.welcomed("Ada").await;
    let mut bob = hub.connect().await;
    bob.send_hello("Bob", None, None).await;
    assert_eq!(bob.next_error().await.code, ErrorCode::HubFull);
    assert_eq!(bob.closed().await, (4002, vec![]));
    hub.metric_becomes("holdfast_sockets", 1).await;

    let second = hub.connect().await;
    hub.metric_becomes("holdfast_sockets", 2).await;
    assert_eq!(hub.connect().await.closed().await, (4009, vec![]));
    drop((ada, second));
    hub.metric_becomes("holdfast_sockets", 0).await;
}

#[tokio::test]
async fn a_signal_leaves_room_for_what_the_hub_adds_to_it() {
    let hub = TestHub::defaults().await;
    let (mut ada, welcome, _) = hub.joined("Ada", "team").await;
    let (mut bob, _, call) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    let max = welcome.limits.frame_bytes_max as usize;
    let frame = |bytes| {
        let signal = long_offer(bytes);
        ClientFrame::Signal { id: CommandId(9), call: call.id, to: call.you, to_incarnation: 1, signal }
    };
    let around = frame(0).encode().len();
    // The stamps add 16 bytes, and the number up to 17 more.
    for (less, fits) in [(0, false), (20, false), (32, false), (40, true)] {
        let id = ada.signal(&call, call.you, 1, long_offer(max - around - less)).await;
        if fits {
            assert!(matches!(bob.next().await, HubFrame::Signal { .. }));
        } else {
            let error = ada.next_error().await;
            assert_eq!((error.code, error.in_reply_to), (ErrorCode::InvalidSignal, Some(id)), "{less}");
        }
    }
    bob.nothing_else().await;
}

/// Each is stored and in the log: whoever begins one after another would push everybody else's out of it.
#[tokio::test]
async fn calls_that_are_begun_too_fast_are_refused_with_a_time_to_wait() {
    let hub = TestHub::start(Config { calls_per_minute_max: 60, ..config() }).await;
    let (mut ada, _) = hub.welcomed("Ada").await;
    let (_bob, bob_welcome) = hub.welcomed("Bob").await;
    let (_cy, _, _) = hub.joined("Cy", "team").await;
    let mut begun = 1;
    let refused = loop {
        let id = ada.send_join(&format!("room-{begun}")).await;
        match ada.next().await {
            HubFrame::Joined { call, .. } => ada.leave(&call).await,
            HubFrame::Error(error) => {
                assert_eq!(error.in_reply_to, Some(id));
                break error;
            }
            other => panic!("{other:?}"),
        }
        begun += 1;
        assert!(begun < 5_000, "no end");
    };
    assert!(begun >= 30, "half of them at once: {begun}");
    assert_eq!(refused.code, ErrorCode::RateLimited);
    assert!(refused.retry_after_ms.is_some_and(|ms| (1..=1_000).contains(&ms)), "{refused:?}");
    let call = ada.join("team").await;
    ada.leave(&call).await;
    let (mut dee, _) = hub.welcomed("Dee").await;
    loop {
        // Some may pass by now, for so much time has passed.
        dee.send_call(bob_welcome.user).await;
        match dee.next().await {
            HubFrame::Ringing { call, .. } => dee.leave(&call).await,
            HubFrame::Error(error) => break assert_eq!(error.message, refused.message),
            other => panic!("{other:?}"),
        }
    }
}
