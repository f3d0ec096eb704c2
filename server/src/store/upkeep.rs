//! What a store needs from time to time: a sign of life every second, so that whoever starts next knows when this hub
//! died, and the end of what has been kept for long enough.

use super::{Retention, StoreError};
use crate::{clock::millis, hub::Hub};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, SemaphorePermit, watch},
    time::{MissedTickBehavior, interval},
};

/// How often the hub notes that it is alive: so much of a hub's last moments is not known.
const ALIVE_INTERVAL: Duration = Duration::from_secs(1);
/// How often old calls are looked for.
const PRUNE_INTERVAL: Duration = Duration::from_mins(1);
/// Calls forgotten in one go; commits get their turn in between.
const PRUNED_MAX: usize = 200;

/// Whether the store works, as the last sign of life has shown; and who waits for it.
#[derive(Debug)]
pub(crate) struct Upkeep {
    lost: watch::Sender<bool>,
    waiting: Semaphore,
}

impl Upkeep {
    /// For a store that works. So many calls that are over may wait for it when it does not.
    pub(crate) fn new(waiting_max: u64) -> Self {
        let waiting_max = usize::try_from(waiting_max).unwrap_or(usize::MAX);
        Self {
            lost: watch::Sender::new(false),
            waiting: Semaphore::new(waiting_max.min(Semaphore::MAX_PERMITS)),
        }
    }

    /// A place among those that wait, unless there are too many.
    pub(crate) fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.waiting.try_acquire().ok()
    }

    /// Waits until the store works.
    pub(crate) async fn works(&self) {
        let _ = self.lost.subscribe().wait_for(|lost| !lost).await;
    }
}

/// Does it for as long as the hub runs.
pub(crate) async fn keep_up(hub: Arc<Hub>) {
    tokio::join!(show_life(&hub), forget(&hub));
}

async fn show_life(hub: &Hub) {
    let mut failing = false;
    let mut ticks = interval(ALIVE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let outcome = hub.store.alive(hub.timeline.now_unix_ms()).await;
        match &outcome {
            Err(error) if !failing => {
                tracing::error!(%error, "the store fails: calls go on, and are not kept");
            }
            Ok(()) if failing => tracing::info!("the store works again"),
            _ => {}
        }
        failing = outcome.is_err();
        hub.upkeep.lost.send_replace(failing);
    }
}

async fn forget(hub: &Hub) {
    let mut ticks = interval(PRUNE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match forget_now(hub).await {
            Ok(0) => {}
            Ok(calls) => tracing::info!(calls, "forgotten, as --log-retention and --log-calls-max say"),
            Err(error) => tracing::warn!(%error, "old calls stay in the log"),
        }
    }
}

async fn forget_now(hub: &Hub) -> Result<usize, StoreError> {
    let settings = &hub.config.store;
    let before = |age| hub.timeline.now_unix_ms().saturating_sub(millis(age));
    let retention = Retention {
        ended_before_unix_ms: settings.log_age.0.map(before),
        ended_max: Some(settings.log_calls_max),
    };
    let mut all = 0;
    loop {
        let calls = hub.store.prune(retention, PRUNED_MAX).await?;
        all += calls;
        if calls < PRUNED_MAX {
            return Ok(all);
        }
        // A store that is not a disk's never waits; others have their turn all the same.
        tokio::task::yield_now().await;
    }
}
