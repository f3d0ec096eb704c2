//! IVF, the plain container of VP8: a 32-byte header, then frames with 12 bytes of header each, all little-endian.

use super::vp8;
use bytes::Bytes;
use std::io::{self, Seek, SeekFrom, Write};

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 12;
/// Where the header has the length, in the file's own clock. Some descriptions of IVF call it the number of frames;
/// players take it for the duration.
const LENGTH_OFFSET: u64 = 24;

/// A file that is not IVF with VP8 in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidIvf {
    /// No IVF header.
    #[error("not an IVF file")]
    Header,
    /// Another codec.
    #[error("an IVF file, but not with VP8")]
    Codec,
    /// A clock of zero.
    #[error("an IVF file with an impossible time base")]
    TimeBase,
    /// No frame at all, or the first one is not a key frame.
    #[error("an IVF file that does not begin with a key frame")]
    NoKeyFrame,
}

/// Every frame of a file with its time in ticks of 90 kHz. A last frame that is cut short is left out.
///
/// # Errors
/// When it is not an IVF file with VP8 that begins with a key frame.
pub fn parse(file: &Bytes) -> Result<Vec<(u64, Bytes)>, InvalidIvf> {
    let header =
        file.get(..HEADER_BYTES).filter(|header| &header[..4] == b"DKIF").ok_or(InvalidIvf::Header)?;
    if &header[8..12] != b"VP80" {
        return Err(InvalidIvf::Codec);
    }
    let header_bytes = usize::from(u16::from_le_bytes([header[6], header[7]])).max(HEADER_BYTES);
    let (units_per_scale, scale) = (u64::from(u32_at(header, 16)), u64::from(u32_at(header, 20)));
    if units_per_scale == 0 || scale == 0 {
        return Err(InvalidIvf::TimeBase);
    }
    let mut frames = vec![];
    let mut at = header_bytes;
    while let Some(frame_header) = file.get(at..at + FRAME_HEADER_BYTES) {
        let bytes = usize::try_from(u32_at(frame_header, 0)).unwrap_or(usize::MAX);
        let time = u64::from(u32_at(frame_header, 4)) | u64::from(u32_at(frame_header, 8)) << 32;
        at += FRAME_HEADER_BYTES;
        let Some(end) = at.checked_add(bytes).filter(|end| *end <= file.len()) else { break };
        let ticks = u128::from(time) * u128::from(scale * u64::from(vp8::TICKS_PER_SECOND));
        frames.push((
            u64::try_from(ticks / u128::from(units_per_scale)).map_err(|_| InvalidIvf::TimeBase)?,
            file.slice(at..end),
        ));
        at = end;
    }
    if frames.first().is_some_and(|(_, frame)| vp8::is_key_frame(frame)) {
        Ok(frames)
    } else {
        Err(InvalidIvf::NoKeyFrame)
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let four = bytes[at..at + 4].try_into().expect("the header was checked to be long enough");
    u32::from_le_bytes(four)
}

/// Writes an IVF file that is complete after every frame: the header's length is kept up to date.
#[derive(Debug)]
pub struct IvfWriter<W> {
    file: W,
    frames: u64,
}

impl<W: Write + Seek> IvfWriter<W> {
    /// Writes the header for pictures of `width` and `height` pixels and times in ticks of 90 kHz.
    ///
    /// # Errors
    /// When writing fails.
    pub fn new(mut file: W, (width, height): (u16, u16)) -> io::Result<Self> {
        let mut header = Vec::with_capacity(HEADER_BYTES);
        header.extend_from_slice(b"DKIF\x00\x00\x20\x00VP80");
        header.extend_from_slice(&width.to_le_bytes());
        header.extend_from_slice(&height.to_le_bytes());
        header.extend_from_slice(&vp8::TICKS_PER_SECOND.to_le_bytes());
        header.extend_from_slice(&1_u32.to_le_bytes());
        header.extend_from_slice(&[0; 8]);
        file.write_all(&header)?;
        Ok(Self { file, frames: 0 })
    }

    /// Appends a frame at `ticks` of 90 kHz.
    ///
    /// # Errors
    /// When writing fails.
    pub fn write(&mut self, ticks: u64, frame: &[u8]) -> io::Result<()> {
        let bytes = u32::try_from(frame.len()).map_err(io::Error::other)?;
        let mut record = Vec::with_capacity(FRAME_HEADER_BYTES + frame.len());
        record.extend_from_slice(&bytes.to_le_bytes());
        record.extend_from_slice(&ticks.to_le_bytes());
        record.extend_from_slice(frame);
        self.file.write_all(&record)?;
        self.frames += 1;
        // The last frame lasts as long as the others on average.
        let length = ticks.saturating_add(ticks.checked_div(self.frames - 1).unwrap_or(0));
        self.file.seek(SeekFrom::Start(LENGTH_OFFSET))?;
        self.file.write_all(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes())?;
        self.file.seek(SeekFrom::End(0))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn what_is_written_is_read_back_and_the_length_is_right_at_any_time() {
        let mut file = Cursor::new(vec![]);
        let mut writer = IvfWriter::new(&mut file, (640, 480)).unwrap();
        writer.write(0, &[0, 1, 2]).unwrap();
        writer.write(4_500, &[1]).unwrap();
        let bytes = file.into_inner();
        assert_eq!(bytes.len(), 32 + 12 + 3 + 12 + 1);
        assert_eq!((&bytes[12..16], &bytes[24..28]), (&[0x80, 2, 0xe0, 1][..], &9_000_u32.to_le_bytes()[..]));
        let frames = parse(&bytes.into()).unwrap();
        assert_eq!(frames, [(0, Bytes::from_static(&[0, 1, 2])), (4_500, Bytes::from_static(&[1]))]);
    }

    #[test]
    fn other_files_are_refused_and_a_cut_one_keeps_its_whole_frames() {
        let mut file = Cursor::new(vec![]);
        let mut writer = IvfWriter::new(&mut file, (8, 8)).unwrap();
        writer.write(0, &[0; 50]).unwrap();
        writer.write(1, &[1; 50]).unwrap();
        let bytes = Bytes::from(file.into_inner());
        for cut in 0..bytes.len() {
            let whole = cut.saturating_sub(32) / 62;
            match parse(&bytes.slice(..cut)) {
                Ok(frames) => assert_eq!(frames.len(), whole, "{cut}"),
                Err(error) => assert!(whole == 0, "{cut}: {error}"),
            }
        }
        assert_eq!(parse(&Bytes::from_static(b"RIFF")), Err(InvalidIvf::Header));
        let mut vp9 = bytes.to_vec();
        vp9[11] = b'9';
        assert_eq!(parse(&vp9.into()), Err(InvalidIvf::Codec));
        let mut no_clock = bytes.to_vec();
        no_clock[16..20].fill(0);
        assert_eq!(parse(&no_clock.into()), Err(InvalidIvf::TimeBase));
        let mut delta_first = bytes.to_vec();
        delta_first[44] = 1;
        assert_eq!(parse(&delta_first.into()), Err(InvalidIvf::NoKeyFrame));
    }
}
