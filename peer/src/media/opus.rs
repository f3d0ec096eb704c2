//! Opus: how long a packet lasts, read from its first bytes (RFC 6716 §3.1).

/// The RTP clock and the granule clock of Ogg, whatever the coded bandwidth (RFC 7587 §4.1, RFC 7845 §4).
pub const TICKS_PER_SECOND: u32 = 48_000;

/// The longest packet, 120 ms, in ticks.
pub const PACKET_TICKS_MAX: u32 = 5_760;

/// How long `packet` lasts, in ticks; nothing when it is not an Opus packet.
pub fn packet_ticks(packet: &[u8]) -> Option<u32> {
    let toc = *packet.first()?;
    let frame_ticks = match toc >> 3 {
        config @ 0..=11 => [480, 960, 1_920, 2_880][usize::from(config & 3)],
        config @ 12..=15 => [480, 960][usize::from(config & 1)],
        config => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1)? & 0x3f),
    };
    let ticks = frame_ticks * frames;
    (1..=PACKET_TICKS_MAX).contains(&ticks).then_some(ticks)
}

#[cfg(test)]
mod tests {
    use super::packet_ticks;

    #[test]
    fn reads_durations() {
        assert_eq!(packet_ticks(&[0xfc]), Some(960), "full band, 20 ms, one frame");
        assert_eq!(packet_ticks(&[0x08]), Some(960), "SILK, 20 ms");
        assert_eq!(packet_ticks(&[0x79]), Some(1_920), "hybrid, two frames");
        assert_eq!(packet_ticks(&[0xe3, 3]), Some(360), "three frames of 2.5 ms");
        for bad in [&[][..], &[0xe3], &[0xe3, 0], &[0x1b, 63]] {
            assert_eq!(packet_ticks(bad), None, "{bad:?}");
        }
    }
}
