//! Times that a hub names, made sane where its frames come in: a wrong or hostile one must neither make the client spin
//! nor silence it for good. Pure.

use holdfast_protocol::{ErrorFrame, Heartbeat, HubFrame};

/// Between two heartbeats.
const HEARTBEAT_MS: std::ops::RangeInclusive<u64> = 1_000..=60_000;
/// Longest silence of the hub.
const TIMEOUT_MS_MAX: u64 = 300_000;
/// Before an attempt that the hub asked to put off.
const RETRY_MS: std::ops::RangeInclusive<u64> = 1_000..=3_600_000;

/// The frame with its times in their bounds.
pub(super) fn sane(mut frame: HubFrame) -> HubFrame {
    match &mut frame {
        HubFrame::Welcome(welcome) => {
            let Heartbeat { interval_ms, timeout_ms } = &mut welcome.heartbeat;
            *interval_ms = clamp(*interval_ms, &HEARTBEAT_MS);
            *timeout_ms = (*timeout_ms).clamp(*interval_ms * 2, TIMEOUT_MS_MAX);
        }
        HubFrame::GoingAway { retry_after_ms }
        | HubFrame::Error(ErrorFrame { retry_after_ms: Some(retry_after_ms), .. }) => {
            *retry_after_ms = clamp(*retry_after_ms, &RETRY_MS);
        }
        _ => {}
    }
    frame
}

/// The same for a time that came with an HTTP refusal.
pub(super) fn wait_ms(ms: u64) -> u64 {
    clamp(ms, &RETRY_MS)
}

fn clamp(ms: u64, bounds: &std::ops::RangeInclusive<u64>) -> u64 {
    ms.clamp(*bounds.start(), *bounds.end())
}
