//! How long to wait between attempts to reach the hub.

use holdfast_protocol::timing::RECONNECT_BACKOFF_MS;

/// A socket that stayed up this long counts as a success; one that is closed sooner goes on with the longer waits.
const SETTLED_MS: u64 = 5_000;

/// The waits: 0, 1, 2, 4, 8, 10, 10 … s, each up to a quarter shorter, so that clients that lost the same hub do not
/// come back as one.
#[derive(Debug)]
pub(super) struct Backoff {
    attempt: usize,
    up_since_ms: Option<u64>,
    not_before_ms: u64,
    wait_at_least_ms: u64,
    told_until_ms: u64,
    random: u64,
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            attempt: 0,
            up_since_ms: None,
            not_before_ms: 0,
            wait_at_least_ms: 0,
            told_until_ms: 0,
            random: seed,
        }
    }

    /// The hub said when to come back.
    pub(super) fn not_before(&mut self, ms: u64) {
        self.not_before_ms = self.not_before_ms.max(ms);
    }

    /// The hub said how long to stay away, from when the socket closes.
    pub(super) fn wait_for(&mut self, ms: u64) {
        self.wait_at_least_ms = ms;
    }

    pub(super) fn succeeded(&mut self, now_ms: u64) {
        self.up_since_ms = Some(now_ms);
    }

    /// When the next attempt starts.
    pub(super) fn next(&mut self, now_ms: u64) -> u64 {
        if self.up_since_ms.take().is_some_and(|since_ms| now_ms >= since_ms + SETTLED_MS) {
            self.attempt = 0;
        }
        let full_ms = RECONNECT_BACKOFF_MS[self.attempt.min(RECONNECT_BACKOFF_MS.len() - 1)];
        self.attempt += 1;
        let wait_ms = full_ms - self.jitter(full_ms / 4);
        let told_ms = now_ms.saturating_add(std::mem::take(&mut self.wait_at_least_ms));
        self.told_until_ms = told_ms.max(std::mem::take(&mut self.not_before_ms));
        (now_ms + wait_ms).max(self.told_until_ms)
    }

    /// Whether the hub allows an attempt now, however long this client's own wait is.
    pub(super) fn may_hurry(&self, now_ms: u64) -> bool {
        now_ms >= self.told_until_ms
    }

    /// From 0 to `max`, by a linear congruence: it need not be secret, only different from client to client.
    fn jitter(&mut self, max: u64) -> u64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % (max + 1)
    }
}
