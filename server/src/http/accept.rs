//! Takes connections in and speaks HTTP/1.1 on them. Written out instead of `axum::serve` for four things that
//! lacks: bounds on connections, a time limit on a request's head (and the TLS handshake before it), one on writing to
//! whoever does not read, and an end of every connection with the hub.

use super::{Routers, headers};
use crate::{
    arrival::Arrival,
    gate::Pass,
    hub::Hub,
    network::{Network, is_trusted},
};
use axum::{extract::Request, serve::Listener};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{net::SocketAddr, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

/// Largest request head, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// What a request came over.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// The other end: a client, or a proxy in front of it.
    pub(crate) address: SocketAddr,
    /// Its place among the HTTP connections.
    pub(crate) place: Arc<Place>,
}

/// A place among all connections, and among those of the address.
#[derive(Debug)]
pub(crate) struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_address: Option<Pass>,
}

/// Takes connections from `listener` until the future is dropped.
pub(crate) async fn accept<L>(hub: Arc<Hub>, mut listener: L, routers: Routers, places: Arc<Semaphore>)
where
    L: Listener,
    L::Addr: Into<Arrival>,
{
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(hub.config.head_timeout)
        .max_buf_size(HEAD_BYTES_MAX);
    loop {
        let Ok(permit) = Arc::clone(&places).acquire_owned().await else { return };
        let (io, arrival) = listener.accept().await;
        let Arrival { address, door } = arrival.into();
        let Ok(place) = take_place(&hub, permit, address) else {
            hub.metrics.turned_away("connections");
            continue;
        };
        let (router, place) = (routers.at(door).clone(), Arc::new(place));
        let connection = Connection { address, place: Arc::clone(&place) };
        let service = {
            let hub = Arc::clone(&hub);
            service_fn(move |request: hyper::Request<Incoming>| {
                let mut request: Request = request.map(axum::body::Body::new);
                let policy = headers::TransportPolicy::new(door, request.headers(), &hub.config);
                request.extensions_mut().insert(connection.clone());
                let answer = router.clone().oneshot(request);
                async move { answer.await.map(|answer| policy.apply(answer)) }
            })
        };
        let mut io = TimeoutStream::new(io);
        io.set_write_timeout(Some(hub.config.write_timeout));
        let connection = builder.serve_connection(TokioIo::new(Box::pin(io)), service).with_upgrades();
        let metrics = Arc::clone(&hub);
        hub.tasks.spawn(async move {
            if let Err(error) = connection.await {
                if error.is_timeout() {
                    metrics.metrics.turned_away("head");
                }
                tracing::trace!(%error, "connection failed");
            }
            drop(place);
        });
    }
}

/// A trusted proxy's connections are everybody's, so they are not counted against it.
fn take_place(
    hub: &Hub,
    permit: OwnedSemaphorePermit,
    address: SocketAddr,
) -> Result<Place, crate::gate::Shut> {
    let counted = !is_trusted(address.ip(), &hub.config);
    let pass = counted.then(|| hub.connections.enter(Network::of(address.ip()))).transpose()?;
    Ok(Place { _of_all: permit, _of_address: pass })
}
