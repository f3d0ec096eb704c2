//! RTP as far as this crate looks into it: the fields that put packets in order, and the cutting of frames into
//! payloads.

use super::{Frame, Section, vp8};
use bytes::Bytes;

/// Largest RTP payload sent, in bytes: with the headers of RTP, SRTP, UDP and IP it fits every common path.
pub const PAYLOAD_BYTES_MAX: usize = 1_150;

/// One packet of one stream (RFC 3550 §5.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RtpPacket {
    /// Counts packets; wraps around.
    pub sequence: u16,
    /// In ticks of the stream's clock; wraps around.
    pub timestamp_ticks: u32,
    /// For video: the last packet of a frame.
    pub marker: bool,
    /// What the codec's payload format says.
    pub payload: Bytes,
}

/// Cuts the frames of one section into packets, with sequence numbers without a hole: what is not sent was never
/// numbered.
#[derive(Debug)]
pub struct Packetizer {
    section: Section,
    sequence: u16,
    timestamp_offset_ticks: u32,
}

impl Packetizer {
    /// Starts at a random place, as RFC 3550 §5.1 wants.
    pub fn new(section: Section, first_sequence: u16, timestamp_offset_ticks: u32) -> Self {
        Self { section, sequence: first_sequence, timestamp_offset_ticks }
    }

    /// The packets of one frame; the last one has the marker if it is video.
    pub fn packets(&mut self, frame: &Frame) -> Vec<RtpPacket> {
        let payloads = if self.section.is_video() {
            vp8::payloads(&frame.data, PAYLOAD_BYTES_MAX)
        } else if frame.data.is_empty() {
            vec![]
        } else {
            vec![frame.data.clone()]
        };
        let last = payloads.len().saturating_sub(1);
        let mut packets = Vec::with_capacity(payloads.len());
        for (place, payload) in payloads.into_iter().enumerate() {
            packets.push(RtpPacket {
                sequence: self.sequence,
                timestamp_ticks: frame.timestamp_ticks.wrapping_add(self.timestamp_offset_ticks),
                marker: self.section.is_video() && place == last,
                payload,
            });
            self.sequence = self.sequence.wrapping_add(1);
        }
        packets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_over_frames_and_around_the_end() {
        let mut packetizer = Packetizer::new(Section::Camera, u16::MAX, u32::MAX);
        let frame = Frame { data: vec![7; 2_000].into(), timestamp_ticks: 5, key: false };
        let packets: Vec<_> = [&frame, &frame].into_iter().flat_map(|f| packetizer.packets(f)).collect();
        let numbers: Vec<_> = packets.iter().map(|p| (p.sequence, p.marker, p.timestamp_ticks)).collect();
        assert_eq!(numbers, [(u16::MAX, false, 4), (0, true, 4), (1, false, 4), (2, true, 4)]);
        assert!(packets.iter().all(|p| p.payload.len() <= PAYLOAD_BYTES_MAX));
    }

    #[test]
    fn an_opus_packet_is_one_payload_and_an_empty_frame_none() {
        let mut packetizer = Packetizer::new(Section::Audio, 9, 0);
        let frame = Frame { data: Bytes::from_static(b"abc"), timestamp_ticks: 1, key: true };
        let packets = packetizer.packets(&frame);
        assert_eq!((packets.len(), packets[0].marker, &packets[0].payload[..]), (1, false, &b"abc"[..]));
        assert!(packetizer.packets(&Frame { data: Bytes::new(), ..frame }).is_empty());
    }
}
