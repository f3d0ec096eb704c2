//! What the hub said and this client took in: each numbered frame once, in order, and acknowledged in time. Pure.

use holdfast_protocol::{Seq, limits::ACK_FRAMES, timing::ACK_DELAY_MS};

/// What to make of a numbered frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// The next one.
    Next,
    /// One taken in before.
    Again,
    /// Frames between it and the last one are missing.
    Gap,
}

/// The last frame taken in, and what is owed for it.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    last: u32,
    owed: u32,
    ack_at_ms: Option<u64>,
}

impl Inbox {
    /// One that has taken in everything up to `seq`.
    pub(super) fn after(seq: Seq) -> Self {
        Self { last: seq.0, owed: 0, ack_at_ms: None }
    }

    /// The last frame taken in.
    pub(super) fn last(&self) -> Seq {
        Seq(self.last)
    }

    /// Looks at a frame's number, and takes it in when it is the next.
    pub(super) fn take(&mut self, now_ms: u64, seq: Seq) -> Verdict {
        if seq.0 <= self.last {
            return Verdict::Again;
        }
        if seq.0 - self.last > 1 {
            return Verdict::Gap;
        }
        self.last = seq.0;
        self.owed += 1;
        let delay_ms = if self.owed >= ACK_FRAMES { 0 } else { ACK_DELAY_MS };
        let at_ms = now_ms + delay_ms;
        self.ack_at_ms = Some(self.ack_at_ms.map_or(at_ms, |due_ms| due_ms.min(at_ms)));
        Verdict::Next
    }

    /// When an acknowledgement is due, if one is owed.
    pub(super) fn ack_at_ms(&self) -> Option<u64> {
        self.ack_at_ms
    }

    /// The acknowledgement that is sent now.
    pub(super) fn ack(&mut self) -> Seq {
        (self.owed, self.ack_at_ms) = (0, None);
        self.last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_frame_is_taken_once_and_none_is_skipped() {
        let mut inbox = Inbox::after(Seq(41));
        let verdicts = [41, 42, 42, 44, 43].map(|seq| inbox.take(0, Seq(seq)));
        assert_eq!(verdicts, [Verdict::Again, Verdict::Next, Verdict::Again, Verdict::Gap, Verdict::Next]);
        assert_eq!(inbox.last(), Seq(43));
        assert_eq!(Inbox::default().take(0, Seq(0)), Verdict::Again, "numbers begin at 1");
    }

    #[test]
    fn an_acknowledgement_is_due_after_a_second_or_sixteen_frames() {
        let mut inbox = Inbox::default();
        assert_eq!(inbox.ack_at_ms(), None);
        for seq in 1..ACK_FRAMES {
            inbox.take(u64::from(seq), Seq(seq));
            assert_eq!(inbox.ack_at_ms(), Some(1 + ACK_DELAY_MS), "counted from the first");
        }
        inbox.take(500, Seq(ACK_FRAMES));
        assert_eq!(inbox.ack_at_ms(), Some(500));
        assert_eq!((inbox.ack(), inbox.ack_at_ms()), (Seq(ACK_FRAMES), None));
    }
}
