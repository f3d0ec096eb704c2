//! UDP between simulated hosts, as the poll-based socket that the `webrtc` crate wants.

use super::{Fate, Link, LinkProfile, Network, State};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::{self, IoSliceMut},
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Mutex,
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::time::{Sleep, sleep_until};
use webrtc::runtime::{AsyncUdpSocket, RecvMeta, Transmit};

/// Datagrams that may be under way to one socket; further ones are dropped, as a kernel drops them.
const INBOX_DATAGRAMS_MAX: usize = 8_192;

/// Every path and socket.
pub(super) struct UdpWorld {
    seed: u64,
    profile: LinkProfile,
    links: BTreeMap<(IpAddr, IpAddr), Link>,
    inboxes: BTreeMap<SocketAddr, Inbox>,
    /// Numbers sockets and datagrams, so that equal times have an order.
    sequence: u64,
}

/// What is under way to one socket.
struct Inbox {
    owner: u64,
    queue: BinaryHeap<Reverse<Datagram>>,
    waker: Option<Waker>,
}

/// Ordered by arrival, then by sending.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Datagram {
    arrives_at: Duration,
    sequence: u64,
    from: SocketAddr,
    bytes: Vec<u8>,
}

impl UdpWorld {
    pub(super) fn new(seed: u64, profile: LinkProfile) -> Self {
        Self { seed, profile, links: BTreeMap::new(), inboxes: BTreeMap::new(), sequence: 0 }
    }

    /// The link from one address to another; it begins with the network's profile.
    pub(super) fn link(&mut self, from: IpAddr, to: IpAddr) -> &mut Link {
        let (seed, profile) = (self.seed, &self.profile);
        self.links.entry((from, to)).or_insert_with(|| {
            let mut hasher = DefaultHasher::new();
            (seed, from, to).hash(&mut hasher);
            Link::new(profile.clone(), hasher.finish())
        })
    }

    pub(super) fn is_bound(&self, address: SocketAddr) -> bool {
        self.inboxes.contains_key(&address)
    }

    /// Closes every socket of a host.
    pub(super) fn close_host(&mut self, ip: IpAddr) {
        self.inboxes.retain(|address, _| address.ip() != ip);
    }

    fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }
}

/// A bound socket. Dropping it frees the address.
pub(super) struct UdpSocket {
    network: Network,
    local: SocketAddr,
    id: u64,
    timer: Mutex<Option<Pin<Box<Sleep>>>>,
}

impl UdpSocket {
    /// Binds `local`; an older socket with that address hears nothing from now on.
    pub(super) fn bind(network: Network, local: SocketAddr) -> Self {
        let id = {
            let mut state = network.state();
            let owner = state.udp.next_sequence();
            let inbox = Inbox { owner, queue: BinaryHeap::new(), waker: None };
            state.udp.inboxes.insert(local, inbox);
            owner
        };
        Self { network, local, id, timer: Mutex::new(None) }
    }

    /// Sends one datagram; returns whom to wake because it will be the next to arrive there.
    fn send(&self, state: &mut State, now: Duration, to: SocketAddr, bytes: &[u8]) -> Option<Waker> {
        let fate = state.udp.link(self.local.ip(), to.ip()).carry(now, bytes.len());
        state.trace.record(now, (self.local, to, fate == Fate::Lost), bytes);
        state.trace.counts.datagrams_sent += 1;
        state.trace.counts.datagram_bytes += bytes.len() as u64;
        let Fate::Arrives(arrives_at) = fate else {
            state.trace.counts.datagrams_lost += 1;
            return None;
        };
        let sequence = state.udp.next_sequence();
        let inbox = state.udp.inboxes.get_mut(&to).filter(|inbox| inbox.queue.len() < INBOX_DATAGRAMS_MAX);
        let Some(inbox) = inbox else {
            state.trace.counts.datagrams_unclaimed += 1;
            return None;
        };
        let is_next = inbox.queue.peek().is_none_or(|Reverse(first)| arrives_at < first.arrives_at);
        inbox.queue.push(Reverse(Datagram { arrives_at, sequence, from: self.local, bytes: bytes.to_vec() }));
        if is_next { inbox.waker.take() } else { None }
    }

    /// Fills the buffers with what has arrived, else says when to look again.
    fn receive(&self, cx: &Context<'_>, bufs: &mut [IoSliceMut<'_>], meta: &mut [RecvMeta]) -> Received {
        let now = self.network.now();
        let mut state = self.network.state();
        let Some(inbox) = state.udp.inboxes.get_mut(&self.local).filter(|inbox| inbox.owner == self.id)
        else {
            return Received::Nothing { next_at: None };
        };
        let mut count = 0;
        for (buf, meta) in bufs.iter_mut().zip(meta) {
            if inbox.queue.peek().is_none_or(|Reverse(first)| first.arrives_at > now) {
                break;
            }
            let Some(Reverse(datagram)) = inbox.queue.pop() else { break };
            let length = datagram.bytes.len().min(buf.len());
            buf[..length].copy_from_slice(&datagram.bytes[..length]);
            let mut filled = RecvMeta::default();
            (filled.addr, filled.len, filled.stride) = (datagram.from, length, length.max(1));
            *meta = filled;
            count += 1;
        }
        if count > 0 {
            return Received::Datagrams(count);
        }
        inbox.waker = Some(cx.waker().clone());
        Received::Nothing { next_at: inbox.queue.peek().map(|Reverse(first)| first.arrives_at) }
    }
}

enum Received {
    Datagrams(usize),
    Nothing { next_at: Option<Duration> },
}

impl AsyncUdpSocket for UdpSocket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }

    fn poll_send(&self, _: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        let now = self.network.now();
        let segment = transmit.segment_size.unwrap_or(transmit.contents.len()).max(1);
        let wakers: Vec<Waker> = {
            let mut state = self.network.state();
            let segments = transmit.contents.chunks(segment);
            segments.filter_map(|bytes| self.send(&mut state, now, transmit.destination, bytes)).collect()
        };
        wakers.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(transmit.contents.len()))
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            let next_at = match self.receive(cx, bufs, meta) {
                Received::Datagrams(count) => return Poll::Ready(Ok(count)),
                Received::Nothing { next_at } => next_at,
            };
            let mut timer = self.timer.lock().expect("no code panics while it holds the timer");
            let Some(next_at) = next_at.map(|at| self.network.instant(at)) else {
                *timer = None;
                return Poll::Pending;
            };
            let sleep = timer.get_or_insert_with(|| Box::pin(sleep_until(next_at)));
            if sleep.deadline() != next_at {
                sleep.as_mut().reset(next_at);
            }
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            *timer = None;
        }
    }
}

impl Drop for UdpSocket {
    fn drop(&mut self) {
        let mut state = self.network.state();
        if state.udp.inboxes.get(&self.local).is_some_and(|inbox| inbox.owner == self.id) {
            state.udp.inboxes.remove(&self.local);
        }
    }
}

impl std::fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "simulated UDP socket {}", self.local)
    }
}
