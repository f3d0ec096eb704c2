//! Whether media flows between two participants, judged by what arrived at either side and not by what a state says.
//! Pure: it is told the time and the numbers.

use super::counters::SectionStats;
use crate::media::Section;
use holdfast_protocol::MediaState;
use serde::Serialize;

/// Without a frame for this long, a section that is on does not flow in.
pub const SILENT_IN_MS: u64 = 2_000;
/// Without a report of something new arrived for this long, what is sent does not flow out. Browsers report on audio
/// every 5 s.
pub const SILENT_OUT_MS: u64 = 8_000;

/// Which ways media flows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flow {
    /// Neither way.
    #[default]
    None,
    /// From the other side only.
    In,
    /// To the other side only.
    Out,
    /// Both ways.
    Both,
}

/// Judges: every section that the other side has on must arrive here, every one that this side has on must be reported
/// as arrived there, and a way on which nothing is on does not flow.
pub fn judge(now_ms: u64, sections: &[SectionStats; 4], ours: &MediaState, theirs: &MediaState) -> Flow {
    let every = |on: &MediaState, since_ms: &dyn Fn(&SectionStats) -> (u64, u64), silent_ms: u64| {
        let mut count = 0;
        Section::ALL.iter().filter(|section| section.is_on(on)).all(|section| {
            count += 1;
            let (amount, last_ms) = since_ms(&sections[section.index()]);
            amount > 0 && now_ms < last_ms + silent_ms
        }) && count > 0
    };
    let flows_in = every(theirs, &|s| (s.frames_received, s.last_received_ms), SILENT_IN_MS);
    let flows_out = every(ours, &|s| (s.last_arrived, s.last_arrived_ms), SILENT_OUT_MS);
    match (flows_in, flows_out) {
        (false, false) => Flow::None,
        (true, false) => Flow::In,
        (false, true) => Flow::Out,
        (true, true) => Flow::Both,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_that_is_on_counts() {
        let on = MediaState { audio: true, camera: true, ..Default::default() };
        let mut sections = [SectionStats::default(); 4];
        assert_eq!(judge(0, &sections, &on, &on), Flow::None);
        for section in &mut sections[..2] {
            (section.frames_received, section.last_received_ms) = (1, 1_000);
        }
        assert_eq!(judge(1_000, &sections, &on, &on), Flow::In);
        assert_eq!(judge(3_000, &sections, &on, &on), Flow::None, "it has gone silent");
        sections[0].last_arrived = 9;
        sections[0].last_arrived_ms = 1_000;
        assert_eq!(judge(1_000, &sections, &on, &on), Flow::In, "the camera was not reported");
        sections[1].last_arrived = 9;
        sections[1].last_arrived_ms = 1_000;
        assert_eq!(judge(1_000, &sections, &on, &on), Flow::Both);
        assert_eq!(judge(8_999, &sections, &on, &on), Flow::Out);
    }

    #[test]
    fn a_way_on_which_nothing_is_on_does_not_flow() {
        let off = MediaState::default();
        assert_eq!(judge(0, &[SectionStats::default(); 4], &off, &off), Flow::None);
    }
}
