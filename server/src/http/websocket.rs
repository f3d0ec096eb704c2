//! The door to the WebSocket: checks who asks, sets its bounds, and hands it to a task of the hub's own.

use super::{accept::Connection, origin};
use crate::{
    hub::Hub,
    network::{Network, client_address},
    socket,
};
use axum::{
    Extension,
    extract::{State, WebSocketUpgrade},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// Read buffer of one socket, in bytes. It is the largest part of an idle socket's memory; longer messages are
/// read in several steps.
const READ_BUFFER_BYTES: usize = 4_096;
/// Written frames are collected up to this size, in bytes, before they go out together.
const WRITE_BUFFER_BYTES: usize = 4_096;

/// Upgrades a request to a WebSocket.
pub(crate) async fn open(
    State(hub): State<Arc<Hub>>,
    Extension(Connection { address, place, .. }): Extension<Connection>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("\u{fffd}"));
    if !origin::is_allowed(text(header::ORIGIN), text(header::HOST), &hub.config.origins) {
        hub.metrics.turned_away("origin");
        return (StatusCode::FORBIDDEN, "pages of this origin may not connect\n").into_response();
    }
    if hub.shutdown.drain.is_cancelled() {
        hub.metrics.turned_away("stopping");
        return (StatusCode::SERVICE_UNAVAILABLE, "the hub is stopping\n").into_response();
    }
    let upgrade = match upgrade {
        Ok(upgrade) => bounded(upgrade, hub.config.frame_bytes_max as usize),
        Err(rejection) => return rejection.into_response(),
    };
    let network = Network::of(client_address(address.ip(), &headers, &hub.config));
    if let Some(ms_left) = hub.ban_ms_left(network) {
        return banned(hub, network, upgrade, ms_left);
    }
    upgrade.on_upgrade(async move |socket| {
        // Counted only now: a browser cannot read an HTTP refusal, but it can read a close code. And spawned
        // anew: axum's own task would outlive the hub.
        let tasks = hub.tasks.clone();
        match hub.gate.enter(network) {
            Ok(pass) => tasks.spawn(socket::serve(hub, socket, pass)),
            // It still counts as an HTTP connection, so there are not too many of these either.
            Err(why) => tasks.spawn(async move {
                socket::turn_away(hub, socket, network, why).await;
                drop(place);
            }),
        }
    })
}

/// A browser's page can read an `error` frame and a close code, and an HTTP status it cannot; so one client of the
/// address at a time is told by a WebSocket. The others are refused for less.
fn banned(hub: Arc<Hub>, network: Network, upgrade: WebSocketUpgrade, ms_left: u64) -> Response {
    let Ok(pass) = hub.goodbyes.enter(network) else {
        hub.metrics.turned_away("banned");
        let retry_after = [(header::RETRY_AFTER, ms_left.div_ceil(1_000).to_string())];
        let text = "too much abuse from this address\n";
        return (StatusCode::TOO_MANY_REQUESTS, retry_after, text).into_response();
    };
    upgrade.on_upgrade(async move |socket| {
        hub.tasks.clone().spawn(async move {
            socket::say_banned(hub, socket, network, ms_left).await;
            drop(pass);
        });
    })
}

fn bounded(upgrade: WebSocketUpgrade, frame_bytes: usize) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES + 4 * frame_bytes)
        .max_message_size(frame_bytes)
        .max_frame_size(frame_bytes)
}
