//! The hub's HTTP side: page, health, metrics, and the door to the WebSocket.

mod accept;
mod api;
mod ca;
mod headers;
mod health;
pub(crate) mod origin;
pub(crate) mod page;
mod websocket;

pub(crate) use accept::accept;
pub use api::API_CODES;
pub(crate) use api::ApiAccess;

use crate::{arrival::Door, hub::Hub};
use axum::{Router, http::StatusCode, response::IntoResponse, routing::get};
use holdfast_protocol::WEBSOCKET_PATH;
use std::sync::Arc;

/// What is answered, by where a connection came in.
#[derive(Clone)]
pub(crate) struct Routers {
    /// People and bots.
    public: Router,
    /// Machines that watch the hub.
    metrics: Router,
}

impl Routers {
    /// Every path that the hub answers.
    pub(crate) fn new(hub: &Arc<Hub>) -> Self {
        let public = Router::new()
            .route("/", get(page::index))
            .route("/r/{room}", get(page::room))
            .route(WEBSOCKET_PATH, get(websocket::open))
            .route("/healthz", get(health::alive))
            .route("/readyz", get(health::ready))
            .route("/ca.pem", get(ca::certificate))
            .nest("/api", api::router(hub))
            .fallback(page::file);
        let metrics = Router::new().route("/metrics", get(health::metrics));
        let public = if hub.config.metrics_listen.is_some() { public } else { public.merge(metrics.clone()) };
        let finish = |router: Router<Arc<Hub>>| headers::secure(router.with_state(Arc::clone(hub)));
        Self { public: finish(public), metrics: finish(metrics) }
    }

    /// The one for a door.
    fn at(&self, door: Door) -> &Router {
        match door {
            Door::Http | Door::Https => &self.public,
            Door::Metrics => &self.metrics,
        }
    }
}

/// The answer to a path that is not there.
fn not_found() -> impl IntoResponse {
    (StatusCode::NOT_FOUND, "not found\n")
}
