//! VP8: its RTP payload format (RFC 7741) and the few header bytes of a frame that matter here (RFC 6386 §9.1).

use bytes::{BufMut, Bytes, BytesMut};

/// The RTP clock.
pub const TICKS_PER_SECOND: u32 = 90_000;

/// `S`: the packet starts a partition.
const START_OF_PARTITION: u8 = 0x10;
/// `X`: extension bytes follow.
const EXTENDED: u8 = 0x80;

/// What the payload descriptor in front of the codec's bytes says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Descriptor {
    /// The codec's bytes that follow are the first of a frame.
    pub starts_frame: bool,
    /// Length of the descriptor, in bytes.
    pub bytes: usize,
}

/// Reads the descriptor; nothing when the payload is cut short or carries no codec bytes.
pub fn descriptor(payload: &[u8]) -> Option<Descriptor> {
    let first = *payload.first()?;
    let mut bytes = 1;
    if first & EXTENDED != 0 {
        let extension = *payload.get(1)?;
        bytes += 1;
        if extension & 0x80 != 0 {
            // A picture id of 7 or 15 bits.
            bytes += if payload.get(bytes)? & 0x80 != 0 { 2 } else { 1 };
        }
        bytes += usize::from(extension & 0x40 != 0);
        bytes += usize::from(extension & 0x30 != 0);
    }
    let partition = first & 0x07;
    let starts_frame = first & START_OF_PARTITION != 0 && partition == 0;
    (payload.len() > bytes).then_some(Descriptor { starts_frame, bytes })
}

/// Cuts a frame into payloads of at most `bytes_max` bytes, each with its descriptor.
pub fn payloads(frame: &Bytes, bytes_max: usize) -> Vec<Bytes> {
    let mut start = START_OF_PARTITION;
    frame
        .chunks(bytes_max.saturating_sub(1).max(1))
        .map(|chunk| {
            let mut payload = BytesMut::with_capacity(1 + chunk.len());
            payload.put_u8(std::mem::take(&mut start));
            payload.put_slice(chunk);
            payload.freeze()
        })
        .collect()
}

/// Whether the frame decodes without the ones before it.
pub fn is_key_frame(frame: &[u8]) -> bool {
    frame.first().is_some_and(|first| first & 1 == 0)
}

/// Width and height of a key frame, in pixels; nothing when it is not one or is cut short.
pub fn key_frame_size(frame: &[u8]) -> Option<(u16, u16)> {
    let header =
        frame.get(..10).filter(|header| is_key_frame(header) && header[3..6] == [0x9d, 0x01, 0x2a])?;
    // Two bits of scaling lie above the 14 of each length.
    let length = |low: u8, high: u8| u16::from_le_bytes([low, high]) & 0x3fff;
    Some((length(header[6], header[7]), length(header[8], header[9])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_every_form_of_descriptor() {
        let read = |bytes: &[u8]| descriptor(bytes).map(|d| (d.starts_frame, d.bytes));
        assert_eq!(read(&[0x10, 1]), Some((true, 1)));
        assert_eq!(read(&[0x00, 1]), Some((false, 1)));
        assert_eq!(read(&[0x11, 1]), Some((false, 1)), "a later partition is not a new frame");
        assert_eq!(read(&[0x90, 0x80, 0x12, 1]), Some((true, 3)));
        assert_eq!(read(&[0x90, 0x80, 0x92, 0x34, 1]), Some((true, 4)));
        assert_eq!(read(&[0x90, 0xe0, 0x92, 0x34, 7, 8, 1]), Some((true, 6)), "as Chromium sends it");
        for short in [&[][..], &[0x10], &[0x90], &[0x90, 0x80], &[0x90, 0x80, 0x92, 0x34], &[0x90, 0x10, 7]] {
            assert_eq!(descriptor(short), None, "{short:?}");
        }
    }

    #[test]
    fn reads_the_size_of_a_key_frame() {
        let frame = [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x40, 9];
        assert_eq!(key_frame_size(&frame), Some((320, 240)), "the scaling bits are no part of it");
        assert_eq!(key_frame_size(&frame[..9]), None);
        assert_eq!(key_frame_size(&[0x11; 20]), None);
    }

    proptest! {
        #[test]
        fn cutting_and_joining_gives_the_frame_back(
            frame in proptest::collection::vec(any::<u8>(), 1..5_000), bytes_max in 2_usize..1_500,
        ) {
            let payloads = payloads(&frame.clone().into(), bytes_max);
            let mut joined = vec![];
            for (place, payload) in payloads.iter().enumerate() {
                prop_assert!(payload.len() <= bytes_max);
                let descriptor = descriptor(payload).unwrap();
                prop_assert_eq!(descriptor.starts_frame, place == 0);
                joined.extend_from_slice(&payload[descriptor.bytes..]);
            }
            prop_assert_eq!(joined, frame);
        }

        #[test]
        fn no_payload_panics(payload in proptest::collection::vec(any::<u8>(), 0..12)) {
            let _ = descriptor(&payload);
            let _ = key_frame_size(&payload);
        }
    }
}
