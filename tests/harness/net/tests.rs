//! The network by itself: datagrams, streams, faults and crashes, and two bare peer connections over it.

use super::*;
use axum::serve::Listener as _;
use std::io;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};
use webrtc::runtime::{AsyncUdpSocket, Runtime as _};

const MS: Duration = Duration::from_millis(1);
const GENEROUS: Duration = Duration::from_mins(1);

fn ip(test: u8, host: u8) -> IpAddr {
    // Tests of several processes bind at the same time; `[127, 7, …]` is the simulation program's.
    let process = u8::try_from(std::process::id() % 200).expect("below 200") + 50;
    IpAddr::from([127, process, test, host])
}

fn udp(host: &Host, port: u16) -> Arc<dyn AsyncUdpSocket> {
    host.wrap_udp_socket(std::net::UdpSocket::bind((host.ip(), port)).unwrap()).unwrap()
}

async fn receive(socket: &Arc<dyn AsyncUdpSocket>) -> u32 {
    let mut buffer = [0; 4];
    let (length, _) = timeout(GENEROUS, socket.recv_from(&mut buffer)).await.unwrap().unwrap();
    assert_eq!(length, 4);
    u32::from_be_bytes(buffer)
}

#[tokio::test(start_paused = true)]
async fn datagrams_arrive_in_order_after_the_latency() {
    let profile = LinkProfile { latency: 20 * MS, jitter: 20 * MS, ..LinkProfile::default() };
    let network = Network::new(1, profile, MS);
    let (a, b) = (network.host(ip(1, 1)), network.host(ip(1, 2)));
    let (from, to) = (udp(&a, 5000), udp(&b, 5000));
    for number in 0..100_u32 {
        from.send_to(&number.to_be_bytes(), to.local_addr().unwrap()).await.unwrap();
    }
    assert_eq!(receive(&to).await, 0);
    assert!((20 * MS..42 * MS).contains(&network.now()), "{:?}", network.now());
    for number in 1..100 {
        assert_eq!(receive(&to).await, number);
    }
    assert_eq!(network.traffic().datagrams_sent, 100);
    assert_eq!(network.traffic().datagrams_lost, 0);
}

#[tokio::test(start_paused = true)]
async fn a_blackhole_in_one_direction_leaves_the_other() {
    let network = Network::new(1, LinkProfile::default(), MS);
    let (a, b) = (network.host(ip(2, 1)), network.host(ip(2, 2)));
    let (from, to) = (udp(&a, 5000), udp(&b, 5000));
    network.edit_link(a.ip(), b.ip(), |link| link.blackhole = true);
    from.send_to(&1_u32.to_be_bytes(), to.local_addr().unwrap()).await.unwrap();
    to.send_to(&2_u32.to_be_bytes(), from.local_addr().unwrap()).await.unwrap();
    assert_eq!(receive(&from).await, 2);
    network.edit_link(a.ip(), b.ip(), |link| link.blackhole = false);
    from.send_to(&3_u32.to_be_bytes(), to.local_addr().unwrap()).await.unwrap();
    assert_eq!(receive(&to).await, 3);
    assert_eq!(network.traffic().datagrams_lost, 1);
}

#[tokio::test(start_paused = true)]
async fn a_host_only_binds_its_own_address() {
    let network = Network::new(1, LinkProfile::default(), MS);
    let socket = std::net::UdpSocket::bind((ip(3, 1), 5000)).unwrap();
    let error = network.host(ip(3, 2)).wrap_udp_socket(socket).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrNotAvailable);
}

#[tokio::test(start_paused = true)]
async fn equal_seeds_give_equal_hashes() {
    async fn run(test: u8, seed: u64) -> (u64, u64) {
        let profile = LinkProfile { loss: 0.5, ..LinkProfile::default() };
        let network = Network::new(seed, profile, MS);
        let (a, b) = (network.host(ip(test, 1)), network.host(ip(test, 2)));
        let (from, to) = (udp(&a, 5000), udp(&b, 5000));
        for number in 0..64_u32 {
            from.send_to(&number.to_be_bytes(), to.local_addr().unwrap()).await.unwrap();
        }
        (network.traffic().hash, network.traffic().datagrams_lost)
    }
    assert_eq!(run(4, 1).await, run(4, 1).await);
    assert_ne!(run(4, 1).await.0, run(4, 2).await.0);
}

/// A client, a server and a connection between them.
async fn connected(test: u8) -> (Network, Host, Host, TcpStream, TcpStream) {
    let network = Network::new(1, LinkProfile::default(), 10 * MS);
    let (client, server) = (network.host(ip(test, 1)), network.host(ip(test, 2)));
    let mut listener = server.listen(80);
    let near = client.connect(SocketAddr::new(server.ip(), 80)).await.unwrap();
    let (far, from) = listener.accept().await;
    assert_eq!(from.ip(), client.ip());
    (network, client, server, near, far)
}

#[tokio::test(start_paused = true)]
async fn a_stream_carries_bytes_then_its_end() {
    let (network, _client, _server, mut near, mut far) = connected(5).await;
    let before = network.now();
    near.write_all(b"hello").await.unwrap();
    let mut bytes = [0; 5];
    far.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"hello");
    assert!(network.now() >= before + 10 * MS);
    drop(near);
    assert_eq!(far.read(&mut bytes).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_cut_resets_both_ends_and_a_refusal_holds_until_it_is_lifted() {
    let (network, client, server, mut near, mut far) = connected(6).await;
    let address = SocketAddr::new(server.ip(), 80);
    let mut listener = server.listen(80);
    network.cut_tcp(client.ip(), server.ip());
    for end in [&mut near, &mut far] {
        assert_eq!(end.read_u8().await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }
    network.refuse_tcp(client.ip(), server.ip(), true);
    assert_eq!(client.connect(address).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    network.refuse_tcp(client.ip(), server.ip(), false);
    let mut near = client.connect(address).await.unwrap();
    let mut far = listener.accept().await.0;
    near.write_all(b"x").await.unwrap();
    assert_eq!(far.read_u8().await.unwrap(), b'x');
}

#[tokio::test(start_paused = true)]
async fn a_stall_holds_bytes_back_and_then_delivers_them() {
    let (network, client, server, mut near, mut far) = connected(7).await;
    network.stall_tcp(client.ip(), server.ip(), true);
    near.write_all(b"x").await.unwrap();
    assert!(timeout(Duration::from_secs(30), far.read_u8()).await.is_err());
    network.stall_tcp(client.ip(), server.ip(), false);
    assert_eq!(far.read_u8().await.unwrap(), b'x');
}

#[tokio::test(start_paused = true)]
async fn a_crash_ends_tasks_and_resets_connections() {
    let (network, client, server, near, mut far) = connected(8).await;
    let socket = udp(&client, 5000);
    let address = socket.local_addr().unwrap();
    let (alive, mut dead) = tokio::sync::mpsc::channel::<()>(1);
    client.spawn(async move {
        let _held = (socket, near, alive);
        std::future::pending::<()>().await;
    });
    client.crash();
    assert_eq!(dead.recv().await, None);
    assert_eq!(far.read_u8().await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    assert!(!network.is_bound(address));
    assert!(client.spawn(async {}).is_none(), "nothing runs on a crashed host");
    let restarted = network.host(client.ip());
    assert!(restarted.spawn(async {}).is_some());
    assert_eq!(
        restarted.connect(SocketAddr::new(server.ip(), 80)).await.unwrap_err().kind(),
        io::ErrorKind::ConnectionRefused,
        "its listener was dropped"
    );
}
