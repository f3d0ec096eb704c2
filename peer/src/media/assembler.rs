//! Joins the packets of one VP8 stream to frames, and lets through only frames that decode: none before the first
//! key frame, none after a loss until the next one. Pure: it is told the time.

use super::{Frame, reorder::Ordered, rtp::RtpPacket, vp8};
use bytes::BytesMut;

/// Between two requests for a key frame: a sender answers one within 50 ms, but drops one that comes within 200 ms of
/// its last key frame.
pub const KEY_FRAME_RETRY_MS: u64 = 400;
/// A stream without packets for this long has nothing to ask for.
const IDLE_MS: u64 = 1_000;
/// Largest frame, in bytes; a larger one is dropped.
pub const FRAME_BYTES_MAX: usize = 4 << 20;

/// Frames of one stream in the making.
#[derive(Debug, Default)]
pub struct Assembler {
    /// The decoder has everything up to here.
    in_step: bool,
    partial: Option<Partial>,
    last_packet_ms: Option<u64>,
    last_request_ms: Option<u64>,
    dropped: u64,
}

#[derive(Debug)]
struct Partial {
    timestamp_ticks: u32,
    data: BytesMut,
}

impl Assembler {
    /// Takes the next thing of the stream, in order; gives a frame when one is complete and decodes.
    pub fn push(&mut self, now_ms: u64, next: Ordered) -> Option<Frame> {
        let Ordered::Packet(packet) = next else {
            self.lose();
            return None;
        };
        self.last_packet_ms = Some(now_ms);
        let descriptor = vp8::descriptor(&packet.payload)?;
        if descriptor.starts_frame {
            if self.partial.is_some() {
                self.lose();
            }
            self.partial = Some(Partial { timestamp_ticks: packet.timestamp_ticks, data: BytesMut::new() });
        }
        // Without its first packet the frame is already given up.
        let partial = self.partial.as_mut()?;
        let fits = partial.data.len() + packet.payload.len() <= FRAME_BYTES_MAX;
        if partial.timestamp_ticks != packet.timestamp_ticks || !fits {
            self.lose();
            return None;
        }
        partial.data.extend_from_slice(&packet.payload[descriptor.bytes..]);
        if packet.marker { self.complete(&packet) } else { None }
    }

    fn complete(&mut self, last: &RtpPacket) -> Option<Frame> {
        let data = self.partial.take()?.data.freeze();
        let key = vp8::is_key_frame(&data);
        if key {
            self.in_step = true;
            self.last_request_ms = None;
        }
        if !self.in_step {
            self.dropped += 1;
            return None;
        }
        Some(Frame { data, timestamp_ticks: last.timestamp_ticks, key })
    }

    fn lose(&mut self) {
        self.in_step = false;
        self.dropped += u64::from(self.partial.take().is_some());
    }

    /// Whether to ask the sender for a key frame now; it counts as asked.
    pub fn asks_key_frame(&mut self, now_ms: u64) -> bool {
        let due = self.request_due_ms().is_some_and(|due_ms| due_ms <= now_ms);
        if due {
            self.last_request_ms = Some(now_ms);
        }
        due && self.last_packet_ms.is_some_and(|last_ms| now_ms < last_ms + IDLE_MS)
    }

    /// When to ask, if a key frame is missing.
    pub fn request_due_ms(&self) -> Option<u64> {
        let last_packet_ms = self.last_packet_ms.filter(|_| !self.in_step)?;
        let due_ms = self.last_request_ms.map_or(0, |last_ms| last_ms + KEY_FRAME_RETRY_MS);
        (due_ms < last_packet_ms + IDLE_MS).then_some(due_ms)
    }

    /// Frames that were incomplete or would not decode, since this was last called.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{Section, rtp::Packetizer};

    /// Ten frames of three packets each, the ones at `keys` key frames.
    fn stream(keys: &[u32]) -> Vec<(Frame, Vec<RtpPacket>)> {
        let mut packetizer = Packetizer::new(Section::Camera, 65_530, 77);
        let mut frames = vec![];
        for number in 0..10 {
            let key = keys.contains(&number);
            let mut data = vec![u8::try_from(number).unwrap(); 3_000];
            data[0] = u8::from(!key);
            let frame = Frame { data: data.into(), timestamp_ticks: number * 4_500, key };
            let packets = packetizer.packets(&frame);
            assert_eq!(packets.len(), 3);
            frames.push((frame, packets));
        }
        frames
    }

    /// The frames, by number, that come out when the packets for which `lost` says so do not arrive.
    fn survivors(keys: &[u32], lost: impl Fn(usize, usize) -> bool) -> Vec<u32> {
        let mut assembler = Assembler::default();
        let mut out = vec![];
        for (number, (frame, packets)) in stream(keys).into_iter().enumerate() {
            for (place, packet) in packets.into_iter().enumerate() {
                let next =
                    if lost(number, place) { Ordered::Lost { packets: 1 } } else { Ordered::Packet(packet) };
                if let Some(got) = assembler.push(0, next) {
                    assert_eq!((&got.data, got.key), (&frame.data, frame.key));
                    out.push((got.timestamp_ticks - 77) / 4_500);
                }
            }
        }
        out
    }

    #[test]
    fn without_loss_every_frame_from_the_first_key_frame_on() {
        assert_eq!(survivors(&[0, 5], |_, _| false), (0..10).collect::<Vec<_>>());
        assert_eq!(survivors(&[3], |_, _| false), (3..10).collect::<Vec<_>>());
        assert!(survivors(&[], |_, _| false).is_empty());
    }

    #[test]
    fn after_a_loss_nothing_until_the_next_key_frame() {
        for place in 0..3 {
            assert_eq!(survivors(&[0, 5], |f, p| (f, p) == (2, place)), [0, 1, 5, 6, 7, 8, 9], "{place}");
            assert_eq!(survivors(&[0, 5], |f, p| (f, p) == (0, place)), [5, 6, 7, 8, 9], "{place}");
        }
        assert_eq!(survivors(&[0, 5], |f, p| f == 5 || (f, p) == (1, 0)), [0]);
    }

    #[test]
    fn a_missing_key_frame_is_asked_for_until_it_comes() {
        let mut assembler = Assembler::default();
        assert!(!assembler.asks_key_frame(0), "nothing was heard of the stream yet");
        let frames = stream(&[3]);
        assembler.push(1_000, Ordered::Packet(frames[1].1[0].clone()));
        assert!(assembler.asks_key_frame(1_000));
        assert!(!assembler.asks_key_frame(1_399));
        assert!(assembler.asks_key_frame(1_400));
        for packet in &frames[3].1 {
            assembler.push(1_500, Ordered::Packet(packet.clone()));
        }
        assert_eq!(assembler.request_due_ms(), None, "it came");
        assembler.push(1_600, Ordered::Lost { packets: 1 });
        assert!(assembler.asks_key_frame(1_600), "a new loss is asked for at once");
        assert!(!assembler.asks_key_frame(2_600), "the stream is silent");
    }
}
