//! A clip: encoded frames with their times, played in a loop. From a file, or built in.

use super::{
    ivf::{self, InvalidIvf},
    ogg::{self, InvalidOgg},
    opus, vp8,
};
use bytes::Bytes;

/// Made by `assets/make.sh`.
static PATTERN_FILE: &[u8] = include_bytes!("../../assets/pattern.ivf");
/// Made by `assets/make.sh`.
pub(crate) static TONE_FILE: &[u8] = include_bytes!("../../assets/tone.ogg");

/// Packets of [`TONE_FILE`] that fade in, and the whole waves after them: 440 Hz has 44 of them in 5 packets of 20 ms.
const TONE_LOOP: std::ops::Range<usize> = 5..245;

/// One frame of a clip.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClipFrame {
    /// From the start of the clip, in ticks of its clock.
    pub offset_ticks: u64,
    /// The codec's bytes.
    pub data: Bytes,
    /// Whether it decodes without the frames before it.
    pub key: bool,
}

/// Frames of VP8 or Opus in order of time, the first one at 0 and a key frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clip {
    frames: Vec<ClipFrame>,
    total_ticks: u64,
    ticks_per_second: u32,
}

impl Clip {
    /// The built-in moving test pattern with a counter: 320×240, 20 frames a second, a key frame each second.
    pub fn test_pattern() -> Self {
        Self::from_ivf(&Bytes::from_static(PATTERN_FILE)).expect("the built-in file is checked by a test")
    }

    /// The built-in tone: 440 Hz without a seam.
    pub fn tone() -> Self {
        let packets =
            ogg::parse(&Bytes::from_static(TONE_FILE)).expect("the built-in file is checked by a test");
        Self::from_opus(&packets[TONE_LOOP])
    }

    /// The frames of an IVF file with VP8.
    ///
    /// # Errors
    /// When it is not one, or does not begin with a key frame.
    pub fn from_ivf(file: &Bytes) -> Result<Self, InvalidIvf> {
        let mut frames: Vec<ClipFrame> = vec![];
        for (ticks, data) in ivf::parse(file)? {
            // A clock that stands still or runs backwards would never play.
            let after = frames.last().map_or(Some(0), |last| last.offset_ticks.checked_add(1));
            let after = after.ok_or(InvalidIvf::TimeBase)?;
            let offset_ticks = if frames.is_empty() { ticks } else { ticks.max(after) };
            let key = vp8::is_key_frame(&data);
            frames.push(ClipFrame { offset_ticks, data, key });
        }
        let first_ticks = frames.first().map_or(0, |first| first.offset_ticks);
        for frame in &mut frames {
            frame.offset_ticks -= first_ticks;
        }
        let last_ticks = frames.last().map_or(0, |last| last.offset_ticks);
        // The file does not say how long the last frame lasts: as long as the others on average.
        let others = u64::try_from(frames.len() - 1).unwrap_or(u64::MAX);
        let mean_ticks = last_ticks.checked_div(others).unwrap_or(u64::from(vp8::TICKS_PER_SECOND) / 20);
        let total_ticks = last_ticks.checked_add(mean_ticks.max(1)).ok_or(InvalidIvf::TimeBase)?;
        Ok(Self { frames, total_ticks, ticks_per_second: vp8::TICKS_PER_SECOND })
    }

    /// The packets of an Ogg file with Opus.
    ///
    /// # Errors
    /// When it is not one.
    pub fn from_ogg(file: &Bytes) -> Result<Self, InvalidOgg> {
        ogg::parse(file).map(|packets| Self::from_opus(&packets))
    }

    fn from_opus(packets: &[Bytes]) -> Self {
        let mut total_ticks = 0;
        let mut frames = vec![];
        for packet in packets {
            frames.push(ClipFrame { offset_ticks: total_ticks, data: packet.clone(), key: true });
            total_ticks += u64::from(opus::packet_ticks(packet).unwrap_or(960));
        }
        Self { frames, total_ticks, ticks_per_second: opus::TICKS_PER_SECOND }
    }

    /// The frames; never empty.
    pub fn frames(&self) -> &[ClipFrame] {
        &self.frames
    }

    /// The length of one round, in ticks.
    pub fn total_ticks(&self) -> u64 {
        self.total_ticks
    }

    /// The clip's clock.
    pub fn ticks_per_second(&self) -> u32 {
        self.ticks_per_second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_pattern_is_what_it_says() {
        let clip = Clip::test_pattern();
        assert_eq!((clip.frames().len(), clip.total_ticks()), (200, 10 * 90_000));
        assert_eq!(vp8::key_frame_size(&clip.frames()[0].data), Some((320, 240)));
        for (number, frame) in clip.frames().iter().enumerate() {
            assert_eq!(
                (frame.key, frame.offset_ticks),
                (number % 20 == 0, number as u64 * 4_500),
                "{number}"
            );
        }
        assert!(PATTERN_FILE.len() <= 250_000);
    }

    #[test]
    fn times_that_do_not_fit_are_refused() {
        for times in [[u64::MAX, 0], [0, u64::MAX]] {
            let mut file = std::io::Cursor::new(vec![]);
            let mut writer = ivf::IvfWriter::new(&mut file, (8, 8)).unwrap();
            for ticks in times {
                writer.write(ticks, &[0; 50]).unwrap();
            }
            assert_eq!(Clip::from_ivf(&file.into_inner().into()), Err(InvalidIvf::TimeBase), "{times:?}");
        }
    }

    #[test]
    fn the_tone_is_what_it_says() {
        let clip = Clip::tone();
        assert_eq!((clip.frames().len(), clip.total_ticks()), (240, 240 * 960));
        assert!(clip.frames().iter().all(|frame| opus::packet_ticks(&frame.data) == Some(960)));
    }
}
