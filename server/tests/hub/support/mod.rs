//! A hub on port 0 and clients for it. Whatever is awaited here is awaited for a generous time and then fails.

mod flaky;
mod program;
mod progress;

use axum::serve::ListenerExt;
use futures_util::{SinkExt, StreamExt};
use holdfast_protocol::{
    CallSnapshot, ClientFrame, CommandId, DisconnectPolicy, DisplayName, ErrorFrame, GuestCredential, Hello,
    HubFrame, InstanceId, MediaState, Numbered, PROTOCOL_VERSION, ParticipantId, PolicyPreset, Resume,
    RoomName, Seq, Signal, Welcome,
};
use holdfast_server::{
    Clock, Config, HubKey, OsEntropy, RunError, Shutdown, SystemClock, run, store::memory::MemoryStore,
};
use std::{
    future::Future,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
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

/// Frames that a client takes in before it acknowledges them.
const ACK_EVERY: u32 = 8;

pub(crate) use flaky::Flaky;
pub(crate) use program::{Program, http, serving, spawn};
pub(crate) use progress::resume;
use progress::{PROGRESS, Progress};

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

/// With places in rooms that are kept for so long.
pub(crate) fn kept_for(window_ms: u64) -> Config {
    let policy = PolicyPreset::Event.policy();
    Config {
        room_policy: DisconnectPolicy { away_ms: window_ms, all_away_ms: window_ms, ..policy },
        ..config()
    }
}

pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

impl TestHub {
    pub(crate) async fn start(config: Config) -> Self {
        Self::start_at(config, SystemClock).await
    }

    /// With a clock of its own.
    pub(crate) async fn start_at(config: Config, clock: impl Clock + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let listener = listener.tap_io(|io| io.set_nodelay(true).unwrap());
        let shutdown = Shutdown::default();
        let hub = run(config, vec![listener], Arc::new(clock), Arc::new(OsEntropy), shutdown.clone());
        Self { address, shutdown, task: tokio::spawn(hub) }
    }

    /// It dies. What it had given is with the store that its settings name.
    pub(crate) async fn dies(mut self) {
        self.task.abort();
        assert!((&mut self.task).await.is_err_and(|end| end.is_cancelled()), "it ran until now");
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

    /// The client's next socket: the same page, which goes on where it stopped, or a reloaded one.
    pub(crate) async fn back(&self, welcome: &Welcome, instance: Option<InstanceId>) -> (Client, Welcome) {
        let mut client = self.connect().await;
        client.instance = instance.unwrap_or(client.instance);
        let again = client.hello("Ignored", None, Some(resume(welcome))).await;
        (client, again)
    }

    /// One HTTP request; status line, headers (lower case), body.
    pub(crate) async fn http(&self, request: &str) -> (u16, String, String) {
        http(self.address, request).await
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
    pub(crate) attempt: u32,
    /// Whether it acknowledges what it takes in.
    pub(crate) acks: bool,
    commands: u32,
    progress: Option<Progress>,
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
        let instance = InstanceId::mint(&OsEntropy);
        Ok(Self { socket, instance, attempt: 0, acks: true, commands: 0, progress: None })
    }

    pub(crate) fn id(&mut self) -> CommandId {
        self.commands += 1;
        CommandId(self.commands)
    }

    pub(crate) async fn text(&mut self, text: &str) {
        // Whatever number a test has given: the next one is higher.
        let id = serde_json::from_str(text).ok().and_then(|frame: serde_json::Value| frame["id"].as_u64());
        self.commands = self.commands.max(id.and_then(|id| u32::try_from(id).ok()).unwrap_or(0));
        self.note(|_| {});
        self.socket.send(Message::Text(text.into())).await.unwrap();
    }

    pub(crate) async fn send(&mut self, frame: ClientFrame) {
        self.text(&frame.encode()).await;
    }

    /// Changes what is known of the session.
    fn note(&mut self, change: impl FnOnce(&mut Progress)) {
        if let Some(progress) = &mut self.progress {
            progress.commands = self.commands;
            change(progress);
            PROGRESS.lock().unwrap().insert(progress.session, *progress);
        }
    }

    /// Acknowledges everything that was taken in.
    pub(crate) async fn ack(&mut self) {
        if let Some(Progress { seq, .. }) = self.progress {
            // The hub may have closed by now.
            let _ = self.try_text(&ClientFrame::Ack { seq }.encode()).await;
        }
    }

    pub(crate) async fn send_hello(
        &mut self,
        name: &str,
        guest: Option<GuestCredential>,
        resume: Option<Resume>,
    ) {
        let name = DisplayName::new(name).unwrap();
        let (protocol, instance, attempt) = (PROTOCOL_VERSION, self.instance, self.attempt);
        let hello = Hello { protocol, instance, attempt, name, guest, resume };
        self.send(ClientFrame::Hello(hello)).await;
    }

    pub(crate) async fn hello(
        &mut self,
        name: &str,
        guest: Option<GuestCredential>,
        resume: Option<Resume>,
    ) -> Welcome {
        self.send_hello(name, guest, resume).await;
        let welcome = self.welcome().await;
        if self.acks {
            self.ack().await;
        }
        welcome
    }

    /// The welcome, which nothing is acknowledged for yet.
    pub(crate) async fn welcome(&mut self) -> Welcome {
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

    /// The next frame, acknowledgements aside.
    pub(crate) async fn next(&mut self) -> HubFrame {
        self.read().await.unwrap_or_else(|end| panic!("not a frame: {end:?}"))
    }

    /// Takes a text message in. The numbers rise without a gap.
    async fn take(&mut self, text: &str) -> Option<HubFrame> {
        let Numbered { seq, frame } = Numbered::decode(text).unwrap();
        if let HubFrame::Welcome(welcome) = &frame {
            let Welcome { session, epoch, .. } = **welcome;
            let known = PROGRESS.lock().unwrap().get(&session).copied().filter(|known| known.epoch == epoch);
            let progress = known.unwrap_or(Progress { session, epoch, seq: Seq(0), commands: 0 });
            self.commands = self.commands.max(progress.commands);
            self.progress = Some(progress);
            self.note(|_| {});
        }
        if let Some(seq) = seq {
            let before = self.progress.expect("numbers come after the welcome").seq;
            assert_eq!(seq.0, before.0 + 1, "{text}");
            self.note(|progress| progress.seq = seq);
            if self.acks && seq.0.is_multiple_of(ACK_EVERY) {
                self.ack().await;
            }
        }
        Some(frame).filter(|frame| !matches!(frame, HubFrame::Ack { .. }))
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
            match self.read().await {
                Ok(frame) => frames.push(frame),
                Err(Some(code)) => return (code, frames),
                Err(None) => panic!("not a close, after {frames:?}"),
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
        loop {
            match soon("a frame or an end", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => {
                    if let Some(frame) = self.take(&text).await {
                        return Ok(frame);
                    }
                }
                Some(Ok(Message::Close(close))) => return Err(close.map(|close| close.code.into())),
                Some(Ok(other)) => panic!("not a frame: {other:?}"),
                Some(Err(_)) | None => return Err(None),
            }
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
