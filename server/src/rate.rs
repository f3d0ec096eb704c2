//! A token bucket: how many events are let through in how much time.

/// What one event costs, so that the rate, in events per minute, is what one millisecond gives back.
const COST: u64 = 60_000;

/// Lets `burst` events through at once and `per_minute` on average. In whole numbers, so that who waits as told is
/// let through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    per_minute: u64,
    full: u64,
    level: u64,
    filled_at_ms: u64,
}

impl Bucket {
    /// A full bucket. `per_minute` and `burst` are above zero.
    pub(crate) fn new(per_minute: u64, burst: u32, now_ms: u64) -> Self {
        let full = u64::from(burst) * COST;
        Self { per_minute, full, level: full, filled_at_ms: now_ms }
    }

    /// Lets one event through.
    ///
    /// # Errors
    /// With the milliseconds until the next one may pass, at least 1.
    pub(crate) fn take(&mut self, now_ms: u64) -> Result<(), u64> {
        self.take_many(now_ms, 1)
    }

    /// Lets `count` events through, or none.
    ///
    /// # Errors
    /// With the milliseconds until they may pass, at least 1.
    pub(crate) fn take_many(&mut self, now_ms: u64, count: u32) -> Result<(), u64> {
        self.level = self.level(now_ms);
        self.filled_at_ms = self.filled_at_ms.max(now_ms);
        let cost = COST * u64::from(count);
        if self.level >= cost {
            self.level -= cost;
            return Ok(());
        }
        Err((cost - self.level).div_ceil(self.per_minute))
    }

    /// Whether as much as ever may pass.
    pub(crate) fn is_full(&self, now_ms: u64) -> bool {
        self.level(now_ms) == self.full
    }

    /// What is in it, in parts of an event.
    pub(crate) fn level(&self, now_ms: u64) -> u64 {
        let passed_ms = now_ms.saturating_sub(self.filled_at_ms);
        passed_ms.saturating_mul(self.per_minute).saturating_add(self.level).min(self.full)
    }
}

#[cfg(test)]
mod tests {
    use super::Bucket;
    use proptest::prelude::*;

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let mut bucket = Bucket::new(600, 3, 0);
        assert_eq!([0, 0, 0, 0].map(|now| bucket.take(now)), [Ok(()), Ok(()), Ok(()), Err(100)]);
        assert_eq!(bucket.take(40), Err(60));
        assert_eq!(bucket.take(100), Ok(()));
        assert!(bucket.take(100).is_err());
    }

    proptest! {
        #[test]
        fn never_more_than_burst_and_rate_allow(gaps_ms in prop::collection::vec(0_u64..50, 1..300)) {
            let mut bucket = Bucket::new(6_000, 5, 0);
            let (mut now, mut passed) = (0, 0_u64);
            for gap in gaps_ms {
                now += gap;
                passed += u64::from(bucket.take(now).is_ok());
                prop_assert!(passed <= 5 + now / 10 + 1);
            }
        }

        #[test]
        fn who_waits_as_told_is_let_through(gaps_ms in prop::collection::vec(0_u64..20, 1..100)) {
            let mut bucket = Bucket::new(420, 2, 0);
            let mut now = 0;
            for gap in gaps_ms {
                now += gap;
                if let Err(wait_ms) = bucket.take(now) {
                    now += wait_ms;
                    prop_assert_eq!(bucket.take(now), Ok(()));
                }
            }
        }
    }
}
