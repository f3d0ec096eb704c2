//! For machines that watch the hub.

use crate::hub::Hub;
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use std::sync::Arc;

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
    let body =
        serde_json::json!({ "state": state, "page": hub.page.is_built(), "turn": hub.ice.turn.is_some() });
    (status, [NO_STORE, (header::CONTENT_TYPE, "application/json")], body.to_string())
}

/// What is counted.
pub(crate) async fn metrics(State(hub): State<Arc<Hub>>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([NO_STORE, (header::CONTENT_TYPE, kind)], hub.metrics.encode())
}
