//! The bounded queue of frames for one client. Rooms push into it without waiting; the socket's task drains it.

use crate::outgoing::{Keep, Outgoing};
use holdfast_protocol::CallId;
use prometheus_client::metrics::gauge::Gauge;
use std::collections::VecDeque;

/// What a client may have waiting even when all queues together hold as much as they may: an offer and some
/// candidates. So those who fill the hub's memory are closed, and not those who come after them.
const ASSURED_BYTES: usize = 16_384;

/// What all queues of a hub together may hold. The count is the gauge that `/metrics` shows.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    held_bytes: Gauge,
    bytes_max: i64,
}

impl Budget {
    /// Counts in `held_bytes`.
    pub(crate) fn new(held_bytes: Gauge, bytes_max: u64) -> Self {
        Self { held_bytes, bytes_max: signed(bytes_max) }
    }

    fn is_spent(&self) -> bool {
        self.held_bytes.get() > self.bytes_max
    }
}

fn signed(bytes: impl TryInto<i64>) -> i64 {
    bytes.try_into().unwrap_or(i64::MAX)
}

/// The queue holds as much as it may.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Full;

/// Frames in order, bounded in number and bytes.
#[derive(Debug)]
pub(crate) struct Outbox {
    frames: VecDeque<Outgoing>,
    bytes: usize,
    frames_max: usize,
    bytes_max: usize,
    budget: Budget,
}

impl Outbox {
    /// An empty queue.
    pub(crate) fn new(frames_max: usize, bytes_max: usize, budget: Budget) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, frames_max, bytes_max, budget }
    }

    /// Adds a frame at the end.
    pub(crate) fn push(&mut self, frame: Outgoing) -> Result<(), Full> {
        let bytes = self.bytes + frame.text.len();
        if self.frames.len() >= self.frames_max || bytes > self.bytes_max {
            return Err(Full);
        }
        if bytes > ASSURED_BYTES && self.budget.is_spent() {
            return Err(Full);
        }
        self.budget.held_bytes.inc_by(signed(frame.text.len()));
        self.bytes = bytes;
        self.frames.push_back(frame);
        Ok(())
    }

    /// Whether the sender of `frame` has its share of the queue, one part in `parts`, waiting already.
    pub(crate) fn share_is_used(&self, frame: &Outgoing, parts: usize) -> bool {
        let (frames, bytes) = ((self.frames_max / parts).max(1), self.bytes_max / parts);
        if frame.from.is_none() || (self.frames.len() < frames && self.bytes + frame.text.len() <= bytes) {
            return false;
        }
        let theirs = || self.frames.iter().filter(|queued| queued.from == frame.from);
        let held: usize = theirs().map(|queued| queued.text.len()).sum();
        theirs().count() >= frames || (held > 0 && held + frame.text.len() > bytes)
    }

    /// Takes the first frame.
    pub(crate) fn pop(&mut self) -> Option<Outgoing> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.text.len();
        self.budget.held_bytes.dec_by(signed(frame.text.len()));
        Some(frame)
    }

    /// The socket is gone: drops what was about it alone.
    pub(crate) fn socket_lost(&mut self) {
        self.retain(|keep| keep != Keep::Never);
    }

    /// A newer snapshot of `call` is about to be told: drops what it replaces, and with a new instance also the
    /// signals to the old one.
    pub(crate) fn resync(&mut self, call: CallId, new_instance: bool) {
        self.retain(|keep| {
            keep != Keep::UntilSnapshot(call) && !(new_instance && keep == Keep::ForInstance(call))
        });
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) {
        self.frames = VecDeque::new();
        self.set_bytes(0);
    }

    fn retain(&mut self, wanted: impl Fn(Keep) -> bool) {
        self.frames.retain(|frame| wanted(frame.keep));
        self.set_bytes(self.frames.iter().map(|frame| frame.text.len()).sum());
    }

    /// After frames were dropped.
    fn set_bytes(&mut self, bytes: usize) {
        self.budget.held_bytes.dec_by(signed(self.bytes - bytes));
        self.bytes = bytes;
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::OsEntropy;

    fn frame(text: &str, keep: Keep) -> Outgoing {
        Outgoing { text: text.into(), kind: "test", keep, from: None }
    }

    fn budget(bytes_max: u64) -> Budget {
        Budget::new(Gauge::default(), bytes_max)
    }

    fn drain(outbox: &mut Outbox) -> String {
        std::iter::from_fn(|| outbox.pop()).map(|frame| frame.text.to_string()).collect()
    }

    #[test]
    fn both_bounds_hold_and_popping_makes_room() {
        let mut outbox = Outbox::new(3, 10, budget(99));
        for text in ["aaaa", "bbbb"] {
            outbox.push(frame(text, Keep::Always)).unwrap();
        }
        assert_eq!(outbox.push(frame("ccc", Keep::Always)), Err(Full), "bytes");
        outbox.push(frame("cc", Keep::Always)).unwrap();
        assert_eq!(outbox.push(frame("", Keep::Always)), Err(Full), "frames");
        outbox.pop().unwrap();
        outbox.push(frame("dddd", Keep::Always)).unwrap();
        assert_eq!(drain(&mut outbox), "bbbbccdddd");
    }

    #[test]
    fn when_all_together_hold_too_much_only_those_with_much_are_closed() {
        let budget = budget(100_000);
        let queue = || Outbox::new(99, 1_000_000, budget.clone());
        let (mut hoarder, mut honest) = (queue(), queue());
        while hoarder.push(frame(&"x".repeat(10_000), Keep::Always)).is_ok() {}
        assert!((100_001..=110_000).contains(&budget.held_bytes.get()), "{}", budget.held_bytes.get());
        honest.push(frame(&"y".repeat(12_000), Keep::Always)).unwrap();
        assert_eq!(honest.push(frame(&"y".repeat(12_000), Keep::Always)), Err(Full));
        hoarder.pop().unwrap();
        drop(hoarder);
        honest.push(frame(&"y".repeat(12_000), Keep::Never)).unwrap();
        honest.socket_lost();
        assert_eq!(budget.held_bytes.get(), 12_000);
        drop(honest);
        assert_eq!(budget.held_bytes.get(), 0, "every byte is counted out");
    }

    #[test]
    fn a_resync_drops_what_the_snapshot_replaces_and_nothing_else() {
        let [one, two] = [(); 2].map(|()| CallId::mint(&OsEntropy));
        let filled = || {
            let mut outbox = Outbox::new(9, 99, budget(99));
            let keeps = [
                Keep::UntilSnapshot(one),
                Keep::ForInstance(one),
                Keep::UntilSnapshot(two),
                Keep::ForInstance(two),
                Keep::Always,
                Keep::Never,
            ];
            for (text, keep) in ["1", "2", "3", "4", "5", "6"].iter().zip(keeps) {
                outbox.push(frame(text, keep)).unwrap();
            }
            outbox
        };
        let mut same = filled();
        same.socket_lost();
        same.resync(one, false);
        assert_eq!((drain(&mut same).as_str(), same.bytes), ("2345", 0));
        let mut new = filled();
        new.resync(one, true);
        assert_eq!(drain(&mut new), "3456");
    }
}
