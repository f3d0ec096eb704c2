//! When which frame of a clip is due: a loop without a seam in its timestamps, that can jump to a key frame.
//! Pure: it is told the time.

use super::{Clip, Frame};
use std::time::Duration;

/// Between two jumps: one request for a key frame often comes from every receiver at once.
pub const JUMP_GAP: Duration = Duration::from_millis(200);
/// Running later than this (the process was suspended), frames are left out instead of sent in a burst.
const LATE_MAX: Duration = Duration::from_millis(500);

/// A clip being played.
#[derive(Debug)]
pub struct Schedule {
    clip: Clip,
    next: usize,
    /// What the next frame's time is reckoned from, in ticks since the start of playing.
    round_ticks: u64,
    last_jump: Option<Duration>,
}

impl Schedule {
    /// Starts at the clip's first frame.
    pub fn new(clip: Clip) -> Self {
        Self { clip, next: 0, round_ticks: 0, last_jump: None }
    }

    /// When the next frame is due, from the start of playing.
    pub fn due(&self) -> Duration {
        self.duration(self.next_ticks())
    }

    /// Takes the next frame.
    pub fn take(&mut self, now: Duration) -> Frame {
        if now > self.due() + LATE_MAX {
            let late_ticks = self.ticks(now).saturating_sub(self.next_ticks());
            self.round_ticks = self.round_ticks.wrapping_add(late_ticks);
        }
        let ticks = self.next_ticks();
        let frame = &self.clip.frames()[self.next];
        let frame = Frame { data: frame.data.clone(), timestamp_ticks: wrapped(ticks), key: frame.key };
        self.next += 1;
        if self.next == self.clip.frames().len() {
            self.next = 0;
            self.round_ticks = self.round_ticks.wrapping_add(self.clip.total_ticks());
        }
        frame
    }

    /// A receiver needs a key frame: makes the next one in the clip due now. Whether it did.
    pub fn jump(&mut self, now: Duration) -> bool {
        let frames = self.clip.frames();
        if self.last_jump.is_some_and(|last| now < last + JUMP_GAP) || frames.iter().all(|frame| frame.key) {
            return false;
        }
        self.last_jump = Some(now);
        // Never before the frame already sent: time does not run backwards.
        let ticks = self.ticks(now).max(self.previous_ticks() + 1);
        let next = (self.next..frames.len()).find(|place| frames[*place].key).unwrap_or(0);
        let offset_ticks = frames[next].offset_ticks;
        self.next = next;
        // `round_ticks + offset` is the frame's time; it may begin before the start of playing.
        self.round_ticks = ticks.wrapping_sub(offset_ticks);
        true
    }

    fn next_ticks(&self) -> u64 {
        self.round_ticks.wrapping_add(self.clip.frames()[self.next].offset_ticks)
    }

    fn previous_ticks(&self) -> u64 {
        let frames = self.clip.frames();
        let step = match self.next {
            0 => self.clip.total_ticks() - frames[frames.len() - 1].offset_ticks,
            next => frames[next].offset_ticks - frames[next - 1].offset_ticks,
        };
        self.next_ticks().saturating_sub(step)
    }

    fn ticks(&self, time: Duration) -> u64 {
        let ticks = time.as_nanos() * u128::from(self.clip.ticks_per_second()) / 1_000_000_000;
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }

    fn duration(&self, ticks: u64) -> Duration {
        let nanos = u128::from(ticks) * 1_000_000_000 / u128::from(self.clip.ticks_per_second());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// The 32 bits of a time that travel in RTP.
fn wrapped(ticks: u64) -> u32 {
    u32::try_from(ticks & u64::from(u32::MAX)).expect("masked to 32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn plays_in_a_loop_without_drift_or_seam() {
        for (clip, ticks, step_ms) in [(Clip::test_pattern(), 4_500, 50), (Clip::tone(), 960, 20)] {
            let mut schedule = Schedule::new(clip);
            for number in 0..1_000_u32 {
                assert_eq!(schedule.due(), ms(u64::from(number) * step_ms));
                let frame = schedule.take(schedule.due());
                assert_eq!(frame.timestamp_ticks, number * ticks);
            }
        }
    }

    #[test]
    fn a_jump_makes_a_key_frame_due_at_once_with_time_going_on() {
        let mut schedule = Schedule::new(Clip::test_pattern());
        for _ in 0..5 {
            schedule.take(schedule.due());
        }
        assert!(schedule.jump(ms(210)));
        assert!(!schedule.jump(ms(409)), "one in 200 ms");
        assert_eq!(schedule.due(), ms(210));
        let frame = schedule.take(ms(210));
        assert!(frame.key);
        assert_eq!(frame.timestamp_ticks, 210 * 90);
        let frame = schedule.take(ms(260));
        assert_eq!((frame.key, frame.timestamp_ticks), (false, 260 * 90));
        // Near the end the next key frame is the first one.
        for _ in 0..170 {
            schedule.take(schedule.due());
        }
        let now = schedule.due();
        assert!(schedule.jump(now));
        assert!(schedule.take(now).key);
        assert_eq!(schedule.due(), now + ms(50));
    }

    #[test]
    fn a_jump_before_the_frame_just_sent_does_not_turn_time_back() {
        let mut schedule = Schedule::new(Clip::test_pattern());
        let sent = schedule.take(ms(0));
        assert!(schedule.jump(ms(0)));
        assert!(schedule.take(ms(0)).timestamp_ticks > sent.timestamp_ticks);
    }

    #[test]
    fn after_a_suspension_it_goes_on_without_a_burst() {
        let mut schedule = Schedule::new(Clip::tone());
        schedule.take(ms(0));
        let frame = schedule.take(ms(10_000));
        assert_eq!(frame.timestamp_ticks, 480_000);
        assert_eq!(schedule.due(), ms(10_020));
    }

    #[test]
    fn sound_does_not_jump() {
        assert!(!Schedule::new(Clip::tone()).jump(ms(1_000)));
    }
}
