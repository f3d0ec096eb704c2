//! What a hub makes of what its last life left behind.

mod back;
mod gone;
mod killed;
mod outage;
mod trouble;

use crate::{
    samples::{call_id, direct, ended, put, session, user},
    support::{TestHub, config, ms, soon},
};
use holdfast_protocol::{CallId, CallLogPage, CallStatus, EndReason, LoggedCall, Secret};
use holdfast_server::{
    Clock, Config, LogAge, SystemClock,
    store::{Store, StoreError, sqlite::SqliteStore},
};
use std::path::Path;

const TOKEN: &str = "correct-horse-battery";

/// A hub with its store on disk.
fn on_disk(dir: &Path) -> Config {
    let mut config = Config { data_dir: dir.to_owned(), ..config() };
    config.store.given = None;
    config.store.log_age = LogAge(None);
    config.api.admin_token = Some(Secret::new(TOKEN));
    config
}

/// With a store that outlives the hub, in memory.
fn kept() -> Config {
    let mut config = config();
    config.api.admin_token = Some(Secret::new(TOKEN));
    // These tests wait for what the log says.
    config.api.requests_per_minute = 100_000;
    config
}

/// A wall clock that is ahead.
struct Ahead(u64);

impl Clock for Ahead {
    fn now_unix_ms(&self) -> u64 {
        SystemClock.now_unix_ms() + self.0
    }
}

/// One call of the log.
async fn logged(hub: &TestHub, call: CallId) -> LoggedCall {
    let ask = format!("GET /api/calls/{call} HTTP/1.1\r\nauthorization: Bearer {TOKEN}");
    serde_json::from_str(&hub.http(&ask).await.2).unwrap()
}

/// Waits until a call of the log has ended.
async fn ended_in_log(hub: &TestHub, call: CallId) -> LoggedCall {
    soon("the end of the call", async {
        loop {
            let found = logged(hub, call).await;
            if found.status == CallStatus::Ended {
                break found;
            }
            tokio::time::sleep(ms(10)).await;
        }
    })
    .await
}

async fn log(hub: &TestHub, query: &str) -> CallLogPage {
    let ask = format!("GET /api/calls{query} HTTP/1.1\r\nauthorization: Bearer {TOKEN}");
    serde_json::from_str(&hub.http(&ask).await.2).unwrap()
}

#[tokio::test]
async fn what_has_been_kept_for_long_enough_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).await.unwrap();
    put(&store, 0, &ended(direct(1, 1_000, [1, 2]), 2_000)).await;
    put(&store, 0, &direct(2, 1_000, [1, 2])).await;
    drop(store);
    let mut config = on_disk(dir.path());
    config.store.log_age = Config::default().store.log_age;
    let hub = TestHub::start(config).await;
    soon("the end of the old call", async {
        while log(&hub, "").await.calls.len() > 1 {
            tokio::time::sleep(ms(10)).await;
        }
    })
    .await;
    assert_eq!(log(&hub, "").await.calls[0].id, call_id(2), "it began as long ago, and ended only now");
}

/// System 5: after a hub's death nothing stays ringing or busy, and what ended is kept.
#[tokio::test]
async fn cleanup_on_lost_upstream_leaves_nothing_ringing_or_busy() -> Result<(), StoreError> {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).await.unwrap();
    put(&store, 0, &direct(1, 1_000, [1, 2])).await;
    put(&store, 0, &ended(direct(2, 500, [1, 2]), 900)).await;
    store.put_session(session(1)).await?;
    store.alive(2_000).await?;
    drop(store);

    let hub = TestHub::start(on_disk(dir.path())).await;
    assert_eq!(log(&hub, "?status=ringing").await.calls, []);
    let calls = log(&hub, "").await.calls;
    assert_eq!(calls.iter().map(|call| call.id).collect::<Vec<_>>(), [call_id(1), call_id(2)]);
    assert_eq!(calls[0].reason, Some(EndReason::ServerCleanup));
    assert_eq!(calls[1].reason, Some(EndReason::Hangup), "what was over is as it was");
    hub.shutdown.drain.cancel();
    drop(hub);

    let store = SqliteStore::open(dir.path()).await.unwrap();
    for number in [1, 2] {
        assert_eq!(store.claim(user(number)).await?, None);
    }
    assert_eq!(store.sessions().await?, []);
    let seen = store.last_alive().await?;
    assert!(seen > Some(2_000), "it has noted that it was alive: {seen:?}");
    Ok(())
}
