//! Puts the packets of one stream back in order: a packet that arrives early waits for the ones before it, and
//! after a while they are given up as lost. Pure: it is told the time.

use super::rtp::RtpPacket;
use std::collections::BTreeMap;

/// Most packets held back; one more gives up what is missing at once.
pub const HELD_MAX: usize = 1_024;
/// A jump in the numbering larger than this, in packets, is a new numbering.
const JUMP_MAX: i64 = 3_000;

/// What comes out, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ordered {
    /// The next packet.
    Packet(RtpPacket),
    /// Packets that did not come.
    Lost {
        /// How many.
        packets: u64,
    },
}

/// A stream's reordering buffer.
#[derive(Debug)]
pub struct Reorder {
    wait_ms: u64,
    next: Option<i64>,
    /// The numbering has begun anew: how much is missing is not known, but something is.
    restarted: bool,
    held: BTreeMap<i64, (u64, RtpPacket)>,
}

impl Reorder {
    /// Waits at most `wait_ms` for a missing packet once a later one is there.
    pub fn new(wait_ms: u64) -> Self {
        Self { wait_ms, next: None, restarted: false, held: BTreeMap::new() }
    }

    /// Takes one packet from the network. What came before, twice, or too late is dropped.
    pub fn push(&mut self, now_ms: u64, packet: RtpPacket) {
        let next = *self.next.get_or_insert_with(|| i64::from(packet.sequence));
        let mut place = next + i64::from(packet.sequence.wrapping_sub(low_bits(next)).cast_signed());
        if (place - next).abs() > JUMP_MAX {
            self.held.clear();
            place = i64::from(packet.sequence);
            self.next = Some(place);
            self.restarted = true;
        }
        if self.next.is_some_and(|next| place >= next) {
            self.held.entry(place).or_insert((now_ms, packet));
        }
    }

    /// The next thing in order, if it is time.
    pub fn pop(&mut self, now_ms: u64) -> Option<Ordered> {
        let next = self.next?;
        if std::mem::take(&mut self.restarted) {
            return Some(Ordered::Lost { packets: 1 });
        }
        let (&first, &(since_ms, _)) = self.held.first_key_value()?;
        if first == next {
            let (_, packet) = self.held.remove(&first)?;
            self.next = Some(next + 1);
            return Some(Ordered::Packet(packet));
        }
        if now_ms < since_ms + self.wait_ms && self.held.len() <= HELD_MAX {
            return None;
        }
        self.next = Some(first);
        Some(Ordered::Lost { packets: (first - next).unsigned_abs() })
    }

    /// When to call [`Reorder::pop`] again although no packet came.
    pub fn deadline_ms(&self) -> Option<u64> {
        self.held.first_key_value().map(|(_, (since_ms, _))| since_ms + self.wait_ms)
    }
}

/// The 16 bits of a place that travel in a packet.
fn low_bits(place: i64) -> u16 {
    u16::try_from(place.rem_euclid(1 << 16)).expect("the remainder of 2^16 fits 16 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u16) -> RtpPacket {
        RtpPacket { sequence, timestamp_ticks: 0, marker: false, payload: bytes::Bytes::new() }
    }

    /// Sequence numbers that come out, with `-n` for n lost.
    fn drain(reorder: &mut Reorder, now_ms: u64) -> Vec<i64> {
        std::iter::from_fn(|| reorder.pop(now_ms))
            .map(|out| match out {
                Ordered::Packet(packet) => i64::from(packet.sequence),
                Ordered::Lost { packets } => -i64::try_from(packets).unwrap(),
            })
            .collect()
    }

    #[test]
    fn early_packets_wait_for_the_ones_before_them() {
        let mut reorder = Reorder::new(100);
        for sequence in [65_534, 0, 65_535, 65_535, 2, 1] {
            reorder.push(0, packet(sequence));
        }
        assert_eq!(drain(&mut reorder, 0), [65_534, 65_535, 0, 1, 2]);
        reorder.push(1, packet(0));
        assert!(drain(&mut reorder, 1).is_empty(), "what is behind is dropped");
    }

    #[test]
    fn what_is_missing_is_given_up_after_the_wait_and_not_before() {
        let mut reorder = Reorder::new(100);
        reorder.push(0, packet(10));
        reorder.push(5, packet(13));
        assert_eq!(drain(&mut reorder, 104), [10]);
        assert_eq!(reorder.deadline_ms(), Some(105));
        assert_eq!(drain(&mut reorder, 105), [-2, 13]);
        assert_eq!(reorder.deadline_ms(), None);
    }

    #[test]
    fn a_full_buffer_gives_up_at_once() {
        let mut reorder = Reorder::new(1_000_000);
        reorder.push(0, packet(0));
        let held = u16::try_from(HELD_MAX).unwrap() + 1;
        for sequence in 2..2 + held {
            reorder.push(0, packet(sequence));
        }
        let out = drain(&mut reorder, 0);
        assert_eq!((out[0], out[1], out.len()), (0, -1, 2 + usize::from(held)));
    }

    #[test]
    fn a_new_numbering_starts_over() {
        let mut reorder = Reorder::new(100);
        reorder.push(0, packet(5));
        reorder.push(0, packet(40_000));
        assert_eq!(drain(&mut reorder, 0), [-1, 40_000], "what went before is a loss of unknown size");
        reorder.push(0, packet(40_001));
        assert_eq!(drain(&mut reorder, 0), [40_001]);
    }
}
