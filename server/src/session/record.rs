//! What a store keeps of a session, and when: only of one that is in a call, so that nobody makes the hub write by
//! merely being there.

use super::{
    Attachment, Budget, Commands, Link, Place, Session, Standing, State, Turn, depth, frames_bucket,
    outbox::Outbox, refusals_bucket,
};
use crate::{
    call::CallHandle,
    clock::Timeline,
    config::Config,
    credentials::{TokenHash, Tokens},
    network::Network,
    store::{Store, StoredSession},
};
use holdfast_protocol::SessionId;
use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

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
    /// A session from a store, away, and to be taken up as always.
    #[allow(dead_code, reason = "the hub's start does not read its store yet")]
    pub(crate) fn restored(
        stored: StoredSession,
        calls: Vec<CallHandle>,
        budget: Budget,
        timeline: Timeline,
        config: &Config,
    ) -> (Arc<Self>, Attachment) {
        let StoredSession { id, user, name, instance, attempt, token, token_before, calls: _ } = stored;
        let place = |call: CallHandle| Place { call, _pass: None, standing: Standing::Present };
        let tokens =
            Tokens { current: TokenHash::from_bytes(token), before: token_before.map(TokenHash::from_bytes) };
        let state = State {
            // Until somebody comes back to it, it does nothing to answer for.
            network: Network::of(Ipv4Addr::UNSPECIFIED.into()),
            link: Link::Away,
            attachment: 0,
            instance,
            attempt,
            tokens,
            wake: Arc::default(),
            epoch: None,
            outbox: Outbox::new(depth(config.queue_frames_max), depth(config.queue_bytes_max), budget),
            commands: Commands::default(),
            calls: calls.into_iter().map(|call| (call.call, place(call))).collect(),
            unseen: Vec::new(),
            gone: Vec::new(),
            // It may have been in a call that is over.
            record: Record::Outdated,
            frames: frames_bucket(config, timeline.now_unix_ms()),
            refusals: refusals_bucket(config, timeline.now_unix_ms()),
        };
        let attachment = state.attachment(id);
        let session = Self {
            id,
            user,
            name,
            _pass: None,
            calls_max: config.calls_max as usize,
            timeline,
            turn: tokio::sync::Mutex::default(),
            state: Mutex::new(state),
        };
        (Arc::new(session), attachment)
    }

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
