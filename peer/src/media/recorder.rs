//! Records what is received: one file per participant and section, `<name>-<id>-camera.ivf` and so on, each playable at
//! any moment, however the recording ends.

use super::{Frame, Section, ivf::IvfWriter, ogg::OggWriter, opus, vp8};
use crate::event::Received;
use holdfast_protocol::{ConnectionId, DisplayName, ParticipantId};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// Most files open at once; more streams are not recorded.
const OPEN_MAX: usize = 256;
/// Most files of one recording, since everyone who joins again gets new ones.
const FILES_MAX: usize = 10_000;
/// Most participants remembered to be gone, whose last frames may still come.
const GONE_MAX: usize = 1_024;
/// Longest part of a name in a file's name, in bytes.
const NAME_BYTES_MAX: usize = 40;

/// A recording of a call into a folder. It writes as frames come; errors end only the file they happen in.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    names: BTreeMap<ParticipantId, DisplayName>,
    tracks: BTreeMap<(ParticipantId, Section), Track>,
    gone: BTreeSet<ParticipantId>,
    files: usize,
    full: bool,
    error: Option<String>,
}

impl Recorder {
    /// Makes the folder if it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            names: BTreeMap::new(),
            tracks: BTreeMap::new(),
            gone: BTreeSet::new(),
            files: 0,
            full: false,
            error: None,
        })
    }

    /// Files of this participant will bear its name.
    pub fn name(&mut self, participant: ParticipantId, name: DisplayName) {
        self.gone.remove(&participant);
        if self.names.len() < OPEN_MAX {
            self.names.insert(participant, name);
        }
    }

    /// This participant is gone: its files are closed. When it comes back, it gets new ones.
    pub fn end(&mut self, participant: ParticipantId) {
        self.names.remove(&participant);
        self.tracks.retain(|(of, _), _| *of != participant);
        if self.gone.len() >= GONE_MAX {
            self.gone.clear();
        }
        self.gone.insert(participant);
    }

    /// Closes every file.
    ///
    /// # Errors
    /// The first error of writing there was, in words.
    pub fn finish(self) -> Result<(), String> {
        self.error.map_or(Ok(()), Err)
    }

    /// Takes what was received; only frames are recorded.
    pub fn record(&mut self, received: &Received) {
        let Received::Frame { participant, connection, section, at_ms, frame } = received else { return };
        let key = (*participant, *section);
        if !self.tracks.contains_key(&key) {
            if self.gone.contains(participant) {
                return;
            }
            if self.tracks.len() >= OPEN_MAX || self.files >= FILES_MAX {
                if !std::mem::replace(&mut self.full, true) {
                    tracing::error!("the recording has too many files: some streams are not recorded");
                }
                return;
            }
            self.files += 1;
            let path = self.folder.join(self.file_name(*participant, *section));
            self.tracks.insert(key, Track::new(path, *section));
        }
        if let Some(track) = self.tracks.get_mut(&key)
            && let Err(error) = track.frame(*connection, *at_ms, frame)
        {
            self.error.get_or_insert(error);
        }
    }

    /// The folder's new file: no name that people chose leads out of it, and none is written over.
    fn file_name(&self, participant: ParticipantId, section: Section) -> String {
        let name = self.names.get(&participant).map_or("", DisplayName::as_str);
        let plain = |c: char| if c.is_alphanumeric() { c } else { '_' };
        let mut safe = String::new();
        for c in name.chars().map(plain) {
            if safe.len() + c.len_utf8() <= NAME_BYTES_MAX {
                safe.push(c);
            }
        }
        let id: String = participant.to_string().chars().take(8).collect();
        let extension = if section.is_video() { "ivf" } else { "ogg" };
        let stem = format!("{safe}-{id}-{}", section.name());
        (1..=u32::MAX)
            .map(|n| if n == 1 { format!("{stem}.{extension}") } else { format!("{stem}-{n}.{extension}") })
            .find(|file| !self.folder.join(file).exists())
            .expect("a folder does not hold every number")
    }
}

