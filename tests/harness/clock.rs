//! The hub's wall clock in the simulated world.

use holdfast_server::Clock;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use tokio::time::Instant;

/// What the wall clock says when a world begins, in milliseconds since the Unix epoch.
pub const ORIGIN_UNIX_MS: u64 = 1_800_000_000_000;

/// A wall clock that moves with virtual time from [`ORIGIN_UNIX_MS`], and jumps when somebody sets it. Clones are the
/// same one.
#[derive(Clone, Debug)]
pub struct VirtualClock {
    started: Instant,
    set_by_ms: Arc<AtomicI64>,
}

impl VirtualClock {
    /// A clock that says [`ORIGIN_UNIX_MS`] now.
    pub fn start() -> Self {
        Self { started: Instant::now(), set_by_ms: Arc::default() }
    }

    /// Sets it forward, or back when `ms` is negative, as an administrator or a time server does.
    pub fn jump(&self, ms: i64) {
        self.set_by_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for VirtualClock {
    fn now_unix_ms(&self) -> u64 {
        let elapsed_ms = self.started.elapsed().as_millis();
        let elapsed_ms = u64::try_from(elapsed_ms).unwrap_or(u64::MAX - ORIGIN_UNIX_MS);
        (ORIGIN_UNIX_MS + elapsed_ms).saturating_add_signed(self.set_by_ms.load(Ordering::Relaxed))
    }
}
