//! What a client takes from the world around it, as parameters, so that a whole call can also run in one process on a
//! virtual clock and an in-memory network. The operating system's own are in [`crate::system`].

use async_trait::async_trait;
use holdfast_protocol::Entropy;
use std::{io, net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

/// The async runtime as the `webrtc` crate sees it; every task of a client is spawned through it.
pub use webrtc::runtime::{JoinHandle, Runtime};

/// A byte stream to the hub.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Opens byte streams to the hub.
#[async_trait]
pub trait Dial: Send + Sync {
    /// Opens one; TLS, if any, is done.
    ///
    /// # Errors
    /// When the hub cannot be reached.
    async fn dial(&self) -> io::Result<Box<dyn Io>>;
}

/// Says where a new peer connection shall open its UDP sockets.
pub trait LocalAddresses: Send + Sync {
    /// Addresses for one connection. Port 0 is any free one; the address `0.0.0.0` means one socket on each of the
    /// machine's interfaces.
    fn for_connection(&self) -> Vec<SocketAddr>;
}

/// Everything a client needs from outside.
#[derive(Clone)]
pub struct Environment {
    /// Runs tasks, timers and UDP sockets.
    pub runtime: Arc<dyn Runtime>,
    /// Reaches the hub.
    pub dial: Arc<dyn Dial>,
    /// Random bytes for ids, SSRCs and the like.
    pub entropy: Arc<dyn Entropy>,
    /// Where media goes in and out.
    pub addresses: Arc<dyn LocalAddresses>,
}

impl Environment {
    /// Runs `task` until it ends or is aborted; dropping the handle does neither.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Box<dyn JoinHandle> {
        self.runtime.spawn(Box::pin(task))
    }
}

/// Milliseconds since a client started: the time of its events and of its pure parts.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// A clock that starts at 0 now. It follows the runtime's time, virtual or not.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time, in milliseconds.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// When the clock will show `ms`.
    pub fn at(&self, ms: u64) -> Instant {
        self.0 + std::time::Duration::from_millis(ms)
    }

    /// Waits until the clock shows `ms`; for ever when there is no such time.
    pub async fn until(&self, ms: Option<u64>) {
        match ms {
            Some(ms) => tokio::time::sleep_until(self.at(ms)).await,
            None => std::future::pending().await,
        }
    }
}
