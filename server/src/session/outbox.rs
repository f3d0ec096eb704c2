//! The bounded queue of frames for one client. Calls push into it without waiting; the socket's task drains it. What
//! is sent stays until the client has acknowledged it, so that a client that comes back goes on where it stopped.

use crate::outgoing::{About, Outgoing, Written};
use holdfast_protocol::{CallId, Seq};
use prometheus_client::metrics::gauge::Gauge;
use std::collections::VecDeque;

/// What a client may have waiting even when all queues together hold as much as they may: an offer and some
/// candidates. So those who fill the hub's memory are closed, and not those who come after them.
const ASSURED_BYTES: usize = 16_384;
/// A queue that has been longer than this gives its memory back once it is empty.
const SPARE_FRAMES: usize = 64;

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

/// The client acknowledges what it was never sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NeverSent;

/// Frames in order, bounded in number and bytes.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// Numbered frames that are not acknowledged; the first one has the number after `acked`.
    kept: VecDeque<Kept>,
    /// The last number that was acknowledged.
    acked: u32,
    /// How many of `kept` have gone out on the present socket.
    sent: usize,
    /// The last number that has ever gone out.
    sent_max: u32,
    /// Frames without a number, each with the number after which it goes out.
    beside: VecDeque<(u32, Outgoing)>,
    bytes: usize,
    frames_max: usize,
    bytes_max: usize,
    budget: Budget,
}

#[derive(Debug)]
struct Kept {
    frame: Outgoing,
    made_ms: u64,
}

impl Outbox {
    /// An empty queue.
    pub(crate) fn new(frames_max: usize, bytes_max: usize, budget: Budget) -> Self {
        Self {
            kept: VecDeque::new(),
            acked: 0,
            sent: 0,
            sent_max: 0,
            beside: VecDeque::new(),
            bytes: 0,
            frames_max,
            bytes_max,
            budget,
        }
    }

    /// Adds a frame at the end.
    pub(crate) fn push(&mut self, now_ms: u64, frame: Outgoing) -> Result<(), Full> {
        let added = frame.bytes();
        let bytes = self.bytes + added;
        if self.kept.len() + self.beside.len() >= self.frames_max || bytes > self.bytes_max {
            return Err(Full);
        }
        if bytes > ASSURED_BYTES && self.budget.is_spent() {
            return Err(Full);
        }
        // The history ends before its numbers do.
        let last = self.number(self.kept.len()).filter(|last| *last < u32::MAX).ok_or(Full)?;
        self.budget.held_bytes.inc_by(signed(added));
        self.bytes = bytes;
        if frame.numbered {
            self.kept.push_back(Kept { frame, made_ms: now_ms });
        } else {
            self.beside.push_back((last, frame));
        }
        Ok(())
    }

    /// The number of the `count`th of `kept`, counted from 1.
    fn number(&self, count: usize) -> Option<u32> {
        self.acked.checked_add(u32::try_from(count).ok()?)
    }

    /// Whether the sender of `frame` has its share of the queue, one part in `parts`, waiting already.
    pub(crate) fn share_is_used(&self, frame: &Outgoing, parts: usize) -> bool {
        let (frames, bytes) = ((self.frames_max / parts).max(1), self.bytes_max / parts);
        if frame.from.is_none() || (self.kept.len() < frames && self.bytes + frame.bytes() <= bytes) {
            return false;
        }
        let theirs = || self.kept.iter().filter(|kept| kept.frame.from == frame.from);
        let held: usize = theirs().map(|kept| kept.frame.bytes()).sum();
        theirs().count() >= frames || (held > 0 && held + frame.bytes() > bytes)
    }

    /// Writes out the next frame that the present socket has not been given.
    pub(crate) fn next(&mut self, now_ms: u64) -> Option<Written> {
        let sent = self.number(self.sent)?;
        if self.beside.front().is_some_and(|(after, _)| *after <= sent) {
            let (_, frame) = self.beside.pop_front()?;
            self.let_go(frame.bytes());
            return Some(frame.write(None, 0));
        }
        let seq = self.number(self.sent + 1)?;
        let Kept { frame, made_ms } = self.kept.get(self.sent)?;
        let written = frame.write(Some(Seq(seq)), now_ms.saturating_sub(*made_ms));
        self.sent += 1;
        self.sent_max = self.sent_max.max(seq);
        Some(written)
    }

