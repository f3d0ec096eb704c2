//! An in-memory network of simulated hosts on virtual time, drawn from one seed.
//!
//! - `link`: what one direction of a UDP path does to a datagram (pure).
//! - `udp`: sockets of the `webrtc` crate's kind over those links.
//! - `tcp`: byte streams with resets, stalls and refusals; a listener for the hub.
//! - `host`: one simulated machine: its tasks, sockets and the `webrtc` crate's `Runtime`.
//! - `trace`: counters and the hash by which two runs are compared.
//!
//! Everything runs on one tokio `current_thread` runtime whose clock is paused, so waiting costs nothing.

mod host;
mod link;
mod tcp;
mod trace;
mod udp;

#[cfg(test)]
mod tests;

pub use host::Host;
pub use link::{Fate, Link, LinkProfile};
pub use tcp::{TcpListener, TcpStream};
pub use trace::Traffic;

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::time::Instant;

/// A network; clones are the same one.
#[derive(Clone)]
pub struct Network(Arc<Shared>);

struct Shared {
    started: Instant,
    state: Mutex<State>,
}

struct State {
    trace: trace::Trace,
    udp: udp::UdpWorld,
    tcp: tcp::TcpWorld,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Network").field(&self.traffic()).finish()
    }
}

impl Network {
    /// An empty network whose UDP paths begin with `profile` and whose TCP paths take `tcp_latency` each way.
    pub fn new(seed: u64, profile: LinkProfile, tcp_latency: Duration) -> Self {
        let state = State {
            trace: trace::Trace::default(),
            udp: udp::UdpWorld::new(seed, profile),
            tcp: tcp::TcpWorld::new(tcp_latency),
        };
        Self(Arc::new(Shared { started: Instant::now(), state: Mutex::new(state) }))
    }

    /// A machine with this address. It must be one that can be bound (127.x.y.z): see [`Host`].
    pub fn host(&self, ip: IpAddr) -> Host {
        Host::new(self.clone(), ip)
    }

    /// Changes the path from `from` to `to`, in that direction only.
    pub fn edit_link(&self, from: IpAddr, to: IpAddr, change: impl FnOnce(&mut LinkProfile)) {
        change(&mut self.state().udp.link(from, to).profile);
    }

    /// Changes the path between `a` and `b` in both directions.
    pub fn edit_path(&self, a: IpAddr, b: IpAddr, change: impl Fn(&mut LinkProfile)) {
        self.edit_link(a, b, &change);
        self.edit_link(b, a, &change);
    }

    /// Resets every TCP connection that `client` has to `server`: both ends see an error at once.
    pub fn cut_tcp(&self, client: IpAddr, server: IpAddr) {
        self.state().tcp.edit(client, server, |path| path.resets += 1);
    }

    /// While set, packets of `client`'s TCP connections to `server` get lost in both directions. Neither end
    /// notices (a half-open connection); when the stall ends, everything arrives.
    pub fn stall_tcp(&self, client: IpAddr, server: IpAddr, stalled: bool) {
        self.state().tcp.edit(client, server, |path| path.stalled = stalled);
    }

    /// While set, `client`'s attempts to reach `server` are refused. Open connections are not touched.
    pub fn refuse_tcp(&self, client: IpAddr, server: IpAddr, refused: bool) {
        self.state().tcp.edit(client, server, |path| path.refused = refused);
    }

    /// What has been sent so far.
    pub fn traffic(&self) -> Traffic {
        self.state().trace.traffic()
    }

    /// Whether a UDP socket is bound at `address`.
    pub fn is_bound(&self, address: SocketAddr) -> bool {
        self.state().udp.is_bound(address)
    }

    /// Virtual time since the network was made.
    fn now(&self) -> Duration {
        self.0.started.elapsed()
    }

    /// Virtual time as tokio's timers want it.
    fn instant(&self, at: Duration) -> Instant {
        self.0.started + at
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("no code panics while it holds the network's state")
    }
}
