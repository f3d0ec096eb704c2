//! The REST API: what is not a conversation. The call log and who does what now, for users their own part of it, for
//! the operator all.
//! `docs/api.md` explains it.
//!
//! Every request passes [`guard`] first: where it comes from, how often, and who asks.

mod access;
mod calls;
mod error;
mod presence;

pub(crate) use access::ApiAccess;
pub use error::API_CODES;

use super::{accept::Connection, origin};
use crate::{
    abuse::Offence,
    hub::Hub,
    network::{Network, client_address},
};
use access::Caller;
use axum::{
    Extension, Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use error::{ApiCode, ApiError};
use holdfast_protocol::ErrorCode;
use std::sync::Arc;

/// Everything below `/api`.
pub(crate) fn router(hub: &Arc<Hub>) -> Router<Arc<Hub>> {
    Router::new()
        .route("/calls", get(calls::list))
        .route("/calls/{id}", get(calls::one).delete(calls::end))
        .route("/presence", get(presence::list))
        .fallback(|| async { ApiError::new(ApiCode::UnknownPath, "there is nothing here") })
        .method_not_allowed_fallback(|| async {
            ApiError::new(ApiCode::MethodNotAllowed, "not with this method; Allow says with which")
        })
        .layer(from_fn_with_state(Arc::clone(hub), guard))
}

/// Lets a request through to its handler, with its [`Caller`] among the extensions; counts what becomes of it.
async fn guard(
    State(hub): State<Arc<Hub>>,
    Extension(connection): Extension<Connection>,
    mut request: Request,
    next: Next,
) -> Response {
    let network = Network::of(client_address(connection.address.ip(), request.headers(), &hub.config));
    let mut answer = match admit(&hub, network, request.headers()) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => error.into_response(),
    };
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    hub.metrics.api(answer.extensions().get::<ApiCode>().map_or("ok", |code| code.as_str()));
    answer
}

fn admit(hub: &Hub, network: Network, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("\u{fffd}"));
    if let Some(ms_left) = hub.ban_ms_left(network) {
        return Err(ApiError::later(ApiCode::Banned, "too much abuse from this address", ms_left));
    }
    // Unlike the socket not for the pages of `--origin`: no browser would let them read the answer.
    if !origin::is_allowed(text(header::ORIGIN), text(header::HOST), &[]) {
        return Err(ApiError::new(ApiCode::ForeignOrigin, "pages of this origin may not ask"));
    }
    let offence = |code| {
        hub.offend(network, Offence::Refused(code));
    };
    if let Err(wait_ms) = hub.api.pass(network, hub.timeline.now_unix_ms()) {
        offence(ErrorCode::RateLimited);
        return Err(ApiError::later(ApiCode::RateLimited, "too many requests", wait_ms));
    }
    let Some(credentials) = text(header::AUTHORIZATION) else {
        return Err(ApiError::new(
            ApiCode::Unauthorized,
            "say who asks: a guest's id and secret, or the admin token",
        ));
    };
    hub.api.caller(credentials, &hub.key).ok_or_else(|| {
        offence(ErrorCode::BadCredentials);
        ApiError::new(ApiCode::BadCredentials, "these are nobody's credentials")
    })
}
