//! Time as a parameter: the wall clock behind a trait, and the hub's own time line made from it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// A wall clock.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn now_unix_ms(&self) -> u64;
}

/// The operating system's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the hub reads the real clock")]
    fn now_unix_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// The hub's time: the wall clock as it was at the start, moved on by a clock that nobody sets. Deadlines are
/// kept in it, so a correction of the wall clock neither fires nor holds back any. It never goes back, not even
/// from one life of a hub to the next.
#[derive(Clone, Copy, Debug)]
pub struct Timeline {
    origin: Instant,
    origin_unix_ms: u64,
}

impl Timeline {
    /// Begins now, at the wall clock's time, or at the time when a hub was last alive if that is later: what was stored
    /// then must not lie in the future.
    pub fn start(clock: &dyn Clock, last_alive_unix_ms: Option<u64>) -> Self {
        let origin_unix_ms = clock.now_unix_ms().max(last_alive_unix_ms.unwrap_or(0));
        Self { origin: Instant::now(), origin_unix_ms }
    }

    /// The hub's time in milliseconds since the Unix epoch.
    pub fn now_unix_ms(&self) -> u64 {
        self.origin_unix_ms + millis(self.origin.elapsed())
    }

    /// When the hub's time is `unix_ms`; a past time gives the start.
    pub fn instant(&self, unix_ms: u64) -> Instant {
        self.origin + Duration::from_millis(unix_ms.saturating_sub(self.origin_unix_ms))
    }
}

/// A duration in whole milliseconds.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u64);

    impl Clock for Fixed {
        fn now_unix_ms(&self) -> u64 {
            self.0
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_hubs_time_never_goes_back() {
        for (wall, last_alive, begins) in
            [(5_000, None, 5_000), (5_000, Some(4_000), 5_000), (5_000, Some(9_000), 9_000)]
        {
            let timeline = Timeline::start(&Fixed(wall), last_alive);
            assert_eq!(timeline.now_unix_ms(), begins);
            tokio::time::advance(Duration::from_millis(7)).await;
            assert_eq!(timeline.now_unix_ms(), begins + 7);
        }
    }
}
