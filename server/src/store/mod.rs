//! What must outlive the process: calls with their direct-call claims, sessions that are in calls, and when the hub was
//! last alive. The unit of change is one call: computed by a pure core, committed here atomically against its version,
//! and only then told to anyone. The relay of signals never comes here.
//!
//! Times are the hub's, in milliseconds since the Unix epoch, and always given: a store reads no clock.
//!
//! What every implementation must do is tested in `server/tests/contract/`, by one suite that runs against each.

pub mod memory;
mod place;
pub mod sqlite;
pub(crate) mod start;
pub(crate) mod upkeep;
pub(crate) mod watched;

use async_trait::async_trait;
use holdfast_protocol::{
    CallId, CallLogPage, DisplayName, InstanceId, LoggedCall, RoomName, SessionId, UserId,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How often a call was changed; 0 stands for one that is not stored yet.
pub type Version = u64;

/// A call as it is stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StoredCall {
    /// What the log shows. Its `id`, `status`, `began_unix_ms` and `kind` are what a store looks for.
    pub log: LoggedCall,
    /// Whose log it is in: everyone who took part, called, or was called.
    pub users: Vec<UserId>,
    /// Whose one direct call this is; none once it has ended.
    pub claims: Vec<UserId>,
    /// When the call wants to be looked at, if it does.
    pub deadline_unix_ms: Option<u64>,
    /// What the core needs to go on with it; nobody else reads it.
    pub state: serde_json::Value,
}

impl StoredCall {
    /// Whether nobody met anybody in it: anyone can make many of them.
    pub fn is_of_one(&self) -> bool {
        self.users.iter().all(|user| Some(user) == self.users.first())
    }
}

/// A session that is in a call, as it is stored. Tokens are hashes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StoredSession {
    /// The session.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// The user's name.
    pub name: DisplayName,
    /// The latest page load or process.
    pub instance: InstanceId,
    /// The latest attempt of that instance.
    pub attempt: u32,
    /// SHA-256 of the token.
    pub token: [u8; 32],
    /// SHA-256 of the one before, while it is still good.
    pub token_before: Option<[u8; 32]>,
    /// The calls it is in.
    pub calls: Vec<CallId>,
}

/// What became of a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Committed {
    /// It is stored, and this is its version now.
    Done(Version),
    /// Somebody else has changed the call since: load it and decide anew.
    Stale,
    /// A user it claims is in another direct call; nothing is stored.
    Claimed {
        /// Who.
        user: UserId,
        /// In which.
        by: CallId,
    },
}

/// Which calls of the log are wanted, newest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LogQuery {
    /// Only those of this user.
    pub user: Option<UserId>,
    /// Only those with this status.
    pub status: Option<holdfast_protocol::CallStatus>,
    /// Only those before the place that an earlier page's `next` names.
    pub before: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// Why a store could not do it. The cause is for the log.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, or is broken.
    #[error("the store failed: {0}")]
    Failed(Box<dyn std::error::Error + Send + Sync>),
    /// The place in a [`LogQuery`] is not one.
    #[error("not a place in the log")]
    BadPlace,
}

impl StoreError {
    /// A failure with its cause.
    pub fn failed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(cause.into())
    }
}

/// Which ended calls are forgotten; those that go on never are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Retention {
    /// Those that ended before this time.
    pub ended_before_unix_ms: Option<u64>,
    /// Those beyond so many: first those that one user alone was ever in, then others, in the order in which they ended.
    pub ended_max: Option<u64>,
}

/// A store. Each method is atomic, and sees whatever was done before it began. What was done stays done when the process
/// dies, for stores that outlive it.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Stores a call whose version is `expected` (0: that is not there yet), its claims and its deadline; all or nothing.
    async fn commit(&self, expected: Version, call: StoredCall) -> Result<Committed, StoreError>;

    /// A call.
    async fn call(&self, call: CallId) -> Result<Option<(Version, StoredCall)>, StoreError>;

    /// The call that goes on in a room, if one does.
    async fn call_in(&self, room: &RoomName) -> Result<Option<CallId>, StoreError>;

    /// Every call that has not ended.
    async fn open_calls(&self) -> Result<Vec<(Version, StoredCall)>, StoreError>;

    /// The direct call that a user is in, if any.
    async fn claim(&self, user: UserId) -> Result<Option<CallId>, StoreError>;

    /// Calls whose deadline has passed, the earliest first, at most `limit`, each given to one asker alone until `lease_ms`
    /// have passed or the call is committed.
    async fn claim_due(
        &self,
        now_unix_ms: u64,
        lease_ms: u64,
        limit: usize,
    ) -> Result<Vec<CallId>, StoreError>;

    /// The log, newest first: by the time they began, then by id, from the greatest down. At least one call, if there is
    /// one: a limit of 0 counts as 1.
    async fn log(&self, query: LogQuery) -> Result<CallLogPage, StoreError>;

    /// Stores a session.
    async fn put_session(&self, session: StoredSession) -> Result<(), StoreError>;

    /// Forgets a session.
    async fn remove_session(&self, session: SessionId) -> Result<(), StoreError>;

    /// Every stored session.
    async fn sessions(&self) -> Result<Vec<StoredSession>, StoreError>;

    /// Notes that the hub is alive.
    async fn alive(&self, now_unix_ms: u64) -> Result<(), StoreError>;

    /// When a hub was last alive, if ever; the latest time noted.
    async fn last_alive(&self) -> Result<Option<u64>, StoreError>;

    /// Forgets ended calls, in the order of [`Retention`], at most `limit`; how many.
    async fn prune(&self, retention: Retention, limit: usize) -> Result<usize, StoreError>;
}
