//! A relay that knows rooms and nothing else: what a text frame costs when nobody looks at it. It stands in for the
//! yardstick that `run.sh` finds beside the project, when that is not there.

use axum::{
    Router,
    extract::{
        Query, State, WebSocketUpgrade,
        ws::{Message, Utf8Bytes, WebSocket},
    },
    response::Response,
    routing::get,
    serve::ListenerExt,
};
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

/// As the hub has it: the library's own default would be most of an idle socket's memory.
const READ_BUFFER_BYTES: usize = 4_096;

#[derive(Deserialize)]
struct Door {
    room: String,
}

#[derive(Clone, Default)]
struct Rooms(Arc<Mutex<HashMap<String, Vec<UnboundedSender<Utf8Bytes>>>>>);

impl Rooms {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<UnboundedSender<Utf8Bytes>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes `text` to everyone in the room but `own`.
    fn pass(&self, room: &str, own: &UnboundedSender<Utf8Bytes>, text: &Utf8Bytes) {
        for other in self.lock().get(room).into_iter().flatten().filter(|other| !other.same_channel(own)) {
            let _ = other.send(text.clone());
        }
    }

    fn leave(&self, room: &str, own: &UnboundedSender<Utf8Bytes>) {
        let mut rooms = self.lock();
        if let Some(members) = rooms.get_mut(room) {
            members.retain(|member| !member.same_channel(own));
            if members.is_empty() {
                rooms.remove(room);
            }
        }
    }
}

/// Serves until the future is dropped.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    let router = Router::new().route("/ws", get(open)).with_state(Rooms::default());
    axum::serve(listener.tap_io(|stream| drop(stream.set_nodelay(true))), router).await
}

async fn open(State(rooms): State<Rooms>, Query(door): Query<Door>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.read_buffer_size(READ_BUFFER_BYTES).on_upgrade(move |socket| take_part(rooms, door.room, socket))
}

async fn take_part(rooms: Rooms, room: String, socket: WebSocket) {
    let (sink, mut messages) = socket.split();
    let (own, outbox) = unbounded_channel();
    let _ = own.send(Utf8Bytes::from_static("in"));
    rooms.lock().entry(room.clone()).or_default().push(own.clone());
    rooms.pass(&room, &own, &Utf8Bytes::from_static("another came"));
    let writer = tokio::spawn(write(sink, outbox));
    while let Some(Ok(message)) = messages.next().await {
        if let Message::Text(text) = message {
            rooms.pass(&room, &own, &text);
        }
    }
    rooms.leave(&room, &own);
    writer.abort();
}

async fn write(
    mut sink: futures_util::stream::SplitSink<WebSocket, Message>,
    mut outbox: UnboundedReceiver<Utf8Bytes>,
) {
    while let Some(text) = outbox.recv().await {
        if sink.send(Message::Text(text)).await.is_err() {
            return;
        }
    }
}
