//! The store that forgets with the process: for tests and simulations.

use super::{Committed, LogQuery, Store, StoreError, StoredCall, StoredSession, Version};
use async_trait::async_trait;
use holdfast_protocol::{CallId, CallLogPage, CallStatus, RoomName, SessionId, UserId};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Everything in maps.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    calls: BTreeMap<CallId, (Version, StoredCall)>,
    sessions: BTreeMap<SessionId, StoredSession>,
    leases: BTreeMap<CallId, u64>,
    alive_unix_ms: Option<u64>,
}

impl MemoryStore {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, expected: Version, call: StoredCall) -> Result<Committed, StoreError> {
        let mut state = self.lock();
        let id = call.log.id;
        if state.calls.get(&id).map_or(0, |(version, _)| *version) != expected {
            return Ok(Committed::Stale);
        }
        for (other, (_, stored)) in state.calls.iter().filter(|(other, _)| **other != id) {
            if let Some(user) = call.claims.iter().find(|user| stored.claims.contains(user)) {
                return Ok(Committed::Claimed { user: *user, by: *other });
            }
        }
        state.leases.remove(&id);
        state.calls.insert(id, (expected + 1, call));
        Ok(Committed::Done(expected + 1))
    }

    async fn call(&self, call: CallId) -> Result<Option<(Version, StoredCall)>, StoreError> {
        Ok(self.lock().calls.get(&call).cloned())
    }

    async fn call_in(&self, room: &RoomName) -> Result<Option<CallId>, StoreError> {
        let is = |(_, call): &&(Version, StoredCall)| {
            call.log.status != CallStatus::Ended && call.log.kind.room() == Some(room)
        };
        Ok(self.lock().calls.values().find(is).map(|(_, call)| call.log.id))
    }

    async fn open_calls(&self) -> Result<Vec<(Version, StoredCall)>, StoreError> {
        let open = |(_, call): &&(Version, StoredCall)| call.log.status != CallStatus::Ended;
        Ok(self.lock().calls.values().filter(open).cloned().collect())
    }

    async fn claim(&self, user: UserId) -> Result<Option<CallId>, StoreError> {
        let has = |(_, call): &&(Version, StoredCall)| call.claims.contains(&user);
        Ok(self.lock().calls.values().find(has).map(|(_, call)| call.log.id))
    }

    async fn claim_due(
        &self,
        now_unix_ms: u64,
        lease_ms: u64,
        limit: usize,
    ) -> Result<Vec<CallId>, StoreError> {
        let mut state = self.lock();
        let free = |id: &CallId| state.leases.get(id).is_none_or(|until| *until <= now_unix_ms);
        let due = |call: &StoredCall| call.deadline_unix_ms.is_some_and(|at| at <= now_unix_ms);
        let calls = state.calls.iter().filter(|(id, (_, call))| due(call) && free(id));
        let calls: Vec<CallId> = calls.map(|(id, _)| *id).take(limit).collect();
        state.leases.extend(calls.iter().map(|id| (*id, now_unix_ms + lease_ms)));
        Ok(calls)
    }

    async fn log(&self, query: LogQuery) -> Result<CallLogPage, StoreError> {
        let state = self.lock();
        let wanted = |call: &&StoredCall| {
            query.user.is_none_or(|user| call.users.contains(&user))
                && query.status.is_none_or(|status| call.log.status == status)
        };
        let mut calls: Vec<_> =
            state.calls.values().map(|(_, call)| call).filter(wanted).map(|call| call.log.clone()).collect();
        calls.sort_by_key(|call| std::cmp::Reverse((call.began_unix_ms, call.id)));
        calls.truncate(query.limit);
        Ok(CallLogPage { calls, next: None })
    }

    async fn put_session(&self, session: StoredSession) -> Result<(), StoreError> {
        self.lock().sessions.insert(session.id, session);
        Ok(())
    }

    async fn remove_session(&self, session: SessionId) -> Result<(), StoreError> {
        self.lock().sessions.remove(&session);
        Ok(())
    }

    async fn sessions(&self) -> Result<Vec<StoredSession>, StoreError> {
        Ok(self.lock().sessions.values().cloned().collect())
    }

    async fn alive(&self, now_unix_ms: u64) -> Result<(), StoreError> {
        self.lock().alive_unix_ms = Some(now_unix_ms);
        Ok(())
    }

    async fn last_alive(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.lock().alive_unix_ms)
    }

    async fn prune(&self, ended_before_unix_ms: u64, limit: usize) -> Result<usize, StoreError> {
        let mut state = self.lock();
        let old = |call: &StoredCall| call.log.ended_unix_ms.is_some_and(|at| at < ended_before_unix_ms);
        let gone: Vec<CallId> =
            state.calls.iter().filter(|(_, (_, call))| old(call)).map(|(id, _)| *id).take(limit).collect();
        for id in &gone {
            state.calls.remove(id);
        }
        Ok(gone.len())
    }
}
