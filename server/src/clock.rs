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
/// kept in it, so a correction of the wall clock neither fires nor holds back any.
#[derive(Clone, Copy, Debug)]
pub struct Timeline {
    origin: Instant,
    origin_unix_ms: u64,
}

impl Timeline {
    /// Begins now, at the wall clock's time.
    pub fn start(clock: &dyn Clock) -> Self {
        Self { origin: Instant::now(), origin_unix_ms: clock.now_unix_ms() }
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
