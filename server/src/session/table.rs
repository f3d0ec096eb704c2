//! Finds a session by its id.

use super::Session;
use holdfast_protocol::SessionId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Every session of the hub, bounded.
#[derive(Debug)]
pub(crate) struct SessionTable {
    max: usize,
    sessions: Mutex<HashMap<SessionId, Arc<Session>>>,
}

impl SessionTable {
    /// A table for at most `max` sessions.
    pub(crate) fn new(max: u64) -> Self {
        Self { max: usize::try_from(max).unwrap_or(usize::MAX), sessions: Mutex::default() }
    }

    /// Adds a session; false when there are as many as there may be.
    pub(crate) fn insert(&self, session: &Arc<Session>) -> bool {
        let mut sessions = self.lock();
        let room = sessions.len() < self.max;
        if room {
            sessions.insert(session.id, Arc::clone(session));
        }
        room
    }

    /// Adds a session that was stored, however many there are.
    pub(crate) fn restore(&self, session: &Arc<Session>) {
        self.lock().insert(session.id, Arc::clone(session));
    }

    /// The session of that id.
    pub(crate) fn get(&self, id: SessionId) -> Option<Arc<Session>> {
        self.lock().get(&id).cloned()
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Arc<Session>> {
        self.lock().values().cloned().collect()
    }

    /// Forgets a session; whether it was known.
    pub(crate) fn remove(&self, id: SessionId) -> bool {
        self.lock().remove(&id).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Arc<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
