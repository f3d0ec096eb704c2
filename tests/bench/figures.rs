//! What was measured, as it is kept in `tests/artifacts/bench/`, and what was asked for.

use serde::{Deserialize, Serialize};

/// Candidates per second on one core, at least.
pub const CANDIDATES_PER_SECOND_MIN: f64 = 100_000.0;
/// The hub's candidates beside the bare relay's in the same run, at least.
pub const CANDIDATES_SHARE_MIN: f64 = 0.7;
/// Offers per second on one core, at least.
pub const OFFERS_PER_SECOND_MIN: f64 = 70_000.0;
/// The 99th percentile of the time through the hub at 1000 messages per second, in milliseconds, at most.
pub const P99_MS_MAX: f64 = 0.5;
/// Resident memory per idle socket when there are 10 000, in units of 1000 bytes, at most.
pub const IDLE_KB_MAX: f64 = 25.0;
/// From the click on join to the first picture of the other, in milliseconds (the median), at most.
pub const FIRST_PICTURE_MS_MAX: f64 = 700.0;
/// Scripts and styles of a first visit, in bytes over the wire, at most.
pub const PAGE_BYTES_MAX: u64 = 70_000;

/// A run of the signaling part.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Signaling {
    /// What the hub is compared with.
    pub yardstick: String,
    /// Load average of the machine (over a minute) when the run began and ended.
    pub load_average: [f64; 2],
    /// The hub's figures.
    pub hub: Relay,
    /// The bare relay's.
    pub bare: Relay,
}

/// One server's figures.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Relay {
    /// Candidates passed on, one entry per round.
    pub candidates: Vec<Throughput>,
    /// Offers passed on, one entry per round.
    pub offers: Vec<Throughput>,
    /// At a steady rate, one entry per round.
    pub latency: Vec<Latency>,
    /// Idle sockets.
    pub idle: Vec<Idle>,
}

/// As much as was passed on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Throughput {
    /// Messages per second.
    pub per_second: f64,
    /// Messages per second of the server's processor time: the same when nothing else runs on its core.
    pub per_processor_second: f64,
    /// The share of its core that the server had.
    pub server_share: f64,
    /// The share of the other core that the load had: near 1, and the load was what was measured.
    pub load_share: f64,
}

/// Times through the server, in milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Latency {
    /// Messages per second that were sent.
    pub rate: f64,
    /// Half took at most this.
    pub p50_ms: f64,
    /// 99 of 100 did.
    pub p99_ms: f64,
    /// The slowest.
    pub max_ms: f64,
    /// The whole distribution, for the plot: for each of [`PER_MILLES`] the time.
    pub curve_ms: Vec<f64>,
}

/// Where the plotted distribution is looked at, in thousandths.
pub const PER_MILLES: [usize; 12] = [10, 100, 250, 500, 750, 900, 950, 980, 990, 995, 998, 999];

/// Memory with idle sockets.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Idle {
    /// How many.
    pub sockets: usize,
    /// What the server had before, in bytes.
    pub before_bytes: u64,
    /// What it has with them, in bytes.
    pub with_bytes: u64,
}

impl Idle {
    /// For one socket, in units of 1000 bytes.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub fn kb_per_socket(&self) -> f64 {
        self.with_bytes.saturating_sub(self.before_bytes) as f64 / self.sockets as f64 / 1_000.0
    }
}

/// What `tests/browser/figures/` writes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Browser {
    /// The browser and its version.
    pub browser: String,
    /// Load average (over a minute) when the run began and ended.
    pub load_average: [f64; 2],
    /// A first visit by what was opened.
    pub visits: Vec<Visit>,
    /// First pictures by who joined whom.
    pub pictures: Vec<Pictures>,
}

/// What a first visit costs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Visit {
    /// What was opened.
    pub what: String,
    /// Requests, the document included, the WebSocket not.
    pub requests: u64,
    /// Scripts and styles as they are.
    pub plain_bytes: u64,
    /// The same in gzip.
    pub gzip_bytes: u64,
    /// The same in Brotli.
    pub brotli_bytes: u64,
    /// Everything, the document and images included, in Brotli where there is one.
    pub all_bytes: u64,
}

/// First pictures.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pictures {
    /// From what to what.
    pub what: String,
    /// Each run's, in milliseconds.
    pub runs_ms: Vec<f64>,
}

/// The middle of `values`.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.get(sorted.len() / 2), sorted.get(sorted.len().wrapping_sub(1) / 2)) {
        (Some(high), Some(low)) => f64::midpoint(*low, *high),
        _ => f64::NAN,
    }
}

/// The load average over a minute.
pub fn load_average() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "whole numbers")]
    fn the_median_is_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }
}
