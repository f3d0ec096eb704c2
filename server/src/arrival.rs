//! How a connection came in: from where, by which door, with or without TLS. A listener of another kind, such as a
//! simulated one, only says from where.

use axum::serve::Listener;
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::{Accept, TlsAcceptor, server::TlsStream};

/// Where a listener leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Door {
    /// The hub, without TLS.
    Http,
    /// The hub, with TLS.
    Https,
    /// The metrics alone.
    Metrics,
}

/// From where, and by which door.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrival {
    /// The other end.
    pub address: SocketAddr,
    /// The way in.
    pub door: Door,
}

impl From<SocketAddr> for Arrival {
    fn from(address: SocketAddr) -> Self {
        Self { address, door: Door::Http }
    }
}

/// A listener with a door.
pub struct Entrance<L> {
    listener: L,
    door: Door,
    tls: Option<TlsAcceptor>,
}

impl<L> Entrance<L> {
    /// Without TLS.
    pub fn plain(listener: L, door: Door) -> Self {
        Self { listener, door, tls: None }
    }

    /// With TLS.
    pub fn tls(listener: L, acceptor: TlsAcceptor) -> Self {
        Self { listener, door: Door::Https, tls: Some(acceptor) }
    }
}

impl<L: Listener<Addr = SocketAddr>> Listener for Entrance<L> {
    type Io = Stream<L::Io>;
    type Addr = Arrival;

    async fn accept(&mut self) -> (Self::Io, Arrival) {
        let (io, address) = self.listener.accept().await;
        let stream = match &self.tls {
            None => Stream::Plain(io),
            Some(acceptor) => Stream::Handshake(Box::new(acceptor.accept(io))),
        };
        (stream, Arrival { address, door: self.door })
    }

    fn local_addr(&self) -> io::Result<Arrival> {
        Ok(Arrival { address: self.listener.local_addr()?, door: self.door })
    }
}

/// One connection's bytes. The TLS handshake happens at the first read, so that whoever takes the connection in does
/// not wait for it, and the time limit on a request's head holds for both.
pub enum Stream<Io> {
    /// As they come.
    Plain(Io),
    /// Before the end of the handshake.
    Handshake(Box<Accept<Io>>),
    /// Deciphered.
    Tls(Box<TlsStream<Io>>),
    /// The handshake failed.
    Failed,
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Stream<Io> {
    /// Goes on with the handshake, if there is one.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(_) | Self::Tls(_) => Poll::Ready(Ok(())),
            Self::Failed => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
            Self::Handshake(accept) => match ready!(Pin::new(&mut **accept).poll(cx)) {
                Ok(stream) => {
                    *self = Self::Tls(Box::new(stream));
                    Poll::Ready(Ok(()))
                }
                Err(error) => {
                    *self = Self::Failed;
                    Poll::Ready(Err(error))
                }
            },
        }
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_ready(cx))?;
        match &mut *self {
            Self::Plain(io) => Pin::new(io).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_read(cx, buf),
            Self::Handshake(_) | Self::Failed => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<Io> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_ready(cx))?;
        match &mut *self {
            Self::Plain(io) => Pin::new(io).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write(cx, buf),
            Self::Handshake(_) | Self::Failed => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(io) => Pin::new(io).poll_flush(cx),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_flush(cx),
            // Nothing was written yet.
            Self::Handshake(_) | Self::Failed => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(io) => Pin::new(io).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
            Self::Handshake(_) | Self::Failed => Poll::Ready(Ok(())),
        }
    }
}
