//! A hub on port 0 and clients for it. Whatever is awaited here is awaited for a generous time and then fails.

use axum::serve::ListenerExt;
use futures_util::{SinkExt, StreamExt};
use holdfast_protocol::{
    CallSnapshot, ClientFrame, CommandId, DisplayName, ErrorFrame, GuestCredential, Hello, HubFrame,
    InstanceId, MediaState, ParticipantId, Resume, RoomName, Seq, Signal, Welcome,
};
use holdfast_server::{
    Config, HubKey, OsEntropy, RunError, Shutdown, SystemClock, run, store::memory::MemoryStore,
};
use std::{
    future::Future,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message},
};

/// Longer than anything takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const ON: MediaState =
    MediaState { audio: true, camera: true, screen: false, screen_audio: false };

pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited too long for {what}"))
}

pub(crate) struct TestHub {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    pub(crate) task: JoinHandle<Result<(), RunError>>,
}

impl Drop for TestHub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn config() -> Config {
    let mut config = Config { hub_key: Some(HubKey::new([7; 32])), ..Config::default() };
    config.store.given = Some(Arc::new(MemoryStore::default()));
    config
}

pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

impl TestHub {
    pub(crate) async fn start(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let listener = listener.tap_io(|io| io.set_nodelay(true).unwrap());
        let shutdown = Shutdown::default();
        let hub = run(config, vec![listener], Arc::new(SystemClock), Arc::new(OsEntropy), shutdown.clone());
        Self { address, shutdown, task: tokio::spawn(hub) }
    }

    pub(crate) async fn defaults() -> Self {
        Self::start(config()).await
    }

    /// A socket that has not said hello.
    pub(crate) async fn connect(&self) -> Client {
        self.connect_with(&[]).await.unwrap()
    }

    pub(crate) async fn connect_with(&self, headers: &[(&str, &str)]) -> Result<Client, Error> {
        self.connect_from(1, headers).await
    }

    /// From 127.0.0.`host`, which the hub takes for another client's address.
    pub(crate) async fn connect_from(&self, host: u8, headers: &[(&str, &str)]) -> Result<Client, Error> {
        Client::connect(self.address, host, headers).await
    }

    /// A client with a new session.
    pub(crate) async fn welcomed(&self, name: &str) -> (Client, Welcome) {
        let mut client = self.connect().await;
        let welcome = client.hello(name, None, None).await;
        assert!(!welcome.resumed);
        (client, welcome)
    }

    /// A client that is in a room.
    pub(crate) async fn joined(&self, name: &str, room: &str) -> (Client, Welcome, CallSnapshot) {
        let (mut client, welcome) = self.welcomed(name).await;
        let call = client.join(room).await;
        (client, welcome, call)
    }

    /// The client's next socket: the same page, or a reloaded one.
    pub(crate) async fn back(&self, welcome: &Welcome, instance: Option<InstanceId>) -> (Client, Welcome) {
        let mut client = self.connect().await;
        client.instance = instance.unwrap_or(client.instance);
        let resume = Resume {
            session: welcome.session,
            token: welcome.token.clone(),
            epoch: welcome.epoch,
            seq: Seq(0),
            hold: false,
        };
        let again = client.hello("Ignored", None, Some(resume)).await;
        (client, again)
    }

    /// One HTTP request; status line, headers (lower case), body.
    pub(crate) async fn http(&self, request: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!("{request}\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address);
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        soon("an HTTP answer", stream.read_to_end(&mut answer)).await.unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_lowercase(), body.to_owned())
    }

    /// The value of one line of `/metrics`, 0 when it is not there.
    pub(crate) async fn metric(&self, line: &str) -> u64 {
        let (_, _, body) = self.http("GET /metrics HTTP/1.1").await;
        let found = body.lines().find_map(|text| text.strip_prefix(line)?.trim().parse().ok());
        found.unwrap_or(0)
    }

    /// Waits until a line of `/metrics` has this value.
    pub(crate) async fn metric_becomes(&self, line: &str, value: u64) {
        soon(&format!("{line} = {value}"), async {
            while self.metric(line).await != value {
                tokio::time::sleep(ms(10)).await;
            }
        })
        .await;
    }
}

pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<TcpStream>,
    pub(crate) instance: InstanceId,
    commands: u32,
}

impl Client {
    /// A socket from 127.0.0.`host`.
    pub(crate) async fn connect(hub: SocketAddr, host: u8, headers: &[(&str, &str)]) -> Result<Self, Error> {
        let stream = TcpSocket::new_v4()?;
        stream.bind((Ipv4Addr::new(127, 0, 0, host), 0).into())?;
        let stream = stream.connect(hub).await?;
        stream.set_nodelay(true)?;
        let mut request = http::Request::builder()
            .uri(format!("ws://{hub}/ws"))
            .header("host", hub.to_string())
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (socket, _) = client_async(request.body(()).unwrap(), stream).await?;
        Ok(Self { socket, instance: InstanceId::mint(&OsEntropy), commands: 0 })
    }

