//! The log of calls, a page at a time. Each kind of question has a statement of its own and an index that it walks from
//! the place asked for: a page costs the same wherever it is.

use super::{
    super::{LogQuery, StoreError, place},
    count, integer,
};
use holdfast_protocol::{CallLogPage, CallStatus};
use rusqlite::{Connection, ToSql};

/// See [`super::super::Store::log`].
pub(super) fn page(connection: &Connection, query: &LogQuery) -> Result<CallLogPage, StoreError> {
    let before = query.before.as_deref().map(place::Place::parse).transpose()?;
    let limit = query.limit.max(1);
    let one_more = count(limit.saturating_add(1));
    let mut statement = connection.prepare_cached(statement(query))?;
    let (user, status) = (query.user.map(|user| user.to_string()), query.status.map(CallStatus::as_str));
    // Without a place: before the end of time. No id is greater than one letter beyond their alphabet.
    let (began, call) =
        before.map_or((i64::MAX, "g".to_owned()), |at| (integer(at.began_unix_ms), at.call.to_string()));
    let mut values: Vec<(&str, &dyn ToSql)> =
        vec![(":began", &began), (":call", &call), (":limit", &one_more)];
    values.extend(user.as_ref().map(|user| (":user", user as &dyn ToSql)));
    values.extend(status.as_ref().map(|status| (":status", status as &dyn ToSql)));
    let rows = statement.query_map(values.as_slice(), |row| row.get::<_, String>(0))?;
    let found = rows.map(|log| serde_json::from_str(&log?).map_err(StoreError::failed));
    Ok(place::page(found.collect::<Result<_, _>>()?, limit))
}

fn statement(query: &LogQuery) -> &'static str {
    match (query.user, query.status) {
        (None, None) => {
            "SELECT log FROM calls WHERE (began, id) < (:began, :call) ORDER BY began DESC, id DESC LIMIT :limit"
        }
        (None, Some(_)) => {
            "SELECT log FROM calls WHERE status = :status AND (began, id) < (:began, :call)
             ORDER BY began DESC, id DESC LIMIT :limit"
        }
        (Some(_), None) => {
            "SELECT log FROM call_users u JOIN calls c ON c.id = u.call
             WHERE u.user = :user AND (u.began, u.call) < (:began, :call)
             ORDER BY u.began DESC, u.call DESC LIMIT :limit"
        }
        (Some(_), Some(_)) => {
            "SELECT log FROM call_users u JOIN calls c ON c.id = u.call
             WHERE u.user = :user AND u.status = :status AND (u.began, u.call) < (:began, :call)
             ORDER BY u.began DESC, u.call DESC LIMIT :limit"
        }
    }
}
