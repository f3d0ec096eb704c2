//! Calls and their claims.

use super::{
    super::{Committed, Retention, StoreError, StoredCall, Version},
    count, id, integer,
};
use holdfast_protocol::{CallId, CallStatus, LoggedCall, RoomName, UserId};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, named_params, params};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What of a [`StoredCall`] is not its log.
#[derive(Serialize, Deserialize)]
struct Rest<'a> {
    users: Cow<'a, [UserId]>,
    claims: Cow<'a, [UserId]>,
    deadline_unix_ms: Option<u64>,
    state: Cow<'a, serde_json::Value>,
}

/// See [`super::super::Store::commit`].
pub(super) fn commit(
    connection: &mut Connection,
    expected: Version,
    call: &StoredCall,
) -> Result<Committed, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let id = call.log.id.to_string();
    let found = transaction
        .prepare_cached("SELECT version FROM calls WHERE id = ?1")?
        .query_row([&id], |row| row.get::<_, i64>(0))
        .optional()?;
    if found.unwrap_or(0) != integer(expected) {
        return Ok(Committed::Stale);
    }
    if let Some(claimed) = claim_all(&transaction, call, &id)? {
        return Ok(claimed);
    }
    write(&transaction, expected + 1, call, &id)?;
    transaction.commit()?;
    Ok(Committed::Done(expected + 1))
}

/// Makes the call's claims what they shall be, unless somebody else has one of them.
fn claim_all(
    transaction: &Transaction<'_>,
    call: &StoredCall,
    call_id: &str,
) -> Result<Option<Committed>, StoreError> {
    transaction.prepare_cached("DELETE FROM claims WHERE call = ?1")?.execute([call_id])?;
    for user in &call.claims {
        let text = user.to_string();
        let made = transaction
            .prepare_cached("INSERT INTO claims (user, call) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute([&text, call_id])?;
        if made == 0 {
            let by: String = transaction
                .prepare_cached("SELECT call FROM claims WHERE user = ?1")?
                .query_row([&text], |row| row.get(0))?;
            // The same user twice is one claim.
            if by != call_id {
                return Ok(Some(Committed::Claimed { user: *user, by: id(&by)? }));
            }
        }
    }
    Ok(None)
}

fn write(
    transaction: &Transaction<'_>,
    version: Version,
    call: &StoredCall,
    call_id: &str,
) -> Result<(), StoreError> {
    let (log, status) = (&call.log, call.log.status.as_str());
    let rest = Rest {
        users: Cow::Borrowed(&call.users),
        claims: Cow::Borrowed(&call.claims),
        deadline_unix_ms: call.deadline_unix_ms,
        state: Cow::Borrowed(&call.state),
    };
    let ended = (log.status == CallStatus::Ended).then(|| integer(log.ended_unix_ms.unwrap_or_default()));
    transaction
        .prepare_cached(
            "INSERT INTO calls (id, version, status, room, began, ended, deadline, log, rest, alone)
             VALUES (:id, :version, :status, :room, :began, :ended, :deadline, :log, :rest, :alone)
             ON CONFLICT (id) DO UPDATE SET version = :version, status = :status, room = :room, began = :began,
               ended = :ended, deadline = :deadline, leased_until = 0, log = :log, rest = :rest, alone = :alone",
        )?
        .execute(named_params! {
            ":id": call_id,
            ":version": integer(version),
            ":status": status,
            ":room": log.kind.room().map(RoomName::as_str),
            ":began": integer(log.began_unix_ms),
            ":ended": ended,
            ":deadline": call.deadline_unix_ms.map(integer),
            ":alone": call.is_of_one(),
            ":log": serde_json::to_string(log).map_err(StoreError::failed)?,
            ":rest": serde_json::to_string(&rest).map_err(StoreError::failed)?,
        })?;
    transaction.prepare_cached("DELETE FROM call_users WHERE call = ?1")?.execute([call_id])?;
    let mut insert =
        transaction.prepare_cached("INSERT OR IGNORE INTO call_users VALUES (?1, ?2, ?3, ?4)")?;
    for user in &call.users {
        insert.execute(params![user.to_string(), integer(log.began_unix_ms), call_id, status])?;
    }
    Ok(())
}

/// See [`super::super::Store::call`].
pub(super) fn call(
    connection: &Connection,
    call: CallId,
) -> Result<Option<(Version, StoredCall)>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT version, log, rest FROM calls WHERE id = ?1")?;
    let found = statement.query_row([call.to_string()], raw).optional()?;
    found.map(decode).transpose()
}

/// See [`super::super::Store::call_in`].
pub(super) fn call_in(connection: &Connection, room: &RoomName) -> Result<Option<CallId>, StoreError> {
    let sql = "SELECT id FROM calls WHERE room = ?1 AND ended IS NULL";
    let found = connection.prepare_cached(sql)?.query_row([room.as_str()], |row| row.get::<_, String>(0));
    found.optional()?.as_deref().map(id).transpose()
}

