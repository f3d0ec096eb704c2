//! The call log, and the operator's end of a call.

use super::{
    access::Caller,
    error::{ApiCode, ApiError},
};
use crate::{
    call::handle::Command,
    hub::Hub,
    store::{LogQuery, Store, StoreError},
};
use axum::{
    Extension, Json,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
};
use holdfast_protocol::{CallId, CallLogPage, CallStatus, LoggedCall};
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Calls on a page, unless asked otherwise.
const CALLS_DEFAULT: usize = 50;
/// Most calls on a page.
const CALLS_MAX: usize = 200;

/// What may be asked of the log.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    limit: Option<usize>,
    before: Option<String>,
    status: Option<CallStatus>,
}

/// `GET /api/calls`
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Extension(caller): Extension<Caller>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<CallLogPage>, ApiError> {
    let Query(Parameters { limit, before, status }) =
        parameters.map_err(|wrong| ApiError::new(ApiCode::BadQuery, wrong.body_text()))?;
    let limit = limit.unwrap_or(CALLS_DEFAULT);
    if !(1..=CALLS_MAX).contains(&limit) {
        return Err(ApiError::new(ApiCode::BadQuery, format!("limit: from 1 to {CALLS_MAX}")));
    }
    let query = LogQuery { user: caller.only(), status, before, limit };
    hub.store.log(query).await.map(Json).map_err(|error| match error {
        StoreError::BadPlace => {
            ApiError::new(ApiCode::BadQuery, "before: not what an earlier page named as next")
        }
        StoreError::Failed(_) => ApiError::internal(&error),
    })
}

/// `GET /api/calls/{id}`. Whether a call of others exists is not told.
pub(super) async fn one(
    State(hub): State<Arc<Hub>>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<CallId>, PathRejection>,
) -> Result<Json<LoggedCall>, ApiError> {
    let Path(id) = id.map_err(|_| unknown())?;
    find(&hub, caller, id).await.map(Json)
}

/// `DELETE /api/calls/{id}`: ends it for everyone. The answer is the call as it is then; one that is over stays as it
/// was, so a request may be repeated.
pub(super) async fn end(
    State(hub): State<Arc<Hub>>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<CallId>, PathRejection>,
) -> Result<Json<LoggedCall>, ApiError> {
    if caller != Caller::Admin {
        return Err(ApiError::new(ApiCode::AdminOnly, "only with the admin token"));
    }
    let Path(id) = id.map_err(|_| unknown())?;
    if let Some(call) = hub.calls.find(id) {
        let (done, ended) = oneshot::channel();
        // Who does not listen any more is about to have stored the end.
        if call.send(Command::EndByAdmin { done }).await.is_ok()
            && let Ok(log) = ended.await
        {
            return Ok(Json(log));
        }
    }
    find(&hub, caller, id).await.map(Json)
}

fn unknown() -> ApiError {
    ApiError::new(ApiCode::UnknownCall, "no such call, or not yours")
}

async fn find(hub: &Hub, caller: Caller, id: CallId) -> Result<LoggedCall, ApiError> {
    let found = hub.store.call(id).await.map_err(|error| ApiError::internal(&error))?;
    let (_, call) = found.ok_or_else(unknown)?;
    if caller.only().is_some_and(|user| !call.users.contains(&user)) {
        return Err(unknown());
    }
    Ok(call.log)
}