#[derive(Debug)]
struct Track {
    path: PathBuf,
    timeline: Timeline,
    writer: Writer,
}

#[derive(Debug)]
enum Writer {
    /// Waits for a key frame: it alone says the size.
    NoVideoYet,
    NoAudioYet,
    Video(IvfWriter<File>),
    Audio(OggWriter<File>),
    Broken,
}

impl Track {
    fn new(path: PathBuf, section: Section) -> Self {
        let writer = if section.is_video() { Writer::NoVideoYet } else { Writer::NoAudioYet };
        Self { path, timeline: Timeline::new(section), writer }
    }

    fn frame(&mut self, connection: ConnectionId, at_ms: u64, frame: &Frame) -> Result<(), String> {
        self.write(connection, at_ms, frame).map_err(|error| {
            tracing::error!(%error, file = %self.path.display(), "recording this track has stopped");
            self.writer = Writer::Broken;
            format!("{}: {error}", self.path.display())
        })
    }

    fn write(&mut self, connection: ConnectionId, at_ms: u64, frame: &Frame) -> io::Result<()> {
        match &self.writer {
            Writer::NoVideoYet => {
                let Some(size) = vp8::key_frame_size(&frame.data) else { return Ok(()) };
                self.writer = Writer::Video(IvfWriter::new(File::create_new(&self.path)?, size)?);
            }
            Writer::NoAudioYet => self.writer = Writer::Audio(OggWriter::new(File::create_new(&self.path)?)?),
            _ => {}
        }
        match &mut self.writer {
            Writer::Video(file) => {
                let ticks = self.timeline.place(connection, at_ms, frame.timestamp_ticks, 1);
                file.write(ticks, &frame.data)
            }
            Writer::Audio(file) => {
                let Some(length) = opus::packet_ticks(&frame.data) else { return Ok(()) };
                let ticks = self.timeline.place(connection, at_ms, frame.timestamp_ticks, u64::from(length));
                file.write(ticks + u64::from(length), &frame.data)
            }
            _ => Ok(()),
        }
    }
}

/// Times of frames from the start of the file. Within a connection they follow the sender's timestamps; a new
/// connection, whose timestamps begin anywhere, follows on by the time of arrival.
#[derive(Debug)]
struct Timeline {
    ticks_per_second: u64,
    last: Option<Last>,
}

#[derive(Debug)]
struct Last {
    connection: ConnectionId,
    at_ms: u64,
    timestamp_ticks: u32,
    ticks: u64,
    end_ticks: u64,
}

impl Timeline {
    fn new(section: Section) -> Self {
        Self { ticks_per_second: u64::from(section.ticks_per_second()), last: None }
    }

