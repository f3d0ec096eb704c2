//! What a store keeps of a session, and when: only of one that is in a call, so that nobody makes the hub write by
//! merely being there.

use super::{Session, Turn};
use crate::{
    credentials::TokenHash,
    store::{Store, StoredSession},
};
use holdfast_protocol::SessionId;

/// When to try a store again that has failed.
const RETRY_MS: u64 = 5_000;

/// How the store's record of a session is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Record {
    /// There is none, and there needs to be none.
    None,
    /// It is as the session is.
    Current,
    /// It is not, or not there yet.
    Outdated,
    /// The same, and the store has failed: to be tried again from this time of the hub's on.
    Failed { again_unix_ms: u64 },
}

/// What to do about it.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Change {
    Put(Box<StoredSession>),
    Remove(SessionId),
}

impl Session {
    /// Whether the store is to hear of it.
    pub(crate) fn is_unsaved(&self) -> bool {
        self.unsaved_from_unix_ms().is_some_and(|at| at <= self.timeline.now_unix_ms())
    }

    /// From when on the store is to hear of it, if at all.
    pub(crate) fn unsaved_from_unix_ms(&self) -> Option<u64> {
        match self.lock().record {
            Record::None | Record::Current => None,
            Record::Outdated => Some(0),
            Record::Failed { again_unix_ms } => Some(again_unix_ms),
        }
    }

    /// Tells the store how the session is, if it does not know.
    pub(crate) async fn save(&self, _turn: &Turn<'_>, store: &dyn Store) {
        let saved = match self.take_change() {
            None => Ok(()),
            Some(Change::Put(stored)) => store.put_session(*stored).await,
            Some(Change::Remove(id)) => store.remove_session(id).await,
        };
        if let Err(error) = saved {
            // Until it is stored a restart would lose the session, and nothing else.
            tracing::error!(session = %self.id, %error, "session is not stored");
            let again_unix_ms = self.timeline.now_unix_ms().saturating_add(RETRY_MS);
            self.lock().record = Record::Failed { again_unix_ms };
        }
    }

    fn take_change(&self) -> Option<Change> {
        let mut state = self.lock();
        if matches!(state.record, Record::None | Record::Current) {
            return None;
        }
        if state.calls.is_empty() {
            state.record = Record::None;
            return Some(Change::Remove(self.id));
        }
        state.record = Record::Current;
        Some(Change::Put(Box::new(StoredSession {
            id: self.id,
            user: self.user,
            name: self.name.clone(),
            instance: state.instance,
            attempt: state.attempt,
            token: state.tokens.current.to_bytes(),
            token_before: state.tokens.before.map(TokenHash::to_bytes),
            calls: state.calls.keys().copied().collect(),
        })))
    }
}
