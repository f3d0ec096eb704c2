//! For machines that watch the hub.

use super::accept::Connection;
use crate::{hub::Hub, network::is_local};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use holdfast_protocol::Secret;
use std::sync::Arc;
use subtle::ConstantTimeEq;

const NO_STORE: (header::HeaderName, &str) = (header::CACHE_CONTROL, "no-store");

/// The process runs.
pub(crate) async fn alive() -> impl IntoResponse {
    ([NO_STORE], "ok\n")
}

/// It takes new clients.
pub(crate) async fn ready(State(hub): State<Arc<Hub>>) -> impl IntoResponse {
    let (status, state) = if hub.shutdown.drain.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping")
    } else {
        (StatusCode::OK, "ready")
    };
    // A hub whose store fails keeps its calls going, in memory: it is ready, and somebody should look at it.
    let store = if hub.store.is_failing() { "failing" } else { "ok" };
    let body = serde_json::json!({
        "state": state,
        "page": hub.page.is_built(),
        "turn": hub.ice.turn.is_some(),
        "store": store,
    });
    (status, [NO_STORE, (header::CONTENT_TYPE, "application/json")], body.to_string())
}

/// What is counted: for whoever has the token, or without one for this machine and the listener of their own.
pub(crate) async fn metrics(
    State(hub): State<Arc<Hub>>,
    Extension(Connection { address, .. }): Extension<Connection>,
    headers: HeaderMap,
) -> Response {
    let config = &hub.config;
    let allowed = match &config.metrics_token {
        Some(token) => has_token(&headers, token),
        None => config.metrics_listen.is_some() || is_local(address.ip(), &headers, config),
    };
    if !allowed {
        let text = "only from this machine, or with --metrics-token\n";
        return (StatusCode::FORBIDDEN, [NO_STORE], text).into_response();
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([NO_STORE, (header::CONTENT_TYPE, kind)], hub.metrics.encode()).into_response()
}

fn has_token(headers: &HeaderMap, token: &Secret) -> bool {
    let said = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let said = said.and_then(|value| value.strip_prefix("Bearer "));
    said.is_some_and(|said| said.as_bytes().ct_eq(token.expose().as_bytes()).into())
}
