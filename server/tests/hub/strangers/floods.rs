//! More than anyone needs: frames, rooms, sockets, sessions.

use super::{Control, STRANGER, closes, refusals, stranger, welcomed};
use crate::support::{TestHub, config, ms};
use holdfast_protocol::{ClientFrame, ErrorCode, HubFrame};
use holdfast_server::Config;

#[tokio::test]
async fn a_flood_of_frames() {
    let hub = TestHub::defaults().await;
    let control = Control::start(&hub).await;
    let mut mallory = welcomed(&hub).await;
    let heartbeat = ClientFrame::Heartbeat.encode();
    let mut sent = 0;
    // Nothing is read meanwhile, as a flood would not; it ends when the hub closes.
    while sent < 20_000 && mallory.try_text(&heartbeat).await {
        sent += 1;
    }
    let mut answered = 0;
    let end = loop {
        match mallory.read().await {
            Ok(frame) => answered += u32::from(frame == HubFrame::HeartbeatAck),
            Err(end) => break end,
        }
    };
    // None: the hub had given up waiting for the client to read its close.
    assert!(matches!(end, Some(4004 | 4006 | 4008) | None), "{end:?} after {sent}");
    assert!(answered < 2_000, "{answered} of {sent} were let through");
    assert!(hub.metric(&refusals(ErrorCode::RateLimited)).await > 0);
    hub.metric_becomes("holdfast_sockets", 2).await;
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn thousands_of_joins_to_distinct_rooms() {
    let limits =
        Config { places_per_address_max: 10, frames_burst: 10_000, refusals_per_minute: 1_000, ..config() };
    let hub = TestHub::start(limits).await;
    let control = Control::start(&hub).await;
    let mut held = Vec::new();
    for session in 0..3 {
        let mut mallory = welcomed(&hub).await;
        for room in 0..4 {
            mallory.send_join(&format!("room-{session}-{room}")).await;
            match mallory.next().await {
                HubFrame::Joined { .. } => {}
                HubFrame::Error(error) => {
                    assert_eq!((session, room >= 2, error.code), (2, true, ErrorCode::AddressFull));
                }
                other => panic!("{other:?}"),
            }
        }
        held.push(mallory);
    }
    hub.metric_becomes("holdfast_rooms", 11).await;
    let mut mallory = held.swap_remove(0);
    mallory.send_join("one-more").await;
    assert_eq!(mallory.next_error().await.code, ErrorCode::TooManyCalls);
    drop((held, mallory));
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn thousands_of_rooms_one_after_another() {
    let limits = Config { frames_burst: 10_000, calls_per_minute_max: 10_000, ..config() };
    let hub = TestHub::start(limits).await;
    let control = Control::start(&hub).await;
    let mut mallory = welcomed(&hub).await;
    for number in 0..2_000 {
        let call = mallory.join(&format!("room-{number}")).await;
        mallory.leave(&call).await;
    }
    hub.metric_becomes("holdfast_rooms", 1).await;
    assert_eq!(hub.metric("holdfast_participants").await, 2);
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn thousands_of_sockets_from_one_address() {
    let hub =
        TestHub::start(Config { sockets_per_address_max: 8, hello_timeout: ms(600_000), ..config() }).await;
    let control = Control::start(&hub).await;
    let (mut open, mut full, mut banned, mut refused) = (Vec::new(), 0, 0, 0);
    for _ in 0..2_000 {
        match hub.connect_from(STRANGER, &[]).await {
            Err(_) => refused += 1,
            Ok(socket) if open.len() < 8 => open.push(socket),
            Ok(socket) => match socket.closed().await.0 {
                4009 => full += 1,
                4008 => banned += 1,
                other => panic!("{other}"),
            },
        }
    }
    // The hundredth costs the last point; from then on nobody of that address gets in.
    assert_eq!((full, banned + refused), (101, 2_000 - 8 - 101));
    assert_eq!(hub.metric(&closes("address-full")).await, 101);
    assert_eq!(hub.metric("holdfast_sockets").await, 2 + 8);
    assert_eq!(hub.metric("holdfast_bans_total").await, 1);
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn more_sockets_than_the_hub_may_have() {
    let hub = TestHub::start(Config { sockets_max: 3, ..config() }).await;
    let control = Control::start(&hub).await;
    let first = stranger(&hub).await;
    hub.metric_becomes("holdfast_sockets", 3).await;
    assert_eq!(stranger(&hub).await.closed().await, (4007, vec![]));
    drop(first);
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn a_new_session_for_each_socket() {
    let hub = TestHub::start(Config { sessions_per_address_max: 5, ..config() }).await;
    let control = Control::start(&hub).await;
    for number in 0..8 {
        let mut mallory = stranger(&hub).await;
        mallory.send_hello("Mallory", None, None).await;
        match mallory.next().await {
            HubFrame::Welcome(_) => assert!(number < 5),
            HubFrame::Error(error) => assert_eq!((number >= 5, error.code), (true, ErrorCode::AddressFull)),
            other => panic!("{other:?}"),
        }
    }
    // Its sockets are closed; its sessions are in no call and do not wait long.
    assert_eq!(hub.metric("holdfast_sessions").await, 2 + 5);
    control.stays_undisturbed().await;
}