/// See [`super::super::Store::open_calls`].
pub(super) fn open_calls(connection: &Connection) -> Result<Vec<(Version, StoredCall)>, StoreError> {
    let sql = "SELECT version, log, rest FROM calls WHERE status IN ('ringing', 'active') ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], raw)?;
    rows.map(|row| decode(row?)).collect()
}

type Raw = (i64, String, String);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn decode((version, log, rest): Raw) -> Result<(Version, StoredCall), StoreError> {
    let log: LoggedCall = serde_json::from_str(&log).map_err(StoreError::failed)?;
    let unreadable = |cause| StoreError::failed(format!("{}: {cause}", log.id));
    let rest: Rest<'_> = serde_json::from_str(&rest).map_err(unreadable)?;
    let call = StoredCall {
        users: rest.users.into_owned(),
        claims: rest.claims.into_owned(),
        deadline_unix_ms: rest.deadline_unix_ms,
        state: rest.state.into_owned(),
        log,
    };
    Ok((version.unsigned_abs(), call))
}

/// See [`super::super::Store::claim`].
pub(super) fn claim(connection: &Connection, user: UserId) -> Result<Option<CallId>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT call FROM claims WHERE user = ?1")?;
    let found = statement.query_row([user.to_string()], |row| row.get::<_, String>(0)).optional()?;
    found.as_deref().map(id).transpose()
}

/// See [`super::super::Store::claim_due`].
pub(super) fn claim_due(
    connection: &Connection,
    now_unix_ms: u64,
    lease_ms: u64,
    limit: usize,
) -> Result<Vec<CallId>, StoreError> {
    // One statement, so atomic. `RETURNING` keeps no order, so the deadline comes along.
    let sql = "UPDATE calls SET leased_until = ?2 WHERE id IN
                 (SELECT id FROM calls WHERE deadline <= ?1 AND leased_until <= ?1 ORDER BY deadline, id LIMIT ?3)
               RETURNING deadline, id";
    let mut statement = connection.prepare_cached(sql)?;
    let values = params![integer(now_unix_ms), integer(now_unix_ms.saturating_add(lease_ms)), count(limit)];
    let rows = statement.query_map(values, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    let mut due = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    due.sort();
    due.iter().map(|(_, text)| id(text)).collect()
}

/// See [`super::super::Store::prune`].
pub(super) fn prune(
    connection: &mut Connection,
    retention: Retention,
    limit: usize,
) -> Result<usize, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let ended: i64 =
        transaction.query_row("SELECT count(*) FROM calls WHERE ended IS NOT NULL", [], |row| row.get(0))?;
    let surplus = retention.ended_max.map_or(0, |max| ended.saturating_sub(integer(max)).max(0));
    let before = retention.ended_before_unix_ms.map_or(-1, integer);
    let surplus = usize::try_from(surplus).unwrap_or(usize::MAX);
    let alone = first_ended(
        &transaction,
        "SELECT id, ended FROM calls WHERE ended IS NOT NULL AND alone = 1 ORDER BY ended, id LIMIT ?1",
        surplus.min(limit),
    )?;
    let mut pruned = forget(&transaction, &alone)?;
    let (surplus, limit) = (surplus - pruned, limit - pruned);
    let mut others = first_ended(
        &transaction,
        "SELECT id, ended FROM calls WHERE ended IS NOT NULL ORDER BY ended, id LIMIT ?1",
        limit,
    )?;
    let kept = others.iter().enumerate().position(|(place, (_, ended))| place >= surplus && *ended >= before);
    others.truncate(kept.unwrap_or(others.len()));
    pruned += forget(&transaction, &others)?;
    transaction.commit()?;
    Ok(pruned)
}

/// The first `limit` of the calls that `sql` selects, and when they ended.
fn first_ended(
    transaction: &Transaction<'_>,
    sql: &str,
    limit: usize,
) -> Result<Vec<(String, i64)>, StoreError> {
    let mut statement = transaction.prepare_cached(sql)?;
    let rows = statement.query_map([count(limit)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn forget(transaction: &Transaction<'_>, calls: &[(String, i64)]) -> Result<usize, StoreError> {
    let mut forgotten = 0;
    for (id, _) in calls {
        for sql in ["DELETE FROM call_users WHERE call = ?1", "DELETE FROM claims WHERE call = ?1"] {
            transaction.prepare_cached(sql)?.execute([id])?;
        }
        forgotten += transaction.prepare_cached("DELETE FROM calls WHERE id = ?1")?.execute([id])?;
    }
    Ok(forgotten)
}