    pub(crate) fn id(&mut self) -> CommandId {
        self.commands += 1;
        CommandId(self.commands)
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.socket.send(Message::Text(text.into())).await.unwrap();
    }

    pub(crate) async fn send(&mut self, frame: ClientFrame) {
        self.text(&frame.encode()).await;
    }

    pub(crate) async fn send_hello(
        &mut self,
        name: &str,
        guest: Option<GuestCredential>,
        resume: Option<Resume>,
    ) {
        let name = DisplayName::new(name).unwrap();
        let hello = Hello { protocol: 2, instance: self.instance, attempt: 0, name, guest, resume };
        self.send(ClientFrame::Hello(hello)).await;
    }

    pub(crate) async fn hello(
        &mut self,
        name: &str,
        guest: Option<GuestCredential>,
        resume: Option<Resume>,
    ) -> Welcome {
        self.send_hello(name, guest, resume).await;
        match self.next().await {
            HubFrame::Welcome(welcome) => *welcome,
            other => panic!("not a welcome: {other:?}"),
        }
    }

    pub(crate) async fn send_join(&mut self, room: &str) -> CommandId {
        let id = self.id();
        self.send(ClientFrame::Join { id, room: RoomName::new(room).unwrap(), media: ON }).await;
        id
    }

    pub(crate) async fn join(&mut self, room: &str) -> CallSnapshot {
        let id = self.send_join(room).await;
        match self.next().await {
            HubFrame::Joined { in_reply_to, call } if in_reply_to == id => call,
            other => panic!("not joined: {other:?}"),
        }
    }

    pub(crate) async fn leave(&mut self, call: &CallSnapshot) {
        let id = self.id();
        self.send(ClientFrame::Leave { id, call: call.id }).await;
        match self.next().await {
            HubFrame::Left { in_reply_to, call: left } => assert_eq!((in_reply_to, left), (id, call.id)),
            other => panic!("not left: {other:?}"),
        }
    }

    pub(crate) async fn signal(
        &mut self,
        call: &CallSnapshot,
        to: ParticipantId,
        to_incarnation: u32,
        signal: Signal,
    ) -> CommandId {
        let id = self.id();
        self.send(ClientFrame::Signal { id, call: call.id, to, to_incarnation, signal }).await;
        id
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> HubFrame {
        match soon("a frame", self.socket.next()).await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("not a frame: {other:?}"),
        }
    }

    pub(crate) async fn next_error(&mut self) -> ErrorFrame {
        match self.next().await {
            HubFrame::Error(error) => error,
            other => panic!("not an error: {other:?}"),
        }
    }

    /// Reads on until the hub closes: the close code and the frames before it.
    pub(crate) async fn closed(mut self) -> (u16, Vec<HubFrame>) {
        let mut frames = Vec::new();
        loop {
            match soon("a close", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => frames.push(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(close)))) => return (close.code.into(), frames),
                other => panic!("not a close: {other:?} after {frames:?}"),
            }
        }
    }

    /// Shows that nothing else is on its way: whatever the hub had decided before comes before the answer.
    pub(crate) async fn nothing_else(&mut self) {
        self.send(ClientFrame::Heartbeat).await;
        assert_eq!(self.next().await, HubFrame::HeartbeatAck);
    }

    /// Sends what need not arrive; false once the socket is gone.
    pub(crate) async fn try_text(&mut self, text: &str) -> bool {
        self.socket.send(Message::Text(text.into())).await.is_ok()
    }

    /// The next frame, or how the socket ended.
    pub(crate) async fn read(&mut self) -> Result<HubFrame, Option<u16>> {
        match soon("a frame or an end", self.socket.next()).await {
            Some(Ok(Message::Text(text))) => Ok(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(close))) => Err(close.map(|close| close.code.into())),
            Some(Ok(other)) => panic!("not a frame: {other:?}"),
            Some(Err(_)) | None => Err(None),
        }
    }

    /// Drops the connection without a closing handshake.
    pub(crate) fn cut(self) -> InstanceId {
        self.instance
    }
}

/// An offer that can be told from others.
pub(crate) fn offer(generation: u32) -> Signal {
    let connection = "000000c0-0000-4000-8000-000000000001".parse().unwrap();
    Signal::Offer { connection, generation, sdp: "v=0\r\n".to_owned() }
}

/// A large one.
pub(crate) fn long_offer(bytes: usize) -> Signal {
    let connection = "000000c0-0000-4000-8000-000000000001".parse().unwrap();
    Signal::Offer { connection, generation: 1, sdp: format!("v=0{}", "x".repeat(bytes)) }
}
