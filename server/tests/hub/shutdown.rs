//! How a hub stops: in order, at once, or by being dropped.

use crate::support::{TestHub, config, ms, soon};
use holdfast_protocol::HubFrame;
use holdfast_server::Config;
use std::io::ErrorKind;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;

#[tokio::test]
async fn a_planned_stop_tells_every_client_and_then_ends() {
    let mut hub =
        TestHub::start(Config { retry_after: ms(1_500), shutdown_grace: ms(15_000), ..config() }).await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (bob, _, _) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    let unwelcomed = hub.connect().await;
    hub.metric_becomes("holdfast_sockets", 3).await;

    hub.shutdown.drain.cancel();
    // This one does not answer the close for now, so that the hub is still there to be asked.
    assert_eq!(ada.next().await, HubFrame::GoingAway { retry_after_ms: 1_500 });
    let (status, _, body) = hub.http("GET /readyz HTTP/1.1").await;
    assert_eq!(status, 503);
    assert!(body.contains("stopping"));
    assert_eq!(hub.http("GET /healthz HTTP/1.1").await.0, 200);
    match hub.connect_with(&[]).await {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), 503),
        _ => panic!("let in while stopping"),
    }
    let told = (1001, vec![HubFrame::GoingAway { retry_after_ms: 1_500 }]);
    assert_eq!(bob.closed().await, told, "and no news of the others' sockets");
    assert_eq!(unwelcomed.closed().await, told);
    assert_eq!(ada.closed().await, (1001, vec![]));
    soon("the end", &mut hub.task).await.unwrap().unwrap();
    assert_eq!(TcpStream::connect(hub.address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn the_second_stage_waits_for_nobody() {
    let mut hub = TestHub::start(Config { shutdown_grace: ms(3_600_000), ..config() }).await;
    let (ada, _) = hub.welcomed("Ada").await;
    hub.shutdown.cut.cancel();
    soon("the end", &mut hub.task).await.unwrap().unwrap();
    drop(ada);
}

#[tokio::test]
async fn dropping_the_hub_ends_everything_it_started() {
    let hub = TestHub::defaults().await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let mut idle = TcpStream::connect(hub.address).await.unwrap();
    hub.task.abort();
    let ended = soon("the end of the socket", futures_util::StreamExt::next(&mut ada.socket)).await;
    assert!(!matches!(ended, Some(Ok(_))), "a crash says nothing: {ended:?}");
    let mut byte = [0];
    let read = soon("the end of the connection", tokio::io::AsyncReadExt::read(&mut idle, &mut byte)).await;
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
}
