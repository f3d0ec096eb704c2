//! What went over the simulated network: counters, and a running hash by which two runs are compared.

use std::{
    hash::{DefaultHasher, Hash, Hasher as _},
    time::Duration,
};

/// Counts of everything sent so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Traffic {
    /// UDP datagrams handed to the network.
    pub datagrams_sent: u64,
    /// Those that were lost on a link.
    pub datagrams_lost: u64,
    /// Those that arrived where no socket, or one with a full inbox, was.
    pub datagrams_unclaimed: u64,
    /// Bytes of all datagrams handed to the network.
    pub datagram_bytes: u64,
    /// TCP connections opened.
    pub tcp_connections: u64,
    /// Bytes carried by TCP.
    pub tcp_bytes: u64,
    /// Depends on every byte, its time and its way. Equal hashes mean equal runs.
    pub hash: u64,
}

/// Collects [`Traffic`].
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// The counts; `hash` is filled in by [`Trace::traffic`].
    pub(super) counts: Traffic,
    hasher: DefaultHasher,
}

impl Trace {
    /// Mixes one packet's way, fate and bytes into the hash.
    pub(super) fn record(&mut self, now: Duration, way: impl Hash, bytes: &[u8]) {
        now.hash(&mut self.hasher);
        way.hash(&mut self.hasher);
        bytes.hash(&mut self.hasher);
    }

    /// The counts with the hash of everything so far.
    pub(super) fn traffic(&self) -> Traffic {
        Traffic { hash: self.hasher.finish(), ..self.counts }
    }
}
