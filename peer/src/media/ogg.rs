//! Opus in Ogg: reading packets out of pages and writing one page per packet (RFC 3533, RFC 7845).

use super::opus;
use bytes::{Bytes, BytesMut};
use std::io::{self, Write};

const PAGE_HEADER_BYTES: usize = 27;
const CONTINUED: u8 = 1;
const FIRST_PAGE: u8 = 2;
/// Largest packet taken from a file, in bytes.
const PACKET_BYTES_MAX: usize = 1 << 20;
/// What an encoder usually puts before the first sample heard, in ticks (RFC 7845 §4.2).
const PRE_SKIP_TICKS: u16 = 312;

/// A file that is not Ogg with Opus in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidOgg {
    /// No Ogg page where one should be.
    #[error("not an Ogg file, or a damaged one")]
    Page,
    /// The first packet is not `OpusHead`.
    #[error("an Ogg file, but not with Opus")]
    NotOpus,
    /// No packet, or one whose length cannot be read.
    #[error("an Ogg file without readable Opus packets")]
    NoPackets,
}

/// The Opus packets of a file, the two header packets left out. Other streams in the file are skipped; a last page
/// that is cut short is left out.
///
/// # Errors
/// When it is not an Ogg file with Opus.
pub fn parse(file: &Bytes) -> Result<Vec<Bytes>, InvalidOgg> {
    let mut packets = vec![];
    let mut partial = BytesMut::new();
    let mut stream = None;
    let mut rest = file.clone();
    while !rest.is_empty() {
        let Some(page) = Page::split_from(&mut rest)? else { break };
        if *stream.get_or_insert(page.serial) != page.serial {
            continue;
        }
        if !page.continued {
            partial.clear();
        }
        let mut body = page.body;
        for lacing in page.lacing {
            let piece = body.split_to(usize::from(lacing));
            if partial.len() + piece.len() > PACKET_BYTES_MAX {
                return Err(InvalidOgg::Page);
            }
            partial.extend_from_slice(&piece);
            if lacing < 255 {
                packets.push(partial.split().freeze());
            }
        }
    }
    match packets.first() {
        None => return Err(InvalidOgg::Page),
        Some(head) if !head.starts_with(b"OpusHead") => return Err(InvalidOgg::NotOpus),
        Some(_) => {}
    }
    let sound = packets.split_off(packets.len().min(2));
    let readable = !sound.is_empty() && sound.iter().all(|packet| opus::packet_ticks(packet).is_some());
    if readable { Ok(sound) } else { Err(InvalidOgg::NoPackets) }
}

struct Page {
    serial: u32,
    continued: bool,
    lacing: Bytes,
    body: Bytes,
}

impl Page {
    /// Takes one page off the front; nothing when it is cut short.
    fn split_from(rest: &mut Bytes) -> Result<Option<Self>, InvalidOgg> {
        if !rest.starts_with(b"OggS") {
            return Err(InvalidOgg::Page);
        }
        let Some(&segments) = rest.get(PAGE_HEADER_BYTES - 1) else { return Ok(None) };
        let body_at = PAGE_HEADER_BYTES + usize::from(segments);
        if rest.len() < body_at {
            return Ok(None);
        }
        let lacing = rest.slice(PAGE_HEADER_BYTES..body_at);
        let end = body_at + lacing.iter().map(|lacing| usize::from(*lacing)).sum::<usize>();
        if rest.len() < end {
            return Ok(None);
        }
        let page = rest.split_to(end);
        let serial = u32::from_le_bytes([page[14], page[15], page[16], page[17]]);
        Ok(Some(Self { serial, continued: page[5] & CONTINUED != 0, lacing, body: page.slice(body_at..) }))
    }
}

/// Writes an Ogg file with one Opus packet per page, so that it is complete after every packet.
#[derive(Debug)]
pub struct OggWriter<W> {
    file: W,
    page: u32,
}

