//! Who is there, and what they are doing: derived from the sessions that are attached and from what calls make of their
//! users, never stored. Finds all devices of a user, answers the directory's queries, and tells watchers what changes.
//!
//! Bounds: a session watches as many users as one answer has; a user has [`WATCHERS_MAX`] watchers, of whom the
//! oldest makes room; a query looks at [`SCAN_MAX`] names; queries come at [`QUERIES_PER_SECOND`] for the whole hub.
//! Changes are gathered for [`PUSH_INTERVAL`], so that who comes and goes quickly costs no more than who does it slowly.

mod state;
#[cfg(test)]
mod tests;

use crate::{call::view::Share, hub::Hub, outgoing::Outgoing, session::Session};
use holdfast_protocol::{
    CallId, DirectoryEntry, DirectoryQuery, DisplayName, HubFrame, IncomingCall, Presence, SessionId, UserId,
};
use serde::Serialize;
use state::State;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// Watchers of one user.
const WATCHERS_MAX: usize = 256;
/// Names that one query looks at.
const SCAN_MAX: usize = 20_000;
/// Queries for the whole hub: at most a fifth of a processor when all of them look at [`SCAN_MAX`] names.
const QUERIES_PER_SECOND: u64 = 100;
/// Queries of one session.
const QUERIES_PER_MINUTE: u64 = 60;
/// Calls that one session begins.
const DIALS_PER_MINUTE: u64 = 30;
/// What a session may ask for at once.
const BURST: u32 = 20;
/// How long changes are gathered before they are told.
const PUSH_INTERVAL: Duration = Duration::from_millis(200);
/// Users whose watchers are told at a stretch, while nobody else gets at the directory.
const STRETCH: usize = 500;

/// Users, their devices, and what they are doing.
#[derive(Debug)]
pub(crate) struct Directory {
    /// Whether it may be searched.
    pub(crate) is_open: bool,
    state: Mutex<State>,
    changed: Notify,
}

/// Of whom somebody may know what they are doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scope {
    /// Itself.
    Only(UserId),
    /// Itself, and whoever has a connected device.
    OnlineAnd(UserId),
    /// Everyone who is in a call as well.
    All,
}

/// What a user is doing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Present {
    pub(crate) user: UserId,
    /// Absent for one who has not been seen since the hub started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<DisplayName>,
    pub(crate) presence: Presence,
}

/// An answer to a query: users, and whether there are more.
pub(crate) type Found = (Vec<DirectoryEntry>, bool);

impl Directory {
    /// An empty one.
    pub(crate) fn new(is_open: bool, now_unix_ms: u64) -> Self {
        Self { is_open, state: Mutex::new(State::new(now_unix_ms)), changed: Notify::new() }
    }

    /// A session has a socket, its `attachment`th.
    pub(crate) fn attached(&self, session: &Arc<Session>, attachment: u32, now_unix_ms: u64) {
        self.lock().attached(session, attachment, now_unix_ms);
        self.changed.notify_one();
    }

    /// A session has lost its `attachment`th socket.
    pub(crate) fn detached(&self, session: &Session, attachment: u32) {
        self.lock().detached(session.user, session.id, attachment);
        self.changed.notify_one();
    }

    /// A session's history is broken: what it believes is not known any more, and it watches nobody until it asks again.
    pub(crate) fn unwatch(&self, session: SessionId) {
        self.lock().unwatch(session);
    }

    /// A session has ended.
    pub(crate) fn forget(&self, user: UserId, session: SessionId) {
        self.lock().forget(user, session);
        self.changed.notify_one();
    }

    /// A call makes this of its users now.
    pub(crate) fn note(&self, call: CallId, before: &[Share], now: &[Share]) {
        self.lock().note(call, before, now);
        self.changed.notify_one();
    }

    /// Every session of a user, those whose client is away included.
    pub(crate) fn devices(&self, user: UserId) -> Vec<Arc<Session>> {
        self.lock().devices(user)
    }

    /// What a user is called, if one of its sessions is known.
    pub(crate) fn name(&self, user: UserId) -> Option<DisplayName> {
        self.lock().name(user)
    }

    /// Whether a device of that user is connected.
    pub(crate) fn is_online(&self, user: UserId) -> bool {
        self.lock().is_online(user)
    }

    /// At most `limit` users of `scope`, in the order of their ids, from the one after `after`.
    ///
    /// # Errors
    /// With the milliseconds to wait.
    pub(crate) fn list(
        &self,
        scope: Scope,
        after: Option<UserId>,
        limit: usize,
        now_unix_ms: u64,
    ) -> Result<Vec<Present>, u64> {
        self.lock().list(scope, after, limit, now_unix_ms)
    }

    /// The calls that ring for a user.
    pub(crate) fn incoming(&self, user: UserId, now_unix_ms: u64) -> Vec<IncomingCall> {
        self.lock().incoming(user, now_unix_ms)
    }

    /// Lets a session begin a call.
    ///
    /// # Errors
    /// With the milliseconds to wait.
    pub(crate) fn admit_dial(&self, session: &Session, now_unix_ms: u64) -> Result<(), u64> {
        self.lock().admit_dial(session.user, session.id, now_unix_ms)
    }

    /// Searches for a session's sake, which watches from now on what is found.
    ///
    /// # Errors
    /// With the milliseconds to wait.
    pub(crate) fn search(
        &self,
        session: &Session,
        query: &DirectoryQuery,
        now_unix_ms: u64,
    ) -> Result<Found, u64> {
        self.lock().search(session.user, session.id, query, now_unix_ms)
    }

    /// Tells some watchers what has changed; whether there is more to tell.
    fn push(&self) -> bool {
        let mut state = self.lock();
        // Under the lock, so that of two changes the later is told later.
        for (session, user, presence) in state.take_news(STRETCH) {
            session.push(Outgoing::new(&HubFrame::Presence { user, presence }));
        }
        state.has_news()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells watchers what changes, for ever.
pub(crate) async fn keep_told(hub: Arc<Hub>) {
    loop {
        hub.directory.changed.notified().await;
        tokio::time::sleep(PUSH_INTERVAL).await;
        while hub.directory.push() {
            tokio::task::yield_now().await;
        }
    }
}
