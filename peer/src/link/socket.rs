//! One WebSocket to the hub: opens it, moves text both ways, and reports. Decides nothing; see [`super::Link`].

use crate::environment::{Dial, Environment, JoinHandle};
use futures_util::{SinkExt, StreamExt};
use holdfast_protocol::{ClientFrame, HubFrame, Numbered, Seq, limits::FRAME_BYTES_MAX};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error, Message, client::IntoClientRequest, protocol::WebSocketConfig},
};

/// Frames waiting for a slow network; one more gives the socket up.
pub const OUTGOING_FRAMES_MAX: usize = 512;
/// Frames waiting for the client's task; the socket is not read meanwhile.
pub const INCOMING_FRAMES_MAX: usize = 256;
/// How long a polite close may take before the socket is dropped.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

/// What a socket reports.
#[derive(Debug)]
pub enum SocketEvent {
    /// It is open.
    Opened,
    /// A frame came.
    Frame(Incoming),
    /// The hub did not let it open, and said for how long to stay away. Dropped follows.
    Wait {
        /// For so long.
        ms: u64,
    },
    /// It failed to open, or is closed.
    Dropped {
        /// Why, in words.
        reason: String,
        /// The WebSocket close code, if there was one.
        close_code: Option<u16>,
    },
}

/// A frame as far as this version knows it.
#[derive(Debug, Default, serde::Deserialize)]
pub struct Incoming {
    /// Its number, if it has one.
    #[serde(default)]
    pub seq: Option<Seq>,
    /// What it says, if that is known.
    #[serde(skip)]
    pub frame: Option<HubFrame>,
}

/// A socket, open or opening. Dropping it closes the socket, after what was sent on it.
pub struct Socket {
    outgoing: mpsc::Sender<ClientFrame>,
    task: Box<dyn JoinHandle>,
}

impl Socket {
    /// Opens a socket to `url` in a task of its own; what it reports carries `serial`.
    pub fn open(
        environment: &Environment,
        url: String,
        serial: u64,
        events: mpsc::Sender<(u64, SocketEvent)>,
    ) -> Self {
        let (outgoing, queue) = mpsc::channel(OUTGOING_FRAMES_MAX);
        let dial = environment.dial.clone();
        let task = environment.spawn(async move {
            let (reason, close_code) = run(dial, url, serial, queue, &events).await;
            let _ = events.send((serial, SocketEvent::Dropped { reason, close_code })).await;
        });
        Self { outgoing, task }
    }

    /// Queues a frame; not when the queue is full or the socket closed.
    pub fn send(&self, frame: ClientFrame) -> bool {
        self.outgoing.try_send(frame).is_ok()
    }

    /// Drops the connection without a word.
    pub fn abort(&self) {
        self.task.abort();
    }
}

/// Runs one socket to its end, and says why it ended.
async fn run(
    dial: Arc<dyn Dial>,
    url: String,
    serial: u64,
    mut queue: mpsc::Receiver<ClientFrame>,
    events: &mpsc::Sender<(u64, SocketEvent)>,
) -> (String, Option<u16>) {
    let stream = match dial.dial().await {
        Ok(stream) => stream,
        Err(error) => return (error.to_string(), None),
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX))
        .read_buffer_size(8_192);
    let request = match url.into_client_request() {
        Ok(request) => request,
        Err(error) => return (error.to_string(), None),
    };
    let mut socket = match tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await {
        Ok((socket, _)) => socket,
        Err(error) => {
            if let Some(ms) = told_to_wait(&error) {
                let _ = events.send((serial, SocketEvent::Wait { ms })).await;
            }
            return (error.to_string(), None);
        }
    };
    if events.send((serial, SocketEvent::Opened)).await.is_err() {
        return ("the client is gone".into(), None);
    }
    loop {
        tokio::select! {
            biased;
            frame = queue.recv() => {
                let Some(frame) = frame else { return close(&mut socket).await };
                if let Err(error) = socket.send(Message::text(frame.encode())).await {
                    return (error.to_string(), None);
                }
            }
            message = socket.next() => match read(message) {
                Ok(None) => {}
                Ok(Some(frame)) => {
                    if events.send((serial, SocketEvent::Frame(frame))).await.is_err() {
                        return close(&mut socket).await;
                    }
                }
                Err(ended) => return ended,
            },
        }
    }
}

/// What `Retry-After` of an HTTP refusal says. A date, which the hub never sends, is no news.
fn told_to_wait(error: &Error) -> Option<u64> {
    let Error::Http(refusal) = error else { return None };
    let seconds: u64 = refusal.headers().get("retry-after")?.to_str().ok()?.parse().ok()?;
    Some(seconds.saturating_mul(1_000))
}

/// A frame, nothing to speak of, or the end.
fn read(message: Option<Result<Message, Error>>) -> Result<Option<Incoming>, (String, Option<u16>)> {
    match message {
        None => Err(("closed by the hub".into(), None)),
        Some(Err(error)) => Err((error.to_string(), None)),
        Some(Ok(Message::Close(frame))) => Err(frame.map_or_else(
            || ("closed by the hub".into(), None),
            |frame| (format!("closed by the hub: {} {}", frame.code, frame.reason), Some(frame.code.into())),
        )),
        Some(Ok(Message::Text(text))) => Ok(Some(decode(&text))),
        Some(Ok(_)) => Ok(None),
    }
}

/// What is not understood is a frame of a later version, or damage. It keeps its number; its contents may be secret and
/// stay out of the log.
fn decode(text: &str) -> Incoming {
    match Numbered::decode(text) {
        Ok(Numbered { seq, frame }) => Incoming { seq, frame: Some(frame) },
        Err(error) => {
            tracing::warn!(%error, "a frame from the hub was not understood");
            serde_json::from_str(text).unwrap_or_default()
        }
    }
}

async fn close<S>(socket: &mut WebSocketStream<S>) -> (String, Option<u16>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, socket.close(None)).await;
    ("closed".into(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_a_later_version_keeps_its_number() {
        let known = decode(r#"{"seq":3,"type":"heartbeat-ack"}"#);
        assert_eq!((known.seq, known.frame), (Some(Seq(3)), Some(HubFrame::HeartbeatAck)));
        let later = decode(r#"{"seq":4,"type":"dance","with":"whom"}"#);
        assert_eq!((later.seq, later.frame), (Some(Seq(4)), None));
        let damaged = decode("seq 5");
        assert_eq!((damaged.seq, damaged.frame), (None, None));
    }
}
