//! What one direction of a UDP path does to a datagram: pure arithmetic on times and a seeded generator.
//! Who may talk to whom, and the queues that hold what is in flight, are in `udp`.

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::time::Duration;

/// How one direction of a path behaves. The default loses nothing and takes no time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkProfile {
    /// The probability, 0 to 1, that a datagram is lost.
    pub loss: f64,
    /// What every datagram takes.
    pub latency: Duration,
    /// What a datagram may take beyond `latency`, drawn evenly for each one.
    pub jitter: Duration,
    /// Whether jitter lets a datagram overtake an earlier one. A queue on a real path mostly does not.
    pub reorders: bool,
    /// The line rate in bits per second; no bound when absent.
    pub rate_bits_per_s: Option<u64>,
    /// The longest wait for the line; a datagram that would wait longer is dropped. Means nothing without a rate.
    pub queue_max: Duration,
    /// Nothing arrives at all.
    pub blackhole: bool,
}

impl LinkProfile {
    /// A poor wireless link: 2 % loss and 20 to 40 ms.
    pub fn lossy() -> Self {
        let [latency, jitter] = [Duration::from_millis(20); 2];
        Self { loss: 0.02, latency, jitter, ..Self::default() }
    }
}

/// What becomes of a datagram. Times count from the start of the simulated world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It gets there at this time.
    Arrives(Duration),
    /// It does not.
    Lost,
}

/// One direction of a path, with what it remembers.
#[derive(Debug)]
pub struct Link {
    /// May be changed at any time; what is in flight keeps its fate.
    pub profile: LinkProfile,
    rng: StdRng,
    line_free_at: Duration,
    last_arrival: Duration,
}

impl Link {
    /// An idle link that draws its luck from `seed`.
    pub fn new(profile: LinkProfile, seed: u64) -> Self {
        let rng = StdRng::seed_from_u64(seed);
        Self { profile, rng, line_free_at: Duration::ZERO, last_arrival: Duration::ZERO }
    }

    /// Decides the fate of a datagram of `bytes` that is sent `now`.
    pub fn carry(&mut self, now: Duration, bytes: usize) -> Fate {
        // Both are drawn for every datagram, so that a change of profile does not shift later draws.
        let (luck, delay): (f64, f64) = (self.rng.random(), self.rng.random());
        let profile = &self.profile;
        if profile.blackhole || luck < profile.loss {
            return Fate::Lost;
        }
        let mut at = now;
        if let Some(rate) = profile.rate_bits_per_s {
            let start = self.line_free_at.max(now);
            if start > now + profile.queue_max {
                return Fate::Lost;
            }
            at = start + transmission_time(bytes, rate);
            self.line_free_at = at;
        }
        at += profile.latency + profile.jitter.mul_f64(delay);
        if !profile.reorders {
            at = at.max(self.last_arrival);
        }
        self.last_arrival = self.last_arrival.max(at);
        Fate::Arrives(at)
    }
}

/// How long `bytes` occupy a line of `rate` bits per second.
fn transmission_time(bytes: usize, rate: u64) -> Duration {
    let bits = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(8);
    Duration::from_nanos(bits.saturating_mul(1_000_000_000) / rate.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn arrivals(profile: LinkProfile, count: u32, gap: Duration) -> Vec<Fate> {
        let mut link = Link::new(profile, 7);
        (0..count).map(|i| link.carry(gap * i, 1_250)).collect()
    }

    #[test]
    fn loses_about_what_the_profile_says() {
        let fates = arrivals(LinkProfile { loss: 0.1, ..LinkProfile::default() }, 20_000, MS);
        let lost = fates.iter().filter(|fate| **fate == Fate::Lost).count();
        assert!((1_800..2_200).contains(&lost), "{lost} of 20000 lost at 10 %");
    }

    #[test]
    fn keeps_order_under_jitter_unless_told_otherwise() {
        let ordered = LinkProfile { latency: 20 * MS, jitter: 20 * MS, ..LinkProfile::default() };
        let sorted = |profile| arrivals(profile, 1_000, MS).is_sorted_by_key(|fate| arrival(*fate));
        assert!(sorted(ordered.clone()));
        assert!(!sorted(LinkProfile { reorders: true, ..ordered }));
    }

    #[test]
    fn delay_stays_within_latency_and_jitter() {
        let profile =
            LinkProfile { latency: 20 * MS, jitter: 20 * MS, reorders: true, ..LinkProfile::default() };
        for (i, fate) in (0_u32..).zip(arrivals(profile, 1_000, MS)) {
            let sent = MS * i;
            assert!((sent + 20 * MS..sent + 40 * MS).contains(&arrival(fate)), "{i}: {fate:?}");
        }
    }

    #[test]
    fn a_slow_line_queues_and_then_drops() {
        // 1250 bytes at 1 Mbit/s take 10 ms; the queue holds 30 ms.
        let profile =
            LinkProfile { rate_bits_per_s: Some(1_000_000), queue_max: 30 * MS, ..LinkProfile::default() };
        let fates = arrivals(profile, 10, Duration::ZERO);
        let expected: Vec<_> = (1..=4).map(|i| Fate::Arrives(10 * MS * i)).collect();
        assert_eq!(fates[..4], expected);
        assert!(fates[4..].iter().all(|fate| *fate == Fate::Lost));
    }

    #[test]
    fn a_blackhole_passes_nothing_and_heals() {
        let mut link = Link::new(LinkProfile { blackhole: true, ..LinkProfile::default() }, 1);
        assert_eq!(link.carry(MS, 100), Fate::Lost);
        link.profile.blackhole = false;
        assert_eq!(link.carry(2 * MS, 100), Fate::Arrives(2 * MS));
    }

    fn arrival(fate: Fate) -> Duration {
        match fate {
            Fate::Arrives(at) => at,
            Fate::Lost => panic!("nothing is lost here"),
        }
    }
}
