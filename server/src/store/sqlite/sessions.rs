//! Sessions that are in calls, and when the hub was last alive.

use super::{
    super::{StoreError, StoredSession},
    integer,
};
use holdfast_protocol::SessionId;
use rusqlite::{Connection, OptionalExtension};

/// See [`super::super::Store::put_session`].
pub(super) fn put(connection: &Connection, session: &StoredSession) -> Result<(), StoreError> {
    let body = serde_json::to_string(session).map_err(StoreError::failed)?;
    connection
        .prepare_cached("INSERT INTO sessions VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET body = ?2")?
        .execute([session.id.to_string(), body])?;
    Ok(())
}

/// See [`super::super::Store::remove_session`].
pub(super) fn remove(connection: &Connection, session: SessionId) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM sessions WHERE id = ?1")?.execute([session.to_string()])?;
    Ok(())
}

/// See [`super::super::Store::sessions`].
pub(super) fn all(connection: &Connection) -> Result<Vec<StoredSession>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT body FROM sessions ORDER BY id")?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    rows.map(|body| serde_json::from_str(&body?).map_err(StoreError::failed)).collect()
}

/// See [`super::super::Store::alive`].
pub(super) fn alive(connection: &Connection, now_unix_ms: u64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO meta VALUES ('alive', ?1) ON CONFLICT (name) DO UPDATE SET value = max(value, ?1)",
        )?
        .execute([integer(now_unix_ms)])?;
    Ok(())
}

/// See [`super::super::Store::last_alive`].
pub(super) fn last_alive(connection: &Connection) -> Result<Option<u64>, StoreError> {
    let found = connection
        .prepare_cached("SELECT value FROM meta WHERE name = 'alive'")?
        .query_row([], |row| row.get::<_, i64>(0));
    Ok(found.optional()?.map(i64::unsigned_abs))
}
