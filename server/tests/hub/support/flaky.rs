//! A store that fails when told to.

use async_trait::async_trait;
use holdfast_protocol::{CallId, CallLogPage, RoomName, SessionId, UserId};
use holdfast_server::store::{
    Committed, LogQuery, Retention, Store, StoreError, StoredCall, StoredSession, Version,
    memory::MemoryStore,
};
use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering::SeqCst},
};

/// A store in memory. While it fails it does nothing, or commits without saying so, or never
/// answers.
#[derive(Debug, Default)]
pub(crate) struct Flaky {
    pub(crate) memory: MemoryStore,
    pub(crate) fails: AtomicBool,
    pub(crate) lies: AtomicBool,
    pub(crate) hangs: AtomicBool,
    /// What was to be written, in order.
    pub(crate) writes: Mutex<Vec<&'static str>>,
}

impl Flaky {
    fn check(&self) -> Result<(), StoreError> {
        if self.fails.load(SeqCst) { Err(StoreError::failed("the disk is full")) } else { Ok(()) }
    }

    async fn ask<T>(&self, asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        if self.hangs.load(SeqCst) {
            std::future::pending::<()>().await;
        }
        self.check()?;
        asked.await
    }
}

#[async_trait]
impl Store for Flaky {
    async fn commit(&self, expected: Version, call: StoredCall) -> Result<Committed, StoreError> {
        self.writes.lock().unwrap().push("call");
        let outcome = self.ask(self.memory.commit(expected, call)).await?;
        if self.lies.load(SeqCst) { Err(StoreError::failed("the answer was lost")) } else { Ok(outcome) }
    }

    async fn call(&self, call: CallId) -> Result<Option<(Version, StoredCall)>, StoreError> {
        self.check()?;
        self.memory.call(call).await
    }

    async fn call_in(&self, room: &RoomName) -> Result<Option<CallId>, StoreError> {
        self.check()?;
        self.memory.call_in(room).await
    }

    async fn open_calls(&self) -> Result<Vec<(Version, StoredCall)>, StoreError> {
        self.check()?;
        self.memory.open_calls().await
    }

    async fn claim(&self, user: UserId) -> Result<Option<CallId>, StoreError> {
        self.check()?;
        self.memory.claim(user).await
    }

    async fn claim_due(&self, now: u64, lease_ms: u64, limit: usize) -> Result<Vec<CallId>, StoreError> {
        self.check()?;
        self.memory.claim_due(now, lease_ms, limit).await
    }

    async fn log(&self, query: LogQuery) -> Result<CallLogPage, StoreError> {
        self.check()?;
        self.memory.log(query).await
    }

    async fn put_session(&self, session: StoredSession) -> Result<(), StoreError> {
        self.writes.lock().unwrap().push("session");
        self.ask(self.memory.put_session(session)).await
    }

    async fn remove_session(&self, session: SessionId) -> Result<(), StoreError> {
        self.ask(self.memory.remove_session(session)).await
    }

    async fn sessions(&self) -> Result<Vec<StoredSession>, StoreError> {
        self.check()?;
        self.memory.sessions().await
    }

    async fn alive(&self, now: u64) -> Result<(), StoreError> {
        // Not lied about: it would be noticed before anything else.
        if self.hangs.load(SeqCst) {
            std::future::pending::<()>().await;
        }
        self.check()?;
        self.memory.alive(now).await
    }

    async fn last_alive(&self) -> Result<Option<u64>, StoreError> {
        self.check()?;
        self.memory.last_alive().await
    }

    async fn prune(&self, retention: Retention, limit: usize) -> Result<usize, StoreError> {
        self.ask(self.memory.prune(retention, limit)).await
    }
}
