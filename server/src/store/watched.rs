//! A store, and whether it works: every failure is noted here, whoever met with it. Who watches the hub is told; the hub
//! itself goes on in memory, and brings the store up to date once it works again ([`super::upkeep`]).
//!
//! After a failure only signs of life get through until one does: nobody waits for a disk that hangs but for the first
//! time, and signals wait for nothing else.

use super::{Committed, LogQuery, Retention, Store, StoreError, StoredCall, StoredSession, Version};
use crate::metrics::Metrics;
use async_trait::async_trait;
use holdfast_protocol::{CallId, CallLogPage, RoomName, SessionId, UserId};
use prometheus_client::metrics::{counter::Counter, gauge::Gauge};
use std::{
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Semaphore, time::timeout};

/// How long a change, or a look before it, may take. What takes longer has failed, and may be done all the same.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// Ended calls that wait for a store that never knew them. Of more than these the log has no line.
const WAITING_MAX: usize = 4_096;

/// A store that is watched.
#[derive(Debug)]
pub(crate) struct Watched {
    store: Arc<dyn Store>,
    failing: AtomicBool,
    /// Whether nothing is asked until there is a sign of life.
    broken: AtomicBool,
    /// Failures so far; locked while it is decided whether they are over.
    failures: Mutex<u64>,
    counter: Counter,
    gauge: Gauge,
    /// Places for ended calls that the store does not know.
    pub(crate) waiting: Arc<Semaphore>,
}

impl Watched {
    /// Watches `store`.
    pub(crate) fn new(store: Arc<dyn Store>, metrics: &Metrics) -> Self {
        Self {
            store,
            failing: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            failures: Mutex::default(),
            counter: metrics.store_failures.clone(),
            gauge: metrics.store_failing.clone(),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
        }
    }

    /// Whether it has failed, and what it missed is not made up for.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// How often it has failed.
    pub(crate) fn failures(&self) -> u64 {
        *self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It works, unless it has failed again since it had failed `failures` times.
    pub(crate) fn works_since(&self, failures: u64) {
        let now = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if *now == failures && self.failing.swap(false, Ordering::Relaxed) {
            self.gauge.set(0);
            tracing::info!("the store works again");
        }
    }

    /// Waits for something short.
    async fn ask<T>(&self, asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        self.read(soon(asked)).await
    }

    /// Waits for as long as it takes.
    async fn read<T>(&self, asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(StoreError::failed("it failed a moment ago"));
        }
        self.judge(asked.await)
    }

    fn judge<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(StoreError::Failed(cause)) = &outcome {
            let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
            *failures += 1;
            self.counter.inc();
            self.broken.store(true, Ordering::Relaxed);
            if !self.failing.swap(true, Ordering::Relaxed) {
                self.gauge.set(1);
                tracing::error!(%cause, "the store fails: calls go on, and are kept in memory");
            }
        }
        outcome
    }
}

async fn soon<T>(asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(ANSWER_MAX, asked).await.unwrap_or_else(|late| Err(StoreError::failed(late)))
}

#[async_trait]
impl Store for Watched {
    async fn commit(&self, expected: Version, call: StoredCall) -> Result<Committed, StoreError> {
        self.ask(self.store.commit(expected, call)).await
    }

    async fn call(&self, call: CallId) -> Result<Option<(Version, StoredCall)>, StoreError> {
        self.ask(self.store.call(call)).await
    }

    async fn call_in(&self, room: &RoomName) -> Result<Option<CallId>, StoreError> {
        self.ask(self.store.call_in(room)).await
    }

    async fn open_calls(&self) -> Result<Vec<(Version, StoredCall)>, StoreError> {
        self.read(self.store.open_calls()).await
    }

    async fn claim(&self, user: UserId) -> Result<Option<CallId>, StoreError> {
        self.ask(self.store.claim(user)).await
    }

    async fn claim_due(&self, now: u64, lease_ms: u64, limit: usize) -> Result<Vec<CallId>, StoreError> {
        self.read(self.store.claim_due(now, lease_ms, limit)).await
    }

    async fn log(&self, query: LogQuery) -> Result<CallLogPage, StoreError> {
        self.read(self.store.log(query)).await
    }

    async fn put_session(&self, session: StoredSession) -> Result<(), StoreError> {
        self.ask(self.store.put_session(session)).await
    }

    async fn remove_session(&self, session: SessionId) -> Result<(), StoreError> {
        self.ask(self.store.remove_session(session)).await
    }

    async fn sessions(&self) -> Result<Vec<StoredSession>, StoreError> {
        self.read(self.store.sessions()).await
    }

    async fn alive(&self, now_unix_ms: u64) -> Result<(), StoreError> {
        // Asked in any case: so it comes out that the store works again.
        let outcome = self.judge(soon(self.store.alive(now_unix_ms)).await);
        if outcome.is_ok() {
            self.broken.store(false, Ordering::Relaxed);
        }
        outcome
    }

    async fn last_alive(&self) -> Result<Option<u64>, StoreError> {
        self.read(self.store.last_alive()).await
    }

    async fn prune(&self, retention: Retention, limit: usize) -> Result<usize, StoreError> {
        self.read(self.store.prune(retention, limit)).await
    }
}
