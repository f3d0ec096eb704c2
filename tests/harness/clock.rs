//! The hub's wall clock in the simulated world.

use holdfast_server::Clock;
use tokio::time::Instant;

/// What the wall clock says when a world begins, in milliseconds since the Unix epoch.
pub const ORIGIN_UNIX_MS: u64 = 1_800_000_000_000;

/// A wall clock that moves with virtual time from [`ORIGIN_UNIX_MS`].
#[derive(Clone, Copy, Debug)]
pub struct VirtualClock {
    started: Instant,
}

impl VirtualClock {
    /// A clock that says [`ORIGIN_UNIX_MS`] now.
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for VirtualClock {
    fn now_unix_ms(&self) -> u64 {
        let elapsed_ms = self.started.elapsed().as_millis();
        ORIGIN_UNIX_MS + u64::try_from(elapsed_ms).unwrap_or(u64::MAX - ORIGIN_UNIX_MS)
    }
}
