//! What a store keeps of a session, and when: only of one that is in a call, so that nobody makes the hub write by
//! merely being there.

use super::{Session, Turn};
use crate::{
    credentials::TokenHash,
    store::{Store, StoredSession},
};
use holdfast_protocol::SessionId;

/// How the store's record of a session is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Record {
    /// There is none, and there needs to be none.
    None,
    /// It is as the session is.
    Current,
    /// It is not, or not there yet.
    Outdated,
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
        self.lock().record == Record::Outdated
    }

    /// Tells the store how the session is, if it does not know.
    pub(crate) async fn save(&self, _turn: &Turn<'_>, store: &dyn Store) {
        let saved = match self.take_change() {
            None => Ok(()),
            Some(Change::Put(stored)) => store.put_session(*stored).await,
            Some(Change::Remove(id)) => store.remove_session(id).await,
        };
        if let Err(error) = saved {
            // Tried again with the next change. Until then a restart would lose the session, and nothing else.
            tracing::error!(session = %self.id, %error, "session is not stored");
        }
    }

    fn take_change(&self) -> Option<Change> {
        let mut state = self.lock();
        if state.record != Record::Outdated {
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
