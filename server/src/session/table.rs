//! Finds a session by its id.

use super::Session;
use holdfast_protocol::{Secret, SessionId};
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

    /// The session of that id, for the hub's own use.
    pub(crate) fn get(&self, id: SessionId) -> Option<Arc<Session>> {
        self.lock().get(&id).cloned()
    }

    /// The session that `token` opens. Nobody can tell an unknown session from a wrong token.
    pub(crate) fn find(&self, id: SessionId, token: &Secret) -> Option<Arc<Session>> {
        self.get(id).filter(|session| session.is_opened_by(token))
    }

    /// Forgets a session; whether it was known.
    pub(crate) fn remove(&self, id: SessionId) -> bool {
        self.lock().remove(&id).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Arc<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
