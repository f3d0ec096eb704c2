//! Whose word about a client's address counts.

use super::{Control, STRANGER};
use crate::support::{TestHub, config};
use holdfast_server::Config;
use std::net::Ipv4Addr;
use tokio::net::{TcpSocket, TcpStream};

/// A bare connection of the stranger's.
pub(super) async fn connect(hub: &TestHub) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::new(127, 0, 0, STRANGER), 0).into()).unwrap();
    socket.connect(hub.address).await.unwrap()
}

fn behind_a_proxy() -> Config {
    let arguments = Config::from_arguments(&["--trusted-proxy", "127.0.0.66"]).unwrap();
    Config { trusted_proxies: arguments.trusted_proxies, sockets_per_address_max: 2, ..config() }
}

#[tokio::test]
async fn an_ipv6_network_counts_as_one_address() {
    let hub = TestHub::start(behind_a_proxy()).await;
    let control = Control::start(&hub).await;
    let from =
        async |address: &str| hub.connect_from(STRANGER, &[("x-forwarded-for", address)]).await.unwrap();
    let _held = [from("2001:db8:0:1::1").await, from("2001:db8:0:1:ffff::2").await];
    hub.metric_becomes("holdfast_sockets", 4).await;
    assert_eq!(from("2001:db8:0:1::3").await.closed().await, (4009, vec![]));
    let mut neighbour = from("2001:db8:0:2::1").await;
    neighbour.hello("Neighbour", None, None).await;
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn a_header_from_anyone_but_the_named_proxy_means_nothing() {
    let hub = TestHub::start(Config { sockets_per_address_max: 2, ..config() }).await;
    let control = Control::start(&hub).await;
    let from = async |address: &str| {
        hub.connect_from(STRANGER, &[("x-forwarded-for", address), ("forwarded", "for=192.0.2.77")])
            .await
            .unwrap()
    };
    let _held = [from("192.0.2.1").await, from("192.0.2.2").await];
    hub.metric_becomes("holdfast_sockets", 4).await;
    assert_eq!(from("192.0.2.3").await.closed().await, (4009, vec![]));
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn what_a_client_wrote_before_the_proxy_means_nothing() {
    let hub = TestHub::start(behind_a_proxy()).await;
    let control = Control::start(&hub).await;
    let from = async |list: &str| {
        hub.connect_from(STRANGER, &[("x-forwarded-for", list), ("forwarded", list)]).await.unwrap()
    };
    let _held = [from("192.0.2.1, 203.0.113.9").await, from("192.0.2.2, 203.0.113.9").await];
    hub.metric_becomes("holdfast_sockets", 4).await;
    assert_eq!(from("192.0.2.3, 203.0.113.9").await.closed().await, (4009, vec![]));
    control.stays_undisturbed().await;
}
