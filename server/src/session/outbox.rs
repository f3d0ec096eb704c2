//! The bounded queue of frames for one client. Rooms push into it without waiting; the socket's task drains it.

use crate::outgoing::{Keep, Outgoing};
use holdfast_protocol::CallId;
use std::collections::VecDeque;

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
}

impl Outbox {
    /// An empty queue.
    pub(crate) fn new(frames_max: usize, bytes_max: usize) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, frames_max, bytes_max }
    }

    /// Adds a frame at the end.
    pub(crate) fn push(&mut self, frame: Outgoing) -> Result<(), Full> {
        let bytes = self.bytes + frame.text.len();
        if self.frames.len() >= self.frames_max || bytes > self.bytes_max {
            return Err(Full);
        }
        self.bytes = bytes;
        self.frames.push_back(frame);
        Ok(())
    }

    /// Takes the first frame.
    pub(crate) fn pop(&mut self) -> Option<Outgoing> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.text.len();
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
        self.bytes = 0;
    }

    fn retain(&mut self, wanted: impl Fn(Keep) -> bool) {
        self.frames.retain(|frame| wanted(frame.keep));
        self.bytes = self.frames.iter().map(|frame| frame.text.len()).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::OsEntropy;

    fn frame(text: &str, keep: Keep) -> Outgoing {
        Outgoing { text: text.into(), kind: "test", keep }
    }

    fn drain(outbox: &mut Outbox) -> String {
        std::iter::from_fn(|| outbox.pop()).map(|frame| frame.text.to_string()).collect()
    }

    #[test]
    fn both_bounds_hold_and_popping_makes_room() {
        let mut outbox = Outbox::new(3, 10);
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
    fn a_resync_drops_what_the_snapshot_replaces_and_nothing_else() {
        let [one, two] = [(); 2].map(|()| CallId::mint(&OsEntropy));
        let filled = || {
            let mut outbox = Outbox::new(9, 99);
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
