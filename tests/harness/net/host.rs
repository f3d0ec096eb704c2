//! One simulated machine: an address, the tasks that run on it, and the `webrtc` crate's `Runtime` for them.
//!
//! The `webrtc` crate binds a real `std::net::UdpSocket` before it hands it to the runtime, so a host's address
//! must be a loopback one; the real socket is closed at once and only its address is kept.

use super::{Network, TcpListener, TcpStream, tcp, udp::UdpSocket};
use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{
    task::{AbortHandle, JoinSet},
    time::Instant,
};
use webrtc::runtime::{AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, Runtime};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A simulated machine; clones are the same one.
///
/// What shall die with it is spawned through [`Host::spawn`] or its [`Runtime`]. After [`Host::crash`] a new
/// `Host` with the same address is the machine after its restart.
#[derive(Clone)]
pub struct Host(Arc<Machine>);

struct Machine {
    network: Network,
    ip: IpAddr,
    /// `None` once it has crashed: nothing runs there any more.
    tasks: Mutex<Option<JoinSet<()>>>,
}

impl Host {
    pub(super) fn new(network: Network, ip: IpAddr) -> Self {
        Self(Arc::new(Machine { network, ip, tasks: Mutex::new(Some(JoinSet::new())) }))
    }

    /// Its address.
    pub fn ip(&self) -> IpAddr {
        self.0.ip
    }

    /// The network it is on.
    pub fn network(&self) -> &Network {
        &self.0.network
    }

    /// The runtime to give to the `webrtc` crate.
    pub fn runtime(&self) -> Arc<dyn Runtime> {
        Arc::new(self.clone())
    }

    /// Runs a task until it ends or the host crashes. On a crashed host the task is dropped.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> Option<AbortHandle> {
        let mut tasks = self.tasks();
        let tasks = tasks.as_mut()?;
        while tasks.try_join_next().is_some() {}
        Some(tasks.spawn(future))
    }

    /// Kills the process and closes its sockets, as `kill -9` does: no code of its own runs any more, and the other
    /// ends of its TCP connections see a reset.
    pub fn crash(&self) {
        let tasks = self.tasks().take();
        // First, or they would see how their sockets end. They may touch the network when they are dropped, so its lock
        // is free meanwhile.
        drop(tasks);
        let mut state = self.0.network.state();
        state.tcp.close_host(self.0.ip);
        state.udp.close_host(self.0.ip);
    }

    /// Accepts TCP connections at `port`.
    pub fn listen(&self, port: u16) -> TcpListener {
        tcp::listen(&self.0.network, SocketAddr::new(self.0.ip, port))
    }

    /// Opens a TCP connection.
    ///
    /// # Errors
    /// `ConnectionRefused` when nobody listens there, its queue is full, or the network refuses on purpose.
    pub async fn connect(&self, server: SocketAddr) -> io::Result<TcpStream> {
        tcp::connect(&self.0.network, self.0.ip, server).await
    }

    fn tasks(&self) -> MutexGuard<'_, Option<JoinSet<()>>> {
        self.0.tasks.lock().expect("no code panics while it holds the tasks")
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Host({})", self.0.ip)
    }
}

impl Runtime for Host {
    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }

    fn spawn(&self, future: BoxFuture<'static, ()>) -> Box<dyn JoinHandle> {
        Box::new(Task(Host::spawn(self, future)))
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let local = socket.local_addr()?;
        drop(socket);
        if local.ip() != self.0.ip {
            return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, "not this host's address"));
        }
        Ok(Arc::new(UdpSocket::bind(self.0.network.clone(), local)))
    }

    fn wrap_tcp_listener(&self, _: std::net::TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
        Err(no_tcp())
    }

    fn connect_tcp(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Arc<dyn AsyncTcpStream>>> {
        Box::pin(async { Err(no_tcp()) })
    }

    fn resolve_host<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        let address = host.parse().map_err(|_| io::Error::new(io::ErrorKind::NotFound, "no names here"));
        Box::pin(async move { Ok(vec![address?]) })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        Box::new(Ticker(tokio::time::interval(period)))
    }

    fn block_on(&self, _: Pin<Box<dyn Future<Output = ()> + '_>>) {
        panic!("the simulated world has one thread, and it is not to be blocked");
    }

    fn name(&self) -> &'static str {
        "simulated"
    }
}

fn no_tcp() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "ICE over TCP is not simulated")
}

/// A task of a host; `None` when the host had crashed before.
struct Task(Option<AbortHandle>);

impl JoinHandle for Task {
    fn detach(&self) {}

    fn abort(&self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }

    fn is_finished(&self) -> bool {
        self.0.as_ref().is_none_or(AbortHandle::is_finished)
    }
}

struct Ticker(tokio::time::Interval);

impl AsyncInterval for Ticker {
    fn tick(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.0.tick().await;
        })
    }
}
