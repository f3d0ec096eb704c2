//! A bare client of the hub: it speaks frames over a WebSocket and has no media. It shows what the hub itself
//! believes, without the peer library's view in between.

use crate::net::{Host, TcpStream};
use futures_util::{SinkExt as _, StreamExt as _};
use holdfast_protocol::{
    CallId, CallSnapshot, ClientFrame, CommandId, DisplayName, Entropy, Hello, HubFrame, InstanceId,
    MediaState, PROTOCOL_VERSION, RoomName, WEBSOCKET_PATH,
};
use std::{net::SocketAddr, time::Duration};
use tokio::time::timeout;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

/// Virtual time that the hub may take for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// A connected client.
pub struct Probe {
    socket: WebSocketStream<TcpStream>,
    commands: u32,
}

impl Probe {
    /// Connects from `host`, says hello under `name` and waits to be welcome.
    ///
    /// # Errors
    /// In words, when the hub is not there or does not welcome it.
    pub async fn connect(
        host: &Host,
        hub: SocketAddr,
        name: &str,
        entropy: &dyn Entropy,
    ) -> Result<Self, String> {
        let stream = host.connect(hub).await.map_err(|error| error.to_string())?;
        let url = format!("ws://{hub}{WEBSOCKET_PATH}");
        let (socket, _) = client_async(url, stream).await.map_err(|error| error.to_string())?;
        let mut probe = Self { socket, commands: 0 };
        let name: DisplayName = name.parse().map_err(|error| format!("{error}"))?;
        let instance = InstanceId::mint(entropy);
        let hello =
            Hello { protocol: PROTOCOL_VERSION, instance, attempt: 0, name, guest: None, resume: None };
        probe.send(&ClientFrame::Hello(hello)).await?;
        match probe.next().await? {
            HubFrame::Welcome(_) => Ok(probe),
            other => Err(format!("not welcome: {other:?}")),
        }
    }

    /// Joins a room and returns the hub's view of the call, the probe included.
    ///
    /// # Errors
    /// In words, when the hub refuses.
    pub async fn join(&mut self, room: &RoomName) -> Result<CallSnapshot, String> {
        let id = self.next_command();
        self.send(&ClientFrame::Join { id, room: room.clone(), media: MediaState::default() }).await?;
        loop {
            match self.next().await? {
                HubFrame::Joined { in_reply_to, call } if in_reply_to == id => return Ok(call),
                HubFrame::Error(error) => return Err(format!("{error:?}")),
                _ => {}
            }
        }
    }

    /// Leaves a call and waits until the hub has seen it.
    ///
    /// # Errors
    /// In words, when the hub refuses.
    pub async fn leave(&mut self, call: CallId) -> Result<(), String> {
        let id = self.next_command();
        self.send(&ClientFrame::Leave { id, call }).await?;
        loop {
            match self.next().await? {
                HubFrame::Left { in_reply_to, .. } if in_reply_to == id => return Ok(()),
                HubFrame::Error(error) => return Err(format!("{error:?}")),
                _ => {}
            }
        }
    }

    /// Sends one frame.
    ///
    /// # Errors
    /// In words, when the socket is closed.
    pub async fn send(&mut self, frame: &ClientFrame) -> Result<(), String> {
        self.socket.send(Message::text(frame.encode())).await.map_err(|error| error.to_string())
    }

    /// The hub's next frame.
    ///
    /// # Errors
    /// In words, when the socket is closed or nothing comes.
    pub async fn next(&mut self) -> Result<HubFrame, String> {
        let text = async {
            while let Some(message) = self.socket.next().await {
                if let Message::Text(text) = message.map_err(|error| error.to_string())? {
                    return serde_json::from_str(&text).map_err(|error| error.to_string());
                }
            }
            Err("the hub closed the socket".to_owned())
        };
        timeout(ANSWER_MAX, text).await.unwrap_or_else(|_| Err("the hub said nothing".to_owned()))
    }

    fn next_command(&mut self) -> CommandId {
        self.commands += 1;
        CommandId(self.commands)
    }
}
