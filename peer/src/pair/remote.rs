//! What the other side may make this one do: how often it may have a connection opened or ICE restarted, and how many
//! candidates it may name. A wish costs it one frame and this side sockets, a task and signals; a candidate is checked
//! from every local address, so one frame becomes many packets to whomever it names. Pure: it is told the time.

use crate::rtc::CANDIDATES_MAX;
use holdfast_protocol::Signal;

/// Wishes granted at once.
const BURST: u64 = 6;
/// After that, one wish is granted each so often.
const REFILL_MS: u64 = 1_000;

/// A token bucket, full at first.
#[derive(Debug, Default)]
struct Bucket {
    full_at_ms: u64,
}

impl Bucket {
    fn take(&mut self, now_ms: u64) -> bool {
        let full_at_ms = self.full_at_ms.max(now_ms) + REFILL_MS;
        let granted = full_at_ms <= now_ms + BURST * REFILL_MS;
        if granted {
            self.full_at_ms = full_at_ms;
        }
        granted
    }
}

/// The bounds on one pair's other side.
#[derive(Debug, Default)]
pub(super) struct Remote {
    wishes: Bucket,
    /// Taken since the last remote description.
    candidates: usize,
}

impl Remote {
    /// Whether a signal is taken at `now_ms`. Every offer counts, also one seen before: its answer and candidates are
    /// all said again.
    pub(super) fn takes(&mut self, now_ms: u64, signal: &Signal) -> bool {
        match signal {
            Signal::Offer { .. } | Signal::Negotiate { .. } => self.wishes.take(now_ms),
            Signal::Answer { .. } | Signal::Candidate { .. } => true,
        }
    }

    /// A new remote description is set: its candidates are counted anew.
    pub(super) fn described(&mut self) {
        self.candidates = 0;
    }

    /// Whether one more candidate is taken.
    pub(super) fn takes_candidate(&mut self) -> bool {
        self.candidates = self.candidates.saturating_add(1);
        self.candidates <= CANDIDATES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_protocol::{ConnectionId, NegotiateReason};

    fn connection(n: usize) -> ConnectionId {
        format!("{n:08x}-0000-4000-8000-000000000001").parse().unwrap()
    }

    #[test]
    fn wishes_come_in_a_burst_then_one_each_second_and_in_a_burst_again_after_a_rest() {
        let mut remote = Remote::default();
        let mut granted = |at_ms| {
            let offer = |n| Signal::Offer { connection: connection(n), generation: 1, sdp: String::new() };
            let reason = NegotiateReason::ConnectionLost;
            let wish = |n| Signal::Negotiate { connection: Some(connection(n)), generation: 1, reason };
            (0..100).filter(|n| remote.takes(at_ms, &if n % 2 == 0 { offer(*n) } else { wish(*n) })).count()
        };
        assert_eq!(granted(50), 6);
        assert_eq!(granted(1_049), 0);
        assert_eq!(granted(1_050), 1);
        assert_eq!(granted(3_050), 2);
        assert_eq!(granted(60_000), 6, "no more is saved up than a burst");
    }

    #[test]
    fn what_opens_nothing_is_not_counted() {
        let mut remote = Remote::default();
        let answer = Signal::Answer { connection: connection(1), generation: 1, sdp: String::new() };
        assert_eq!((0..100).filter(|_| remote.takes(0, &answer)).count(), 100);
    }

    #[test]
    fn candidates_are_bounded_per_description() {
        let mut remote = Remote::default();
        let mut taken = || (0..1_000).filter(|_| remote.takes_candidate()).count();
        assert_eq!((taken(), taken()), (CANDIDATES_MAX, 0));
        remote.described();
        assert!(remote.takes_candidate());
    }
}
