//! The benchmark itself, with a load of next to nothing, against a hub and a bare relay in this process: what it
//! sends arrives, what it counts is right. It says nothing about speed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use holdfast_bench::{
    bare, idle, latency,
    load::{self, Plan},
    pair::{Kind, Load, meet},
};
use holdfast_server::{Config, HubKey, OsEntropy, Shutdown, SystemClock, run};
use std::{cell::Cell, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinHandle};

/// A server that ends with the test.
struct Served(SocketAddr, JoinHandle<()>);

impl Drop for Served {
    fn drop(&mut self) {
        self.1.abort();
    }
}

async fn serve(kind: Kind) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = match kind {
        Kind::Bare => tokio::spawn(async move { bare::serve(listener).await.unwrap() }),
        Kind::Hub => {
            let config = Config::from_arguments(&["--limits=off", "--store=memory"]).unwrap();
            let config = Config { hub_key: Some(HubKey::new([7; 32])), ..config }.in_force();
            let hub =
                run(config, vec![listener], Arc::new(SystemClock), Arc::new(OsEntropy), Shutdown::default());
            tokio::spawn(async move { hub.await.unwrap() })
        }
    };
    Served(address, task)
}

#[tokio::test]
async fn every_message_arrives_and_is_counted() {
    for kind in [Kind::Hub, Kind::Bare] {
        for load in [Load::Candidates, Load::Offers] {
            let server = serve(kind).await;
            let pairs = meet(kind, server.0, 0, 3).await.unwrap();
            let (warm_up, measure) = (Duration::from_millis(20), Duration::from_millis(200));
            let called = Cell::new(0);
            let plan = Plan { load, window: 4, warm_up, measure };
            let count = || called.set(called.get() + 1);
            let counted = load::run(plan, pairs, count, count).await.unwrap();
            assert!(
                counted.messages >= 24,
                "{kind:?} {load:?}: each side's first messages, at least: {counted:?}"
            );
            assert!(counted.seconds >= 0.2, "{counted:?}");
            assert_eq!(called.get(), 2);
        }
    }
}

#[tokio::test]
async fn each_message_of_a_steady_rate_has_a_time() {
    for kind in [Kind::Hub, Kind::Bare] {
        let server = serve(kind).await;
        let pairs = meet(kind, server.0, 0, 3).await.unwrap();
        let times = latency::run(pairs, Duration::from_millis(1), 50).await.unwrap();
        assert_eq!(times.len(), 50, "{kind:?}");
        assert!(times.is_sorted());
        assert!(latency::quantile(&times, 1) > Duration::ZERO);
    }
}

#[tokio::test]
async fn idle_sockets_stay_open() {
    for kind in [Kind::Hub, Kind::Bare] {
        let server = serve(kind).await;
        let mut pairs = idle::open(kind, server.0, 10).await.unwrap();
        assert_eq!(pairs.len(), 5);
        for [one, other] in &mut pairs {
            one.client.send(&one.text(Load::Candidates, 42)).await.unwrap();
            let text = other.client.next().await.unwrap();
            assert!(text.contains("candidate:0000000042"), "{text}");
        }
    }
}