    /// The client has taken in everything up to `seq`. What it has said before is no news.
    ///
    /// # Errors
    /// When it was never sent.
    pub(crate) fn ack(&mut self, seq: Seq) -> Result<(), NeverSent> {
        if seq.0 > self.sent_max {
            return Err(NeverSent);
        }
        while self.acked < seq.0
            && let Some(kept) = self.kept.pop_front()
        {
            self.acked += 1;
            self.sent = self.sent.saturating_sub(1);
            self.let_go(kept.frame.bytes());
        }
        if self.kept.is_empty() && self.kept.capacity() > SPARE_FRAMES {
            self.kept = VecDeque::new();
        }
        Ok(())
    }

    /// Goes on after `seq` on another socket; false, and nothing is changed, when that is not possible.
    pub(crate) fn go_on_after(&mut self, seq: Seq) -> bool {
        if seq.0 < self.acked || self.ack(seq).is_err() {
            return false;
        }
        self.sent = 0;
        self.socket_lost();
        true
    }

    /// The socket is gone: drops what was about it alone.
    pub(crate) fn socket_lost(&mut self) {
        let bytes = self.beside.drain(..).map(|(_, frame)| frame.bytes()).sum();
        self.let_go(bytes);
    }

    /// Whether it is about to tell its client, who is away and in `call` no more, why: that the call has ended, or that
    /// its own place is gone, which is the last that it hears of it.
    pub(crate) fn tells_end_of(&self, call: CallId) -> bool {
        let mut frames = self.kept.iter().rev().map(|kept| &kept.frame);
        let is_of = |frame: &&Outgoing| [About::Call(call), About::End(call)].contains(&frame.about);
        frames
            .find(is_of)
            .is_some_and(|last| last.about == About::End(call) || ["peer-left", "left"].contains(&last.kind))
    }

    /// Whether something waits for the present socket.
    #[cfg(test)]
    pub(super) fn has_unsent(&self) -> bool {
        self.sent < self.kept.len()
    }

    /// Drops everything and counts from 1 again.
    pub(crate) fn begin_anew(&mut self) {
        (self.kept, self.beside) = (VecDeque::new(), VecDeque::new());
        (self.acked, self.sent, self.sent_max) = (0, 0, 0);
        self.let_go(self.bytes);
    }

