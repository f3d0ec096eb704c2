//! How long a message takes from one client to the other at a steady rate, far from what the server could do.

use crate::{
    clock,
    pair::{Load, Side, number_of},
};
use std::{
    cell::RefCell,
    io::{Error, Result},
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::{
    task::LocalSet,
    time::{MissedTickBehavior, interval, timeout},
};

/// How long the last message may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends `count` candidates, one each `every`, through the pairs in turn: the time each took, shortest first.
///
/// # Errors
/// When a socket or a message is lost.
pub async fn run(pairs: Vec<[Side; 2]>, every: Duration, count: u32) -> Result<Vec<Duration>> {
    let local = LocalSet::new();
    let sent: Rc<RefCell<Vec<Instant>>> = Rc::default();
    let mut senders = Vec::new();
    let mut receivers = Vec::new();
    let pair_count = u32::try_from(pairs.len()).map_err(Error::other)?;
    for (index, [sender, receiver]) in (0..).zip(pairs) {
        let expected = (count + pair_count - 1 - index) / pair_count;
        receivers.push(local.spawn_local(receive(receiver, expected, Rc::clone(&sent))));
        senders.push(sender);
    }
    local
        .run_until(async {
            let mut ticks = interval(every);
            // A late tick does not make the next one late: the rate is kept.
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            for (number, index) in (0..count).zip((0..senders.len()).cycle()) {
                ticks.tick().await;
                let side = &mut senders[index];
                let text = side.text(Load::Candidates, number);
                sent.borrow_mut().push(clock::now());
                side.client.send(&text).await?;
            }
            let mut all = Vec::with_capacity(count as usize);
            for receiver in receivers {
                let took = timeout(PATIENCE, receiver).await.map_err(Error::other)?;
                all.extend(took.map_err(Error::other)??);
            }
            all.sort_unstable();
            Ok(all)
        })
        .await
}

async fn receive(mut side: Side, count: u32, sent: Rc<RefCell<Vec<Instant>>>) -> Result<Vec<Duration>> {
    let mut took = Vec::new();
    for _ in 0..count {
        let text = side.next().await?;
        let arrived = clock::now();
        let sent_at = number_of(&text).and_then(|number| sent.borrow().get(number as usize).copied());
        took.push(arrived - sent_at.ok_or_else(|| Error::other(format!("not a candidate: {text}")))?);
    }
    Ok(took)
}

/// The value that `per_mille` of the sorted values do not exceed.
pub fn quantile(sorted: &[Duration], per_mille: usize) -> Duration {
    let rank = (sorted.len() * per_mille).div_ceil(1_000).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_there() {
        let sorted: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(quantile(&sorted, 500), Duration::from_millis(100));
        assert_eq!(quantile(&sorted, 990), Duration::from_millis(198));
        assert_eq!(quantile(&sorted, 1_000), Duration::from_millis(200));
        assert_eq!(quantile(&sorted[..1], 1), Duration::from_millis(1));
    }
}
