//! Takes connections in and speaks HTTP/1.1 on them. Written out instead of `axum::serve` for three things that
//! lacks: a bound on connections, a time limit on a request's head, and an end of every connection with the hub.

use crate::hub::Hub;
use axum::{Router, extract::Request, serve::Listener};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;

/// How long a client may take to send a request's head, and keep a connection open without sending one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// Largest request head, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// What a request came over.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// The other end.
    pub(crate) address: SocketAddr,
    /// Its place among the HTTP connections.
    pub(crate) place: Arc<OwnedSemaphorePermit>,
}

/// Takes connections from `listener` until the future is dropped.
pub(crate) async fn accept<L>(hub: Arc<Hub>, mut listener: L, router: Router, places: Arc<Semaphore>)
where
    L: Listener<Addr = SocketAddr>,
{
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD_BYTES_MAX);
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (io, address) = listener.accept().await;
        let (router, place) = (router.clone(), Arc::new(place));
        let connection = Connection { address, place: Arc::clone(&place) };
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(connection.clone());
            router.clone().oneshot(request)
        });
        let connection = builder.serve_connection(TokioIo::new(io), service).with_upgrades();
        hub.tasks.spawn(async move {
            if let Err(error) = connection.await {
                tracing::trace!(%error, "connection failed");
            }
            drop(place);
        });
    }
}
