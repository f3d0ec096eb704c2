//! Reads and writes one WebSocket at the same time, so that a client that does not read cannot keep the hub from
//! hearing it, or from noticing.

use axum::{
    Error,
    extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket},
};
use futures_util::{Sink, SinkExt, StreamExt};
use holdfast_protocol::CloseCode;
use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{sleep, timeout};
use tungstenite::error::ProtocolError;

/// How long the hub waits for a client to take its last frames, and as long again to close its side.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// A WebSocket with its unflushed state.
pub(crate) struct Wire {
    socket: WebSocket,
    dirty: bool,
}

impl Wire {
    /// Wraps an open socket.
    pub(crate) fn new(socket: WebSocket) -> Self {
        Self { socket, dirty: false }
    }

    /// The next message; meanwhile sends what `pop` gives. Safe to drop at any moment: nothing popped is lost.
    pub(crate) async fn next(
        &mut self,
        mut pop: impl FnMut() -> Option<Utf8Bytes>,
    ) -> Option<Result<Message, Error>> {
        poll_fn(|cx| match self.poll_write(cx, &mut pop) {
            Err(error) => Poll::Ready(Some(Err(error))),
            Ok(()) => self.socket.poll_next_unpin(cx),
        })
        .await
    }

    /// Passes on what the socket takes without waiting.
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        pop: &mut impl FnMut() -> Option<Utf8Bytes>,
    ) -> Result<(), Error> {
        while let Poll::Ready(ready) = Pin::new(&mut self.socket).poll_ready(cx) {
            ready?;
            let Some(text) = pop() else { break };
            Pin::new(&mut self.socket).start_send(Message::Text(text))?;
            self.dirty = true;
        }
        if self.dirty
            && let Poll::Ready(flushed) = Pin::new(&mut self.socket).poll_flush(cx)
        {
            flushed?;
            self.dirty = false;
        }
        Ok(())
    }

    /// Sends the last frames and a close, and waits a moment for the client to close its side: a socket that is
    /// dropped with unread bytes takes the close with it.
    pub(crate) async fn close(mut self, last: impl Iterator<Item = Utf8Bytes>, code: CloseCode) {
        let frame = CloseFrame { code: code.number(), reason: code.reason().into() };
        let say = async {
            for text in last {
                self.socket.feed(Message::Text(text)).await?;
            }
            self.socket.send(Message::Close(Some(frame))).await
        };
        if !matches!(timeout(CLOSE_WAIT, say).await, Ok(Ok(()))) {
            return;
        }
        if matches!(code, CloseCode::TooBig | CloseCode::NotUtf8 | CloseCode::ProtocolError) {
            // What follows is not read, so the client's answer cannot be either.
            sleep(CLOSE_WAIT).await;
        } else {
            self.closed().await;
        }
    }

    /// Waits a moment for the end of a closing handshake; the answer to a client's close is sent on the way.
    pub(crate) async fn closed(mut self) {
        let _ = timeout(CLOSE_WAIT, async { while let Some(Ok(_)) = self.socket.recv().await {} }).await;
    }
}

/// With what code to close a socket that could not be read on; none when it is gone.
pub(crate) fn broken_by(error: Error) -> Option<CloseCode> {
    let error = error.into_inner().downcast::<tungstenite::Error>().ok()?;
    match *error {
        tungstenite::Error::Capacity(_) => Some(CloseCode::TooBig),
        tungstenite::Error::Utf8(_) => Some(CloseCode::NotUtf8),
        tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        tungstenite::Error::Protocol(_) => Some(CloseCode::ProtocolError),
        _ => None,
    }
}
