//! The hub's HTTP side: page, health, metrics, and the door to the WebSocket.

mod accept;
mod headers;
mod health;
pub(crate) mod origin;
pub(crate) mod page;
mod websocket;

pub(crate) use accept::accept;

use crate::hub::Hub;
use axum::{Router, http::StatusCode, response::IntoResponse, routing::get};
use holdfast_protocol::WEBSOCKET_PATH;
use std::sync::Arc;

/// Every path that the hub answers.
pub(crate) fn router(hub: Arc<Hub>) -> Router {
    let router = Router::new()
        .route("/", get(page::index))
        .route("/r/{room}", get(page::room))
        .route(WEBSOCKET_PATH, get(websocket::open))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(page::file)
        .with_state(hub);
    headers::secure(router)
}

/// The answer to a path that is not there.
fn not_found() -> impl IntoResponse {
    (StatusCode::NOT_FOUND, "not found\n")
}
