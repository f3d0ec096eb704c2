//! TCP between simulated hosts: ordered byte streams with latency that can be reset, stalled and refused.
//! Loss is not modelled; it would show as latency only.

use super::Network;
use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf},
    io::{ReadHalf, WriteHalf},
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until},
};

/// What one end may have written that the network has not taken yet, like a kernel's send buffer.
const BUFFER_BYTES: usize = 65_536;
/// Segments under way in one direction; then the sender waits.
const SEGMENTS_IN_FLIGHT_MAX: usize = 64;
/// Largest segment.
const SEGMENT_BYTES_MAX: usize = 16_384;
/// Connections that wait to be accepted; further ones are refused.
const BACKLOG_MAX: usize = 1_024;
/// A client's first port; each further connection of the network has the next.
const FIRST_CLIENT_PORT: u16 = 32_768;

/// Listeners, and the paths from clients to servers.
pub(super) struct TcpWorld {
    latency: Duration,
    paths: BTreeMap<(IpAddr, IpAddr), watch::Sender<Path>>,
    listeners: BTreeMap<SocketAddr, mpsc::Sender<(TcpStream, SocketAddr)>>,
    next_port: u16,
}

/// The state of all connections of one client to one server.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Path {
    /// Rises at each reset; a connection lives while it is the number it began with.
    pub(super) resets: u64,
    /// Nothing gets through, and nobody is told.
    pub(super) stalled: bool,
    /// New connections are refused.
    pub(super) refused: bool,
}

impl TcpWorld {
    pub(super) fn new(latency: Duration) -> Self {
        let (paths, listeners) = (BTreeMap::new(), BTreeMap::new());
        Self { latency, paths, listeners, next_port: FIRST_CLIENT_PORT }
    }

    pub(super) fn edit(&mut self, client: IpAddr, server: IpAddr, change: impl FnOnce(&mut Path)) {
        self.path(client, server).send_modify(change);
    }

    /// Resets all connections of a host and closes its listeners.
    pub(super) fn close_host(&mut self, ip: IpAddr) {
        self.listeners.retain(|address, _| address.ip() != ip);
        let own = self.paths.iter().filter(|((client, server), _)| *client == ip || *server == ip);
        own.for_each(|(_, path)| path.send_modify(|path| path.resets += 1));
    }

    fn path(&mut self, client: IpAddr, server: IpAddr) -> &watch::Sender<Path> {
        self.paths.entry((client, server)).or_insert_with(|| watch::channel(Path::default()).0)
    }

    fn next_port(&mut self) -> u16 {
        let port = self.next_port;
        self.next_port = port.checked_add(1).unwrap_or(FIRST_CLIENT_PORT);
        port
    }
}

/// Accepts connections; the listener to give to the hub. Dropping it refuses further ones.
pub struct TcpListener {
    local: SocketAddr,
    incoming: mpsc::Receiver<(TcpStream, SocketAddr)>,
}

impl axum::serve::Listener for TcpListener {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        match self.incoming.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }
}

/// Binds a listener; it takes the place of an older one.
pub(super) fn listen(network: &Network, local: SocketAddr) -> TcpListener {
    let (sender, incoming) = mpsc::channel(BACKLOG_MAX);
    network.state().tcp.listeners.insert(local, sender);
    TcpListener { local, incoming }
}

/// Opens a connection from `client` to `server`, which takes one round trip.
pub(super) async fn connect(network: &Network, client: IpAddr, server: SocketAddr) -> io::Result<TcpStream> {
    let (latency, mut path) = {
        let mut state = network.state();
        (state.tcp.latency, state.tcp.path(client, server.ip()).subscribe())
    };
    sleep(latency * 2).await;
    let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
    // A lost SYN is sent again until it gets through.
    let at_start = *path.wait_for(|path| !path.stalled).await.map_err(|_| refused())?;
    let mut state = network.state();
    let port = state.tcp.next_port();
    let listener = state.tcp.listeners.get(&server).filter(|_| !at_start.refused).ok_or_else(refused)?;
    let reset = Arc::new(AtomicBool::new(false));
    let (near, near_wire) = tokio::io::duplex(BUFFER_BYTES);
    let (far, far_wire) = tokio::io::duplex(BUFFER_BYTES);
    let accepted = TcpStream { io: far, reset: reset.clone() };
    listener.try_send((accepted, SocketAddr::new(client, port))).map_err(|_| refused())?;
    state.trace.counts.tcp_connections += 1;
    drop(state);
    let wire = Wire { network: network.clone(), path, latency };
    tokio::spawn(wire.run(at_start.resets, reset.clone(), near_wire, far_wire));
    Ok(TcpStream { io: near, reset })
}

/// What is between the two ends of a connection.
#[derive(Clone)]
struct Wire {
    network: Network,
    path: watch::Receiver<Path>,
    latency: Duration,
}

impl Wire {
    /// Carries both directions until both are closed or the connection is reset.
    async fn run(self, resets: u64, reset: Arc<AtomicBool>, near: DuplexStream, far: DuplexStream) {
        let (near_reader, near_writer) = tokio::io::split(near);
        let (far_reader, far_writer) = tokio::io::split(far);
        let (up, down) = (self.clone(), self.clone());
        let mut path = self.path;
        tokio::select! {
            biased;
            _ = path.wait_for(|path| path.resets != resets) => reset.store(true, Ordering::Relaxed),
            _ = async { tokio::join!(up.carry(near_reader, far_writer), down.carry(far_reader, near_writer)) } => {}
        }
    }

    /// One direction: what is read is written `latency` later, and not while the path is stalled.
    async fn carry(self, mut reader: ReadHalf<DuplexStream>, mut writer: WriteHalf<DuplexStream>) {
        let (segments, mut arriving) = mpsc::channel::<(Instant, Vec<u8>)>(SEGMENTS_IN_FLIGHT_MAX);
        let send = async move {
            let mut buffer = vec![0; SEGMENT_BYTES_MAX];
            loop {
                let length = reader.read(&mut buffer).await.unwrap_or(0);
                // An empty segment closes the direction.
                let segment = (Instant::now() + self.latency, buffer[..length].to_vec());
                if segments.send(segment).await.is_err() || length == 0 {
                    return;
                }
            }
        };
        let (network, mut path) = (self.network, self.path);
        let deliver = async move {
            while let Some((arrives_at, bytes)) = arriving.recv().await {
                sleep_until(arrives_at).await;
                let open = path.wait_for(|path| !path.stalled).await.is_ok();
                if !open || bytes.is_empty() || writer.write_all(&bytes).await.is_err() {
                    break;
                }
                let now = network.now();
                let mut state = network.state();
                state.trace.record(now, "tcp", &bytes);
                state.trace.counts.tcp_bytes += bytes.len() as u64;
            }
            let _ = writer.shutdown().await;
        };
        tokio::join!(send, deliver);
    }
}

/// One end of a connection.
#[derive(Debug)]
pub struct TcpStream {
    io: DuplexStream,
    reset: Arc<AtomicBool>,
}

impl TcpStream {
    fn explain<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| self.reset_error().unwrap_or(error))
    }

    fn reset_error(&self) -> Option<io::Error> {
        self.reset.load(Ordering::Relaxed).then(|| io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let poll = Pin::new(&mut self.io).poll_read(cx, buf);
        let ended = poll.is_ready() && buf.filled().len() == before && buf.remaining() > 0;
        match self.reset_error() {
            Some(error) if ended => Poll::Ready(Err(error)),
            _ => poll,
        }
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf).map(|result| self.explain(result))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx).map(|result| self.explain(result))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx).map(|result| self.explain(result))
    }
}
