//! The development CA's certificate, for the devices that shall trust it. Its key never leaves `certs/dev/`.

use crate::hub::Hub;
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// `GET /ca.pem`, in development mode only. The type is the one that makes phones offer to install it.
pub(crate) async fn certificate(State(hub): State<Arc<Hub>>) -> Response {
    match &hub.config.dev_ca_pem {
        Some(pem) => ([(header::CONTENT_TYPE, "application/x-x509-ca-cert")], pem.clone()).into_response(),
        None => super::not_found().into_response(),
    }
}
