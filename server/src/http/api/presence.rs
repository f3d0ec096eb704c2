//! Who does what now.

use super::{
    access::Caller,
    error::{ApiCode, ApiError},
};
use crate::{
    directory::{Present, Scope},
    hub::Hub,
};
use axum::{
    Extension, Json,
    extract::{Query, State, rejection::QueryRejection},
};
use holdfast_protocol::UserId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Users on a page, unless asked otherwise.
const USERS_DEFAULT: usize = 50;
/// Most users on a page.
const USERS_MAX: usize = 200;

/// What may be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    limit: Option<usize>,
    after: Option<UserId>,
}

/// Users in the order of their ids.
#[derive(Debug, Serialize)]
pub(super) struct PresencePage {
    users: Vec<Present>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<UserId>,
}

/// `GET /api/presence`: users themselves, and with the directory on whoever is online; the operator everyone who is
/// online or in a call.
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Extension(caller): Extension<Caller>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<PresencePage>, ApiError> {
    let Query(Parameters { limit, after }) =
        parameters.map_err(|wrong| ApiError::new(ApiCode::BadQuery, wrong.body_text()))?;
    let limit = limit.unwrap_or(USERS_DEFAULT);
    if !(1..=USERS_MAX).contains(&limit) {
        return Err(ApiError::new(ApiCode::BadQuery, format!("limit: from 1 to {USERS_MAX}")));
    }
    let scope = match caller {
        Caller::Admin => Scope::All,
        Caller::User(user) if hub.directory.is_open => Scope::OnlineAnd(user),
        Caller::User(user) => Scope::Only(user),
    };
    let found = hub.directory.list(scope, after, limit + 1, hub.timeline.now_unix_ms());
    let mut users = found
        .map_err(|wait_ms| ApiError::later(ApiCode::RateLimited, "too many ask who is there", wait_ms))?;
    let more = users.len() > limit;
    users.truncate(limit);
    let next = users.last().filter(|_| more).map(|last| last.user);
    Ok(Json(PresencePage { users, next }))
}
