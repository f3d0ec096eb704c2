//! The store of the simulated world: in memory, outliving every hub, and lost on demand.

use async_trait::async_trait;
use holdfast_protocol::{CallId, CallLogPage, RoomName, SessionId, UserId};
use holdfast_server::store::{
    Committed, LogQuery, Retention, Store, StoreError, StoredCall, StoredSession, Version,
    memory::MemoryStore,
};
use std::sync::atomic::{AtomicBool, Ordering};

/// A store that can be lost and found.
#[derive(Debug, Default)]
pub struct FragileStore {
    inner: MemoryStore,
    lost: AtomicBool,
}

impl FragileStore {
    /// While `lost`, nothing can be read or written through it.
    pub fn lose(&self, lost: bool) {
        self.lost.store(lost, Ordering::Relaxed);
    }

    /// What is in it, lost or not.
    pub fn contents(&self) -> &MemoryStore {
        &self.inner
    }

    fn reach(&self) -> Result<&MemoryStore, StoreError> {
        if self.lost.load(Ordering::Relaxed) {
            return Err(StoreError::failed("out of reach"));
        }
        Ok(&self.inner)
    }
}

#[async_trait]
impl Store for FragileStore {
    async fn commit(&self, expected: Version, call: StoredCall) -> Result<Committed, StoreError> {
        self.reach()?.commit(expected, call).await
    }

    async fn call(&self, call: CallId) -> Result<Option<(Version, StoredCall)>, StoreError> {
        self.reach()?.call(call).await
    }

    async fn call_in(&self, room: &RoomName) -> Result<Option<CallId>, StoreError> {
        self.reach()?.call_in(room).await
    }

    async fn open_calls(&self) -> Result<Vec<(Version, StoredCall)>, StoreError> {
        self.reach()?.open_calls().await
    }

    async fn claim(&self, user: UserId) -> Result<Option<CallId>, StoreError> {
        self.reach()?.claim(user).await
    }

    async fn claim_due(&self, now: u64, lease_ms: u64, limit: usize) -> Result<Vec<CallId>, StoreError> {
        self.reach()?.claim_due(now, lease_ms, limit).await
    }

    async fn log(&self, query: LogQuery) -> Result<CallLogPage, StoreError> {
        self.reach()?.log(query).await
    }

    async fn put_session(&self, session: StoredSession) -> Result<(), StoreError> {
        self.reach()?.put_session(session).await
    }

    async fn remove_session(&self, session: SessionId) -> Result<(), StoreError> {
        self.reach()?.remove_session(session).await
    }

    async fn sessions(&self) -> Result<Vec<StoredSession>, StoreError> {
        self.reach()?.sessions().await
    }

    async fn alive(&self, now_unix_ms: u64) -> Result<(), StoreError> {
        self.reach()?.alive(now_unix_ms).await
    }

    async fn last_alive(&self) -> Result<Option<u64>, StoreError> {
        self.reach()?.last_alive().await
    }

    async fn prune(&self, retention: Retention, limit: usize) -> Result<usize, StoreError> {
        self.reach()?.prune(retention, limit).await
    }
}
