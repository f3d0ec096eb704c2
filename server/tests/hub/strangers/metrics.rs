//! Who may read the metrics.

use crate::support::{TestHub, config, soon};
use holdfast_protocol::Secret;
use holdfast_server::{Config, Door, Entrance, OsEntropy, Shutdown, SystemClock, run};
use std::sync::Arc;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const ASK: &str = "GET /metrics HTTP/1.1";

#[tokio::test]
async fn without_a_token_only_this_machine_does() {
    let hub = TestHub::defaults().await;
    assert_eq!(hub.http(ASK).await.0, 200);
    let (status, _, body) = hub.http(&format!("{ASK}\r\nx-forwarded-for: 192.0.2.1")).await;
    assert_eq!(status, 403, "a proxy that nobody has named may speak for a stranger");
    assert!(!body.contains("holdfast_sockets"), "{body}");
    let arguments = Config::from_arguments(&["--trusted-proxy", "127.0.0.1"]).unwrap();
    let hub = TestHub::start(Config { trusted_proxies: arguments.trusted_proxies, ..config() }).await;
    assert_eq!(hub.http(&format!("{ASK}\r\nx-forwarded-for: 192.0.2.1")).await.0, 403);
    assert_eq!(hub.http(ASK).await.0, 200);
}

#[tokio::test]
async fn with_a_token_whoever_has_it_does() {
    let hub = TestHub::start(Config { metrics_token: Some(Secret::new("north")), ..config() }).await;
    for (headers, status) in [
        ("", 403),
        ("\r\nauthorization: Bearer south", 403),
        ("\r\nauthorization: north", 403),
        ("\r\nauthorization: Bearer ", 403),
        ("\r\nauthorization: Bearer north", 200),
    ] {
        assert_eq!(hub.http(&format!("{ASK}{headers}")).await.0, status, "{headers}");
    }
}

#[tokio::test]
async fn on_a_listener_of_their_own_they_are_nowhere_else() {
    let bind = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (public, own) = (bind().await, bind().await);
    let addresses = [&public, &own].map(|listener| listener.local_addr().unwrap());
    let listeners = vec![Entrance::plain(public, Door::Http), Entrance::plain(own, Door::Metrics)];
    let config = Config { metrics_listen: Some(addresses[1]), ..config() };
    let hub = run(config, listeners, Arc::new(SystemClock), Arc::new(OsEntropy), Shutdown::default());
    let hub = tokio::spawn(hub);
    for (address, path, status) in [
        (addresses[0], "/metrics", "404"),
        (addresses[0], "/healthz", "200"),
        (addresses[1], "/metrics", "200"),
        (addresses[1], "/", "404"),
        (addresses[1], "/ws", "404"),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon("an answer", stream.read_to_string(&mut answer)).await.unwrap();
        assert_eq!(answer.split(' ').nth(1), Some(status), "{address} {path}");
    }
    hub.abort();
}
