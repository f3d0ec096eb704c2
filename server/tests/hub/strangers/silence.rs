//! Clients that say nothing, half of something, or do not listen.

use super::{Control, closes, stranger, welcomed};
use crate::support::{PATIENCE, TestHub, config, kept_for, long_offer, ms, soon};
use holdfast_protocol::{ClientFrame, ErrorCode, HubFrame, MediaState};
use holdfast_server::Config;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn no_hello_in_time() {
    let hub = TestHub::start(Config { hello_timeout: ms(200), ..config() }).await;
    let control = Control::start(&hub).await;
    assert_eq!(stranger(&hub).await.closed().await, (4001, vec![]));
    assert_eq!(hub.metric(&closes("hello-timeout")).await, 1);
    hub.metric_becomes("holdfast_sockets", 2).await;
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn half_a_handshake() {
    let hub = TestHub::start(Config { head_timeout: ms(300), ..config() }).await;
    let control = Control::start(&hub).await;
    for half in ["", "GET /ws HTTP/1.1\r\nhost: hub\r\nupgrade: webso"] {
        let mut stream = TcpStream::connect(hub.address).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        let _ = soon("the hub gives up", stream.read_to_end(&mut rest)).await;
    }
    hub.metric_becomes(r#"holdfast_turned_away_total{reason="head"}"#, 2).await;
    assert_eq!(hub.metric("holdfast_sockets").await, 2);
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn connections_that_are_only_held() {
    let limits = Config { http_connections_per_address_max: 4, head_timeout: PATIENCE, ..config() };
    let hub = TestHub::start(limits).await;
    let control = Control::start(&hub).await;
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(super::proxies::connect(&hub).await);
    }
    hub.metric_becomes(r#"holdfast_turned_away_total{reason="connections"}"#, 16).await;
    drop(held);
    control.stays_undisturbed().await;
}

/// It would keep its place among the connections for as long as it likes.
#[tokio::test]
async fn answers_that_nobody_reads() {
    let limits = Config {
        http_connections_per_address_max: 1,
        write_timeout: ms(300),
        head_timeout: PATIENCE,
        ..config()
    };
    let hub = TestHub::start(limits).await;
    let mut deaf = TcpStream::connect(hub.address).await.unwrap();
    let requests = "GET /metrics HTTP/1.1\r\nhost: hub\r\n\r\n".repeat(200);
    // Until the hub reads no more, for its answers are not taken.
    while let Ok(sent) = tokio::time::timeout(ms(200), deaf.write_all(requests.as_bytes())).await {
        sent.unwrap();
    }
    soon("the place of who does not read", async {
        loop {
            let mut other = TcpStream::connect(hub.address).await.unwrap();
            let mut answer = [0; 12];
            let asked = other.write_all(b"GET /healthz HTTP/1.1\r\nhost: hub\r\n\r\n").await;
            if asked.is_ok() && other.read_exact(&mut answer).await.is_ok() {
                break assert_eq!(&answer, b"HTTP/1.1 200");
            }
            tokio::time::sleep(ms(50)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_that_never_reads() {
    let hub = TestHub::start(Config { frames_burst: 10_000, idle_resume_window: ms(1), ..kept_for(1) }).await;
    let control = Control::start(&hub).await;
    let mut mallory = welcomed(&hub).await;
    let deaf = mallory.join("flooded").await;
    let (mut carol, _, call) = hub.joined("Carol", "flooded").await;
    // Mallory acknowledges nothing from here on. Signals from Carol have their share of its queue and no more.
    let refused = soon("a refusal", async {
        loop {
            carol.signal(&call, deaf.you, 1, long_offer(50_000)).await;
            carol.send(ClientFrame::Heartbeat).await;
            match carol.next().await {
                HubFrame::HeartbeatAck => {}
                other => break other,
            }
        }
    })
    .await;
    assert!(matches!(refused, HubFrame::Error(error) if error.code == ErrorCode::RateLimited));
    // What else happens in the call is kept for it, until its queue is full.
    let told = soon("the news that it is gone", async {
        for round in 0.. {
            let media = MediaState { audio: round % 2 == 0, ..MediaState::default() };
            let id = carol.id();
            carol.send(ClientFrame::MediaState { id, call: call.id, media }).await;
            carol.send(ClientFrame::Heartbeat).await;
            match carol.next().await {
                HubFrame::HeartbeatAck => tokio::time::sleep(ms(2)).await,
                // Of the signals before.
                HubFrame::Error(_) => {}
                other => return other,
            }
        }
        unreachable!("the rounds have no end")
    })
    .await;
    assert!(
        matches!(told, HubFrame::PeerDisconnected { participant, .. } if participant == deaf.you),
        "{told:?}"
    );
    hub.metric_becomes(&closes("slow-reader"), 1).await;
    control.stays_undisturbed().await;
    drop(carol);
    hub.metric_becomes("holdfast_queue_bytes", 0).await;
}