impl<W: Write> OggWriter<W> {
    /// Writes the headers of a stereo stream.
    ///
    /// # Errors
    /// When writing fails.
    pub fn new(file: W) -> io::Result<Self> {
        let mut head = b"OpusHead\x01\x02".to_vec();
        head.extend_from_slice(&PRE_SKIP_TICKS.to_le_bytes());
        head.extend_from_slice(&opus::TICKS_PER_SECOND.to_le_bytes());
        head.extend_from_slice(&[0; 3]);
        let vendor = b"holdfast";
        let mut tags = b"OpusTags".to_vec();
        tags.extend_from_slice(&8_u32.to_le_bytes());
        tags.extend_from_slice(vendor);
        tags.extend_from_slice(&0_u32.to_le_bytes());
        let mut writer = Self { file, page: 0 };
        writer.page(0, &head)?;
        writer.page(0, &tags)?;
        Ok(writer)
    }

    /// Appends a packet whose sound ends at `end_ticks` of 48 kHz, counted from the start of the stream.
    ///
    /// # Errors
    /// When writing fails, or the packet is longer than a page holds (64 KB).
    pub fn write(&mut self, end_ticks: u64, packet: &[u8]) -> io::Result<()> {
        self.page(end_ticks, packet)
    }

    fn page(&mut self, granule: u64, packet: &[u8]) -> io::Result<()> {
        let segments = u8::try_from(packet.len() / 255 + 1).map_err(io::Error::other)?;
        let mut page = Vec::with_capacity(PAGE_HEADER_BYTES + usize::from(segments) + packet.len());
        page.extend_from_slice(b"OggS\x00");
        page.push(if self.page == 0 { FIRST_PAGE } else { 0 });
        page.extend_from_slice(&granule.to_le_bytes());
        page.extend_from_slice(b"hfst");
        page.extend_from_slice(&self.page.to_le_bytes());
        page.extend_from_slice(&[0; 4]);
        page.push(segments);
        page.resize(PAGE_HEADER_BYTES + usize::from(segments) - 1, 255);
        page.push(u8::try_from(packet.len() % 255).expect("a remainder of 255 fits a byte"));
        page.extend_from_slice(packet);
        let sum = checksum(&page);
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        self.page += 1;
        self.file.write_all(&page)
    }
}

/// CRC-32 of RFC 3533 §6: polynomial 0x04c11db7, no reflection, nothing inverted.
fn checksum(page: &[u8]) -> u32 {
    page.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
            if sum & 0x8000_0000 == 0 { sum << 1 } else { sum << 1 ^ 0x04c1_1db7 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_whatever_its_length() {
        let mut file = vec![];
        let mut writer = OggWriter::new(&mut file).unwrap();
        let packets: Vec<Bytes> = [1, 254, 255, 256, 510, 700].map(|n| vec![0xfc; n].into()).to_vec();
        let mut end_ticks = 0;
        for packet in &packets {
            end_ticks += 960;
            writer.write(end_ticks, packet).unwrap();
        }
        let whole = file.len();
        let bytes = Bytes::from(file);
        assert_eq!(parse(&bytes).unwrap(), packets);
        assert_eq!(parse(&bytes.slice(..whole - 1)).unwrap(), packets[..5], "a page cut short is left out");
        assert!(writer_refuses_giants());
    }

    fn writer_refuses_giants() -> bool {
        OggWriter::new(vec![]).unwrap().write(0, &vec![0; 70_000]).is_err()
    }

    #[test]
    fn pages_that_another_program_wrote_check_out() {
        let file = Bytes::from_static(crate::media::clip::TONE_FILE);
        let mut rest = file.clone();
        let mut pages = 0;
        while !rest.is_empty() {
            let before = rest.clone();
            Page::split_from(&mut rest).unwrap().unwrap();
            let mut page = before[..before.len() - rest.len()].to_vec();
            let sum = u32::from_le_bytes([page[22], page[23], page[24], page[25]]);
            page[22..26].fill(0);
            assert_eq!(checksum(&page), sum, "page {pages}");
            pages += 1;
        }
        assert!(pages > 3);
    }

    #[test]
    fn other_files_are_refused() {
        assert_eq!(parse(&Bytes::from_static(b"RIFFxxxxWAVE")), Err(InvalidOgg::Page));
        assert_eq!(parse(&Bytes::new()), Err(InvalidOgg::Page));
        let mut file = vec![];
        OggWriter::new(&mut file).unwrap();
        assert_eq!(parse(&file.clone().into()), Err(InvalidOgg::NoPackets));
        let at = file.windows(8).position(|w| w == b"OpusHead").unwrap();
        file[at] = b'X';
        assert_eq!(parse(&file.into()), Err(InvalidOgg::NotOpus));
    }
}