    /// Where a frame of `length` ticks goes: never before the end of the one before it.
    fn place(&mut self, connection: ConnectionId, at_ms: u64, timestamp_ticks: u32, length: u64) -> u64 {
        let ticks = match &self.last {
            None => 0,
            Some(last) => {
                let by_arrival = at_ms.saturating_sub(last.at_ms) * self.ticks_per_second / 1_000;
                let by_timestamp = u64::from(timestamp_ticks.wrapping_sub(last.timestamp_ticks));
                // A sender's clock that leaps or runs backwards is not believed either.
                let believable = by_timestamp < by_arrival + 10 * self.ticks_per_second;
                let step =
                    if last.connection == connection && believable { by_timestamp } else { by_arrival };
                (last.ticks + step).max(last.end_ticks)
            }
        };
        self.last = Some(Last { connection, at_ms, timestamp_ticks, ticks, end_ticks: ticks + length });
        ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{Clip, ivf, ogg};

    fn participant() -> ParticipantId {
        "0000b0b0-0000-4000-8000-000000000002".parse().unwrap()
    }

    fn connection(n: u32) -> ConnectionId {
        format!("{n:08x}-0000-4000-8000-000000000001").parse().unwrap()
    }

    fn received(n: u32, section: Section, at_ms: u64, frame: Frame) -> Received {
        Received::Frame { participant: participant(), connection: connection(n), section, at_ms, frame }
    }

    #[test]
    fn files_are_whole_after_every_frame_and_stay_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::new(folder.path()).unwrap();
        recorder.name(participant(), DisplayName::new("../Ada & Söhne").unwrap());
        let clip = Clip::test_pattern();
        for (number, frame) in clip.frames()[5..45].iter().enumerate() {
            let timestamp_ticks = u32::try_from(frame.offset_ticks).unwrap().wrapping_sub(90_000 * 2);
            let frame = Frame { data: frame.data.clone(), timestamp_ticks, key: frame.key };
            recorder.record(&received(1, Section::Camera, number as u64 * 50, frame));
            let file = folder.path().join("___Ada___Söhne-0000b0b0-camera.ivf");
            if number >= 15 {
                let frames = ivf::parse(&fs::read(file).unwrap().into()).unwrap();
                assert_eq!(frames.len(), number - 14, "from the first key frame on");
                assert_eq!(frames[number - 15].0, (number as u64 - 15) * 4_500);
            } else {
                assert!(!file.exists());
            }
        }
        for (number, frame) in Clip::tone().frames()[..10].iter().enumerate() {
            let timestamp_ticks = u32::try_from(number).unwrap() * 960;
            let frame = Frame { data: frame.data.clone(), timestamp_ticks, key: true };
            recorder.record(&received(1, Section::Audio, number as u64 * 20, frame));
        }
        let file = folder.path().join("___Ada___Söhne-0000b0b0-audio.ogg");
        assert_eq!(ogg::parse(&fs::read(file).unwrap().into()).unwrap().len(), 10);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_second_recording_does_not_write_over_the_first() {
        let folder = tempfile::tempdir().unwrap();
        for files in 1..3 {
            let mut recorder = Recorder::new(folder.path()).unwrap();
            let data = Clip::tone().frames()[0].data.clone();
            recorder.record(&received(1, Section::Audio, 0, Frame { data, timestamp_ticks: 0, key: true }));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), files);
        }
    }

    #[test]
    fn files_are_closed_when_their_participant_is_gone_and_not_made_again_by_what_comes_late() {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::new(folder.path()).unwrap();
        let data = Clip::tone().frames()[0].data.clone();
        let frame = Frame { data, timestamp_ticks: 0, key: true };
        for number in 0..300_u32 {
            let participant: ParticipantId =
                format!("{number:08x}-0000-4000-8000-000000000003").parse().unwrap();
            let (connection, section) = (connection(number), Section::Audio);
            let sound = Received::Frame { participant, connection, section, at_ms: 0, frame: frame.clone() };
            recorder.name(participant, DisplayName::new("Ada").unwrap());
            recorder.record(&sound);
            recorder.end(participant);
            recorder.record(&sound);
        }
        assert_eq!((recorder.tracks.len(), recorder.names.len()), (0, 0));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 300, "one each, and more than may be open");
        recorder.finish().unwrap();
    }

    #[test]
    fn the_first_error_of_writing_is_told_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::new(folder.path()).unwrap();
        fs::remove_dir(folder.path()).unwrap();
        let data = Clip::tone().frames()[0].data.clone();
        recorder.record(&received(1, Section::Audio, 0, Frame { data, timestamp_ticks: 0, key: true }));
        assert!(recorder.finish().unwrap_err().contains("-audio.ogg"));
    }

    #[test]
    fn a_new_connection_goes_on_by_the_time_of_arrival() {
        let mut timeline = Timeline::new(Section::Audio);
        assert_eq!(timeline.place(connection(1), 1_000, u32::MAX, 960), 0);
        assert_eq!(timeline.place(connection(1), 1_025, 959, 960), 960);
        assert_eq!(timeline.place(connection(2), 2_025, 77, 960), 960 + 48_000);
        assert_eq!(timeline.place(connection(2), 2_026, 77 + 960, 960), 2 * 960 + 48_000);
        assert_eq!(
            timeline.place(connection(2), 2_046, 5, 960),
            3 * 960 + 48_000,
            "back in time is not believed"
        );
    }
}
