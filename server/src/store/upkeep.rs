//! What a store needs from time to time: a sign of life every second, so that whoever starts next knows when this hub
//! died; what it has missed while it failed; and the end of what has been kept for long enough.

use super::{Committed, Retention, Store, StoreError};
use crate::{clock::millis, hub::Hub, restart::cleaned_up};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often the hub notes that it is alive: so much of a hub's last moments is not known.
const ALIVE_INTERVAL: Duration = Duration::from_secs(1);
/// How long after a failure owners have told the store how their calls are: twice as long as they wait in between.
const BEFORE_SWEEP: Duration = Duration::from_secs(10);
/// How often old calls are looked for.
const PRUNE_INTERVAL: Duration = Duration::from_mins(1);
/// Calls forgotten in one go; commits get their turn in between.
const PRUNED_MAX: usize = 200;

/// Does it for as long as the hub runs.
pub(crate) async fn keep_up(hub: Arc<Hub>) {
    tokio::join!(show_life(&hub), forget(&hub));
}

async fn show_life(hub: &Hub) {
    let mut sweep_at = None;
    let mut ticks = interval(ALIVE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let failures = hub.store.failures();
        if hub.store.alive(hub.timeline.now_unix_ms()).await.is_err() {
            continue;
        }
        if hub.store.is_failing() {
            for session in hub.sessions.all() {
                session.catch_up(&*hub.store).await;
            }
            hub.store.works_since(failures);
            sweep_at = Some(Instant::now() + BEFORE_SWEEP);
        } else if sweep_at.is_some_and(|at| at <= Instant::now()) {
            sweep_at = None;
            if let Err(error) = sweep(hub).await {
                tracing::debug!(%error, "calls that nobody owns are still in the store");
            }
        }
    }
}

/// Ends the calls that are in the store and nowhere else: a store that fails may do what it says it has not done.
async fn sweep(hub: &Hub) -> Result<(), StoreError> {
    // Looked up before the table: what is in the store by now and goes on is in the table already.
    for (version, call) in hub.store.open_calls().await? {
        let id = call.log.id;
        if hub.calls.find(id).is_none() {
            let call = cleaned_up(call, hub.timeline.now_unix_ms());
            if let Committed::Done(_) = hub.store.commit(version, call).await? {
                tracing::warn!(call = %id, "a call in the store that nobody owned has ended");
            }
        }
    }
    Ok(())
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
