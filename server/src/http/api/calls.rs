//! The call log.

use super::{
    access::Caller,
    error::{ApiCode, ApiError},
};
use crate::{
    hub::Hub,
    store::{LogQuery, StoreError},
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
    let unknown = || ApiError::new(ApiCode::UnknownCall, "no such call, or not yours");
    let Path(id) = id.map_err(|_| unknown())?;
    let found = hub.store.call(id).await.map_err(|error| ApiError::internal(&error))?;
    let (_, call) = found.ok_or_else(unknown)?;
    if caller.only().is_some_and(|user| !call.users.contains(&user)) {
        return Err(unknown());
    }
    Ok(Json(call.log))
}
