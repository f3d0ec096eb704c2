//! The store that forgets with the process: for tests, simulations, and `--store memory`.

use super::{
    Committed, LogQuery, Retention, Store, StoreError, StoredCall, StoredSession, Version,
    place::{Place, page},
};
use async_trait::async_trait;
use holdfast_protocol::{CallId, CallLogPage, CallStatus, RoomName, SessionId, UserId};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Everything in maps.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

/// The calls, and sorted beside them what is looked for, so that no commit walks them all.
#[derive(Debug, Default)]
struct State {
    calls: HashMap<CallId, (Version, StoredCall)>,
    by_age: BTreeSet<Place>,
    open: BTreeSet<CallId>,
    ended: BTreeSet<(u64, CallId)>,
    /// Those of them that one user alone was ever in.
    alone: BTreeSet<(u64, CallId)>,
    rooms: HashMap<RoomName, CallId>,
    claims: HashMap<UserId, CallId>,
    due: BTreeSet<(u64, CallId)>,
    leases: HashMap<CallId, u64>,
    sessions: BTreeMap<SessionId, StoredSession>,
    alive_unix_ms: Option<u64>,
}

impl State {
    /// Takes a call out of everything but the table of leases.
    fn remove(&mut self, id: CallId) {
        let Some((_, call)) = self.calls.remove(&id) else { return };
        self.by_age.remove(&Place::of(&call.log));
        self.open.remove(&id);
        self.due.remove(&(call.deadline_unix_ms.unwrap_or_default(), id));
        let end = (call.log.ended_unix_ms.unwrap_or_default(), id);
        self.ended.remove(&end);
        self.alone.remove(&end);
        if let Some(room) = call.log.kind.room()
            && self.rooms.get(room) == Some(&id)
        {
            self.rooms.remove(room);
        }
        for user in &call.claims {
            self.claims.remove(user);
        }
    }

    /// Puts a call that is not there, whose claims are free, into all that it belongs in.
    fn insert(&mut self, version: Version, call: StoredCall) {
        let id = call.log.id;
        self.by_age.insert(Place::of(&call.log));
        if call.log.status == CallStatus::Ended {
            let end = (call.log.ended_unix_ms.unwrap_or_default(), id);
            self.ended.insert(end);
            if call.is_of_one() {
                self.alone.insert(end);
            }
        } else {
            self.open.insert(id);
            self.rooms.extend(call.log.kind.room().map(|room| (room.clone(), id)));
        }
        self.due.extend(call.deadline_unix_ms.map(|at| (at, id)));
        self.claims.extend(call.claims.iter().map(|user| (*user, id)));
        self.calls.insert(id, (version, call));
    }
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
        for user in &call.claims {
            if let Some(by) = state.claims.get(user).filter(|by| **by != id) {
                return Ok(Committed::Claimed { user: *user, by: *by });
            }
        }
        state.remove(id);
        state.leases.remove(&id);
        state.insert(expected + 1, call);
        Ok(Committed::Done(expected + 1))
    }

    async fn call(&self, call: CallId) -> Result<Option<(Version, StoredCall)>, StoreError> {
        Ok(self.lock().calls.get(&call).cloned())
    }

    async fn call_in(&self, room: &RoomName) -> Result<Option<CallId>, StoreError> {
        Ok(self.lock().rooms.get(room).copied())
    }

    async fn open_calls(&self) -> Result<Vec<(Version, StoredCall)>, StoreError> {
        let state = self.lock();
        Ok(state.open.iter().filter_map(|id| state.calls.get(id).cloned()).collect())
    }

    async fn claim(&self, user: UserId) -> Result<Option<CallId>, StoreError> {
        Ok(self.lock().claims.get(&user).copied())
    }

    async fn claim_due(
        &self,
        now_unix_ms: u64,
        lease_ms: u64,
        limit: usize,
    ) -> Result<Vec<CallId>, StoreError> {
        let mut state = self.lock();
        let due = state.due.iter().take_while(|(at, _)| *at <= now_unix_ms).map(|(_, id)| *id);
        let free = |id: &CallId| state.leases.get(id).is_none_or(|until| *until <= now_unix_ms);
        let calls: Vec<CallId> = due.filter(free).take(limit).collect();
        let until = now_unix_ms.saturating_add(lease_ms);
        state.leases.extend(calls.iter().map(|id| (*id, until)));
        Ok(calls)
    }

    async fn log(&self, query: LogQuery) -> Result<CallLogPage, StoreError> {
        let before = query.before.as_deref().map(Place::parse).transpose()?;
        let limit = query.limit.max(1);
        let state = self.lock();
        let wanted = |call: &&StoredCall| {
            query.user.is_none_or(|user| call.users.contains(&user))
                && query.status.is_none_or(|status| call.log.status == status)
        };
        let newest_first =
            state.by_age.iter().rev().skip_while(|place| before.is_some_and(|at| **place >= at));
        let calls = newest_first.filter_map(|place| state.calls.get(&place.call)).map(|(_, call)| call);
        let found = calls.filter(wanted).take(limit.saturating_add(1)).map(|call| call.log.clone()).collect();
        Ok(page(found, limit))
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
        let mut state = self.lock();
        state.alive_unix_ms = state.alive_unix_ms.max(Some(now_unix_ms));
        Ok(())
    }

    async fn last_alive(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.lock().alive_unix_ms)
    }

    async fn prune(&self, retention: Retention, limit: usize) -> Result<usize, StoreError> {
        let mut state = self.lock();
        let ended = state.ended.len();
        let kept_max = retention.ended_max.map_or(ended, |max| usize::try_from(max).unwrap_or(usize::MAX));
        let surplus = ended.saturating_sub(kept_max);
        let old = |at: u64| retention.ended_before_unix_ms.is_some_and(|before| at < before);
        let mut gone: Vec<CallId> = state.alone.iter().take(surplus.min(limit)).map(|(_, id)| *id).collect();
        let surplus = surplus - gone.len();
        let others = state.ended.iter().filter(|(_, id)| !gone.contains(id)).enumerate();
        let others = others.take_while(|(place, (at, _))| *place < surplus || old(*at));
        let others: Vec<CallId> = others.map(|(_, (_, id))| *id).take(limit - gone.len()).collect();
        gone.extend(others);
        for id in &gone {
            state.remove(*id);
            state.leases.remove(id);
        }
        Ok(gone.len())
    }
}
