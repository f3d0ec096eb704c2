//! What a pair has sent and received, counted where it happens and read from anywhere.

use crate::media::Section;
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only its owner's tasks change.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts `n` more.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// Takes a value counted elsewhere.
    pub fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    /// The number.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// One section of a pair, both ways, over all its connections.
        #[derive(Debug, Default)]
        pub struct SectionCounters { $($(#[$doc])* pub $name: Counter,)* }

        /// The numbers of one section at one moment.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
        pub struct SectionStats { $($(#[$doc])* pub $name: u64,)* }

        impl SectionCounters {
            fn read(&self) -> SectionStats {
                SectionStats { $($name: self.$name.get(),)* }
            }
        }
    };
}

counters! {
    /// RTP packets received.
    packets_received,
    /// Bytes of their payloads.
    bytes_received,
    /// RTP packets that did not come in time.
    packets_lost,
    /// Frames received whole that decode.
    frames_received,
    /// Key frames among them.
    key_frames_received,
    /// Frames that were incomplete or would not decode.
    frames_dropped,
    /// Frames that the bot did not take in time.
    frames_not_taken,
    /// Key frames asked for.
    key_frame_requests_sent,
    /// When the last frame was complete, in milliseconds since the client started.
    last_received_ms,
    /// RTP packets sent.
    packets_sent,
    /// Bytes of their payloads.
    bytes_sent,
    /// Frames sent.
    frames_sent,
    /// Frames that the connection could not take.
    frames_not_sent,
    /// Key frames that the other side asked for.
    key_frame_requests_received,
    /// The last sequence number, with its wraps, that the other side reported as arrived.
    last_arrived,
    /// When it reported a new one, in milliseconds since the client started.
    last_arrived_ms,
}

/// Every section of a pair.
#[derive(Debug, Default)]
pub struct PairCounters([SectionCounters; 4]);

impl PairCounters {
    /// One section.
    pub fn section(&self, section: Section) -> &SectionCounters {
        &self.0[section.index()]
    }

    /// All sections at this moment, in the order of [`Section::ALL`].
    pub fn read(&self) -> [SectionStats; 4] {
        std::array::from_fn(|index| self.0[index].read())
    }
}
