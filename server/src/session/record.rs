//! What a store keeps of a session, and when: only of one that is in a call, so that nobody makes the hub write by
//! merely being there.

use super::{Session, State, Turn};
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
    /// The same, and the store failed when it was told. It is told with the next change, or once it works.
    Failed,
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
        self.write(store).await;
    }

    /// The same before the session is given a place in a call, while the socket's task that asked for it has the turn
    /// and waits: a call that names a session the store does not know would come back without it.
    pub(crate) async fn save_entered(&self, store: &dyn Store) {
        self.write(store).await;
    }

    async fn write(&self, store: &dyn Store) {
        let saved = match self.take_change() {
            None => Ok(()),
            Some(Change::Put(stored)) => store.put_session(*stored).await,
            Some(Change::Remove(id)) => store.remove_session(id).await,
        };
        if let Err(error) = saved {
            // Until it is, a restart would lose the session, and nothing else.
            tracing::debug!(session = %self.id, %error, "session is not stored");
            let mut state = self.lock();
            if state.record != Record::Outdated {
                state.record = Record::Failed;
            }
        }
    }

    /// Tells a store that works again what it has missed of this session.
    pub(crate) async fn catch_up(&self, store: &dyn Store) {
        if self.lock().record == Record::Failed {
            let turn = self.turn().await;
            self.lock().outdate();
            self.save(&turn, store).await;
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

impl State {
    /// What the store has, if it has anything, is not as the session is.
    pub(super) fn outdate(&mut self) {
        if self.record != Record::None {
            self.record = Record::Outdated;
        }
    }
}
