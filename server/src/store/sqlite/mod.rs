//! The store on disk: SQLite, in one file of the data directory. Statements run in [`tokio::task::spawn_blocking`], which
//! also holds a simulated clock still meanwhile.
//!
//! One connection writes and one reads. Each is waited for in turn before a thread is taken, so at most two threads are,
//! and somebody who reads a long log does not hold up a call.

mod calls;
mod file;
mod log;
mod sessions;

pub use file::{DATABASE_FILE, OpenError};

use super::{Committed, LogQuery, Retention, Store, StoreError, StoredCall, StoredSession, Version};
use async_trait::async_trait;
use holdfast_protocol::{CallId, CallLogPage, RoomName, SessionId, UserId};
use rusqlite::Connection;
use std::{fs::File, path::Path, sync::Arc, time::Duration};
use tokio::{sync::Mutex, task::spawn_blocking, time::sleep};

/// How often, and how long after each other, a data directory that another hub uses is tried: that hub may be stopping.
const LOCK_TRIES: usize = 100;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// A database that is open. The order is that in which they are dropped: the last connection tidies up, and only the one
/// that writes can.
#[derive(Debug)]
pub struct SqliteStore {
    reader: Arc<Mutex<Connection>>,
    writer: Arc<Mutex<Writer>>,
}

/// In this order, too: nobody may have the lock while the connection is open.
#[derive(Debug)]
struct Writer {
    connection: Connection,
    _lock: File,
}

impl SqliteStore {
    /// Opens the database of a data directory, and makes either when it is absent. Waits a few seconds for another hub
    /// to let go of it.
    ///
    /// # Errors
    /// When it cannot be used as it is; it is never changed then.
    pub async fn open(dir: &Path) -> Result<Self, OpenError> {
        let mut tries = 1;
        let lock = loop {
            match file::lock(dir) {
                Err(OpenError::InUse { .. }) if tries < LOCK_TRIES => tries += 1,
                other => break other?,
            }
            sleep(BETWEEN_TRIES).await;
        };
        let path = dir.join(DATABASE_FILE);
        let opened = spawn_blocking(move || {
            let connection = file::open(&path)?;
            let reader = file::open_reader(&path)?;
            Ok((Writer { connection, _lock: lock }, reader))
        });
        let (writer, reader) =
            opened.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        Ok(Self { reader: Arc::new(Mutex::new(reader)), writer: Arc::new(Mutex::new(writer)) })
    }

    /// Runs `work` on the connection that writes, after all that came before it.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let mut writer = Arc::clone(&self.writer).lock_owned().await;
        spawn_blocking(move || work(&mut writer.connection)).await.map_err(StoreError::failed)?
    }

    /// Runs `work` on the connection that reads. It sees whatever was committed before.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let mut reader = Arc::clone(&self.reader).lock_owned().await;
        spawn_blocking(move || work(&mut reader)).await.map_err(StoreError::failed)?
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(cause: rusqlite::Error) -> Self {
        Self::failed(cause)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, expected: Version, call: StoredCall) -> Result<Committed, StoreError> {
        self.write(move |connection| calls::commit(connection, expected, &call)).await
    }

    async fn call(&self, call: CallId) -> Result<Option<(Version, StoredCall)>, StoreError> {
        self.read(move |connection| calls::call(connection, call)).await
    }

    async fn call_in(&self, room: &RoomName) -> Result<Option<CallId>, StoreError> {
        let room = room.clone();
        self.read(move |connection| calls::call_in(connection, &room)).await
    }

    async fn open_calls(&self) -> Result<Vec<(Version, StoredCall)>, StoreError> {
        self.read(|connection| calls::open_calls(connection)).await
    }

    async fn claim(&self, user: UserId) -> Result<Option<CallId>, StoreError> {
        self.read(move |connection| calls::claim(connection, user)).await
    }

    async fn claim_due(
        &self,
        now_unix_ms: u64,
        lease_ms: u64,
        limit: usize,
    ) -> Result<Vec<CallId>, StoreError> {
        self.write(move |connection| calls::claim_due(connection, now_unix_ms, lease_ms, limit)).await
    }

    async fn log(&self, query: LogQuery) -> Result<CallLogPage, StoreError> {
        self.read(move |connection| log::page(connection, &query)).await
    }

    async fn put_session(&self, session: StoredSession) -> Result<(), StoreError> {
        self.write(move |connection| sessions::put(connection, &session)).await
    }

    async fn remove_session(&self, session: SessionId) -> Result<(), StoreError> {
        self.write(move |connection| sessions::remove(connection, session)).await
    }

    async fn sessions(&self) -> Result<Vec<StoredSession>, StoreError> {
        self.read(|connection| sessions::all(connection)).await
    }

    async fn alive(&self, now_unix_ms: u64) -> Result<(), StoreError> {
        self.write(move |connection| sessions::alive(connection, now_unix_ms)).await
    }

    async fn last_alive(&self) -> Result<Option<u64>, StoreError> {
        self.read(|connection| sessions::last_alive(connection)).await
    }

    async fn prune(&self, retention: Retention, limit: usize) -> Result<usize, StoreError> {
        self.write(move |connection| calls::prune(connection, retention, limit)).await
    }
}

/// A number as SQLite has them; what is greater than its greatest (a time in 292 million years) counts as that.
fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count as SQLite has them.
fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// An id, as [`ToString`] has written it.
fn id<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    text: &str,
) -> Result<T, StoreError> {
    text.parse().map_err(StoreError::failed)
}