    /// Counts out what was dropped.
    fn let_go(&mut self, bytes: usize) {
        self.budget.held_bytes.dec_by(signed(bytes));
        self.bytes -= bytes;
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.begin_anew();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::OsEntropy;
    use holdfast_protocol::{ErrorCode, ErrorFrame, HubFrame, ParticipantId};

    /// A numbered frame of some length.
    fn frame(message: &str) -> Outgoing {
        let error = ErrorFrame {
            code: ErrorCode::Internal,
            message: message.into(),
            retry_after_ms: None,
            in_reply_to: None,
        };
        Outgoing::new(&HubFrame::Error(error))
    }

    fn bytes(count: usize) -> Outgoing {
        let empty = frame("").bytes();
        frame(&"x".repeat(count - empty))
    }

    fn budget(bytes_max: u64) -> Budget {
        Budget::new(Gauge::default(), bytes_max)
    }

    /// What goes out now: numbers, or the type of what has none.
    fn drain(outbox: &mut Outbox) -> Vec<String> {
        let written = std::iter::from_fn(|| outbox.next(0));
        let name = |written: Written| {
            let seq = holdfast_protocol::Numbered::decode(&written.text).unwrap().seq;
            seq.map_or_else(|| written.kind.to_owned(), |seq| seq.0.to_string())
        };
        written.map(name).collect()
    }

    #[test]
    fn both_bounds_hold_and_only_acknowledging_makes_room() {
        let mut outbox = Outbox::new(3, 1_000, budget(9_999));
        for _ in 0..2 {
            outbox.push(0, bytes(400)).unwrap();
        }
        assert_eq!(outbox.push(0, bytes(300)), Err(Full), "bytes");
        outbox.push(0, bytes(200)).unwrap();
        assert_eq!(drain(&mut outbox), ["1", "2", "3"]);
        assert_eq!(outbox.push(0, Outgoing::new(&HubFrame::HeartbeatAck)), Err(Full), "frames");
        outbox.ack(Seq(1)).unwrap();
        outbox.push(0, bytes(400)).unwrap();
        assert_eq!(drain(&mut outbox), ["4"]);
    }

    #[test]
    fn what_has_no_number_keeps_its_place_and_dies_with_its_socket() {
        let mut outbox = Outbox::new(9, 9_999, budget(9_999));
        let heartbeat = Outgoing::new(&HubFrame::HeartbeatAck);
        for frame in [frame("a"), heartbeat.clone(), frame("b"), heartbeat.clone()] {
            outbox.push(0, frame).unwrap();
        }
        assert_eq!(drain(&mut outbox), ["1", "heartbeat-ack", "2", "heartbeat-ack"]);
        outbox.push(0, heartbeat).unwrap();
        assert!(outbox.go_on_after(Seq(1)));
        assert_eq!(drain(&mut outbox), ["2"]);
    }

    #[test]
    fn an_acknowledgement_is_taken_only_for_what_was_sent() {
        let mut outbox = Outbox::new(9, 9_999, budget(9_999));
        for _ in 0..3 {
            outbox.push(0, frame("a")).unwrap();
        }
        outbox.next(0).unwrap();
        outbox.next(0).unwrap();
        assert_eq!(outbox.ack(Seq(3)), Err(NeverSent));
        assert_eq!((outbox.ack(Seq(2)), outbox.ack(Seq(1))), (Ok(()), Ok(())), "the second one is stale");
        assert_eq!(drain(&mut outbox), ["3"]);
        assert!(!outbox.go_on_after(Seq(1)), "2 is gone");
        assert!(!outbox.go_on_after(Seq(4)), "never sent");
        assert!(outbox.go_on_after(Seq(2)));
        assert_eq!(drain(&mut outbox), ["3"], "again");
        outbox.begin_anew();
        outbox.push(0, frame("a")).unwrap();
        assert_eq!(drain(&mut outbox), ["1"]);
    }

    #[test]
    fn when_all_together_hold_too_much_only_those_with_much_are_closed() {
        let budget = budget(100_000);
        let queue = || Outbox::new(99, 1_000_000, budget.clone());
        let (mut hoarder, mut honest) = (queue(), queue());
        while hoarder.push(0, bytes(10_000)).is_ok() {}
        assert!((100_001..=110_000).contains(&budget.held_bytes.get()), "{}", budget.held_bytes.get());
        honest.push(0, bytes(12_000)).unwrap();
        assert_eq!(honest.push(0, bytes(12_000)), Err(Full));
        drop(hoarder);
        honest.push(0, bytes(12_000)).unwrap();
        honest.push(0, Outgoing::new(&HubFrame::HeartbeatAck)).unwrap();
        assert_eq!(drain(&mut honest), ["1", "2", "heartbeat-ack"]);
        assert_eq!(budget.held_bytes.get(), 24_000, "until they are acknowledged");
        honest.ack(Seq(1)).unwrap();
        assert_eq!(budget.held_bytes.get(), 12_000);
        drop(honest);
        assert_eq!(budget.held_bytes.get(), 0, "every byte is counted out");
    }

    #[test]
    fn one_sender_has_its_share_sent_or_not() {
        let [eve, bob] = [(); 2].map(|()| ParticipantId::mint(&OsEntropy));
        let call = CallId::mint(&OsEntropy);
        let signal = |from| Outgoing::signal("{\"type\":\"signal\"}".into(), call, from);
        let mut outbox = Outbox::new(12, 9_999, budget(9_999));
        for _ in 0..2 {
            assert!(!outbox.share_is_used(&signal(eve), 6));
            outbox.push(0, signal(eve)).unwrap();
            outbox.next(0).unwrap();
        }
        assert!(outbox.share_is_used(&signal(eve), 6) && !outbox.share_is_used(&signal(bob), 6));
        outbox.ack(Seq(1)).unwrap();
        assert!(!outbox.share_is_used(&signal(eve), 6));
    }
}
