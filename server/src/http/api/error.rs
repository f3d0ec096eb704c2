//! Refusals: a status for HTTP, a stable code for programs, a sentence for people.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// Why a request was refused. A code may be added, never changed or reused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ApiCode {
    Unauthorized,
    BadCredentials,
    ForeignOrigin,
    AdminOnly,
    BadQuery,
    UnknownCall,
    UnknownPath,
    MethodNotAllowed,
    RateLimited,
    Banned,
    Internal,
}

/// The code, status and meaning of every refusal, as `docs/api.md` lists them.
pub const API_CODES: [(&str, u16, &str); 11] = [
    ("unauthorized", 401, "No `Authorization` was given."),
    ("bad-credentials", 401, "These are nobody's credentials."),
    ("foreign-origin", 403, "A page of another origin asks."),
    ("admin-only", 403, "Only the operator may do that."),
    ("bad-query", 400, "A parameter is unknown or of the wrong form; the message names it."),
    ("unknown-call", 404, "There is no such call, or it is not this user's."),
    ("unknown-path", 404, "There is nothing at that path."),
    ("method-not-allowed", 405, "Not with this method; `Allow` says with which."),
    ("rate-limited", 429, "Too many requests from this address; wait `retry_after_ms`."),
    ("banned", 429, "The address has gone on abusing the hub; stay away for `retry_after_ms`."),
    ("internal", 500, "The hub failed; its log says why."),
];

impl ApiCode {
    /// The word on the wire and in metrics.
    pub(super) fn as_str(self) -> &'static str {
        API_CODES[self as usize].0
    }

    fn status(self) -> StatusCode {
        StatusCode::from_u16(API_CODES[self as usize].1).expect("the table has statuses only")
    }
}

/// A refusal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ApiError {
    code: ApiCode,
    message: String,
    retry_after_ms: Option<u64>,
}

#[derive(Serialize)]
struct Body<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

impl ApiError {
    /// A refusal; `message` is for people.
    pub(super) fn new(code: ApiCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after_ms: None }
    }

    /// One that ends.
    pub(super) fn later(code: ApiCode, message: &str, retry_after_ms: u64) -> Self {
        Self { retry_after_ms: Some(retry_after_ms), ..Self::new(code, message) }
    }

    /// The store failed; the cause is for the log.
    pub(super) fn internal(cause: &dyn std::error::Error) -> Self {
        tracing::error!(error = %cause, "an API request failed");
        Self::new(ApiCode::Internal, "the hub failed; its log says why")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self { code, message, retry_after_ms } = self;
        let body = Json(Body { code: code.as_str(), message: &message, retry_after_ms });
        let mut answer = (code.status(), body).into_response();
        let headers = answer.headers_mut();
        if code.status() == StatusCode::UNAUTHORIZED {
            // `Basic` would be true as well, but browsers answer it with a prompt of their own, even to the page's fetch.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"holdfast\""));
        }
        if let Some(ms) = retry_after_ms {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1_000)));
        }
        answer.extensions_mut().insert(code);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_row() {
        for (code, word) in [
            (ApiCode::Unauthorized, "unauthorized"),
            (ApiCode::BadCredentials, "bad-credentials"),
            (ApiCode::ForeignOrigin, "foreign-origin"),
            (ApiCode::AdminOnly, "admin-only"),
            (ApiCode::BadQuery, "bad-query"),
            (ApiCode::UnknownCall, "unknown-call"),
            (ApiCode::UnknownPath, "unknown-path"),
            (ApiCode::MethodNotAllowed, "method-not-allowed"),
            (ApiCode::RateLimited, "rate-limited"),
            (ApiCode::Banned, "banned"),
            (ApiCode::Internal, "internal"),
        ] {
            assert_eq!(code.as_str(), word);
            assert!(code.status().is_client_error() || code == ApiCode::Internal);
        }
    }
}
