//! The client's task: runs the link to the hub, keeps the call as wanted, and stands between the hub and the pairs. It
//! waits for nothing but its inputs, so a pair or a network that is stuck does not hold it up.

mod commands;
mod hub;

use super::{Command, Found, Keeper, Kept, Options, calls::Calls, wanted::Wanted};
use crate::{
    client::ClientError,
    environment::{Clock, Environment},
    event::{Event, EventSink},
    link::{
        self, Link, Standing,
        socket::{INCOMING_FRAMES_MAX, Incoming, Socket, SocketEvent},
    },
    pair::{FromPair, KeyFrameWishes, Outlets, Shared, ToPair},
    received::ReceivedSink,
};
use holdfast_protocol::{
    CallId, ClientFrame, CommandId, ErrorFrame, IceConfig, IncomingCall, InstanceId, MediaState,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{mpsc, oneshot, watch};

/// What pairs say waits here; they wait when it is full.
const FROM_PAIRS_MAX: usize = 256;
/// What the task is made of.
pub(super) struct Parts {
    pub(super) environment: Environment,
    pub(super) options: Options,
    pub(super) clock: Clock,
    pub(super) events: EventSink,
    pub(super) received: ReceivedSink,
    pub(super) outlets: Arc<Outlets>,
    pub(super) wishes: KeyFrameWishes,
}

type Ready = oneshot::Sender<Result<(), ErrorFrame>>;

/// A question to the hub, and who waits for the answer.
enum Ask {
    Decline(oneshot::Sender<Result<(), ClientError>>),
    End(oneshot::Sender<Result<(), ClientError>>),
    Directory(oneshot::Sender<Result<Found, ClientError>>),
}

impl Ask {
    fn fail(self, error: ClientError) {
        match self {
            Self::Decline(reply) | Self::End(reply) => drop(reply.send(Err(error))),
            Self::Directory(reply) => drop(reply.send(Err(error))),
        }
    }
}

struct Task {
    environment: Environment,
    clock: Clock,
    socket_url: String,
    events: EventSink,
    link: Link,
    socket: Option<Socket>,
    socket_serial: u64,
    socket_events: mpsc::Sender<(u64, SocketEvent)>,
    ready: Option<Ready>,
    last_failure: Arc<Mutex<String>>,
    wanted: Option<Wanted>,
    leaving: Option<(CommandId, oneshot::Sender<()>)>,
    asks: BTreeMap<CommandId, Ask>,
    /// Calls that ring for this user.
    incoming: BTreeMap<CallId, IncomingCall>,
    keeper: Option<Arc<dyn Keeper>>,
    standing: Option<Standing>,
    calls: Calls,
    ice: watch::Sender<IceConfig>,
    media: watch::Sender<MediaState>,
    over: bool,
}

/// Runs a client until its last handle is gone or the hub refuses it for good.
pub(super) async fn run(
    parts: Parts,
    mut commands: mpsc::Receiver<Command>,
    ready: Ready,
    last_failure: Arc<Mutex<String>>,
) {
    let (socket_events, mut from_socket) = mpsc::channel(INCOMING_FRAMES_MAX);
    let (to_client, mut from_pairs) = mpsc::channel(FROM_PAIRS_MAX);
    let mut task = Task::new(parts, socket_events, to_client, ready, last_failure);
    task.link(link::Input::Start);
    while !task.over {
        let deadline_ms = task.deadline_ms();
        // In a fixed order, so that a simulation runs the same each time; time first, so that nothing starves it.
        tokio::select! {
            biased;
            () = task.clock.until(deadline_ms) => task.tick(),
            command = commands.recv() => match command {
                Some(command) => task.command(command),
                None => break,
            },
            Some(message) = from_pairs.recv() => task.pair_said(message),
            Some((serial, event)) = from_socket.recv() => task.socket_said(serial, event),
        }
    }
    task.end();
}

impl Task {
    fn new(
        parts: Parts,
        socket_events: mpsc::Sender<(u64, SocketEvent)>,
        to_client: mpsc::Sender<FromPair>,
        ready: Ready,
        last_failure: Arc<Mutex<String>>,
    ) -> Self {
        let entropy = &*parts.environment.entropy;
        let seed = u64::from_be_bytes(entropy.bytes());
        let (standing, earlier) = parts.options.kept.map(|Kept { standing, call }| (standing, call)).unzip();
        let link = Link::new(InstanceId::mint(entropy), parts.options.name, standing, seed);
        let (ice, ice_seen) = watch::channel(IceConfig::default());
        let (media, media_seen) = watch::channel(MediaState::default());
        let shared = Shared {
            environment: parts.environment.clone(),
            clock: parts.clock,
            events: parts.events.clone(),
            received: parts.received,
            wishes: parts.wishes,
            outlets: parts.outlets,
            ice: ice_seen,
            media: media_seen,
            to_client,
            recovery: parts.options.recovery,
        };
        Self {
            environment: parts.environment,
            clock: parts.clock,
            socket_url: parts.options.socket_url,
            events: parts.events,
            link,
            socket: None,
            socket_serial: 0,
            socket_events,
            ready: Some(ready),
            last_failure,
            wanted: earlier.flatten().map(|(call, room)| Wanted::earlier(call, room)),
            leaving: None,
            asks: BTreeMap::new(),
            incoming: BTreeMap::new(),
            keeper: parts.options.keeper,
            standing: None,
            calls: Calls::new(shared),
            ice,
            media,
            over: false,
        }
    }

    fn deadline_ms(&self) -> Option<u64> {
        let retry_ms = self.wanted.as_ref().and_then(|wanted| wanted.retry_at_ms);
        [self.link.deadline_ms(), self.calls.deadline_ms(), retry_ms].into_iter().flatten().min()
    }

    fn tick(&mut self) {
        self.link(link::Input::Tick);
        if let Some(alive) = self.calls.tick() {
            self.say(alive);
        }
        let now_ms = self.clock.now_ms();
        if self.wanted.as_ref().and_then(|wanted| wanted.retry_at_ms).is_some_and(|at_ms| now_ms >= at_ms) {
            self.ask_for_call();
        }
    }

    /// Feeds the link, and runs its effects until nothing more comes of them.
    fn link(&mut self, input: link::Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in self.link.handle(self.clock.now_ms(), input) {
                inputs.extend(self.link_effect(effect));
            }
        }
    }

    fn link_effect(&mut self, effect: link::Effect) -> Option<link::Input> {
        match effect {
            link::Effect::Dial => {
                self.socket_serial += 1;
                let (url, events) = (self.socket_url.clone(), self.socket_events.clone());
                self.socket = Some(Socket::open(&self.environment, url, self.socket_serial, events));
            }
            link::Effect::Transmit(frame) => {
                if self.socket.as_ref().is_some_and(|socket| !socket.send(frame)) {
                    self.hang_up();
                    let reason = "the network does not take what is sent".to_owned();
                    return Some(link::Input::Dropped { reason, close_code: None });
                }
            }
            link::Effect::Hangup => self.hang_up(),
            link::Effect::Keep(standing) => {
                self.standing = Some(*standing);
                self.keep();
            }
            link::Effect::Up { welcome, same } => self.up(*welcome, same),
            link::Effect::Down { reason, retry_in_ms } => {
                self.socket = None;
                self.last_failure.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&reason);
                self.events.emit(Event::SocketLost { reason, retry_in_ms });
                self.calls.tell_all(|| ToPair::HubAway);
            }
            link::Effect::Deliver(frame) => self.hub_said(frame),
            link::Effect::Overflow { frames } => {
                tracing::error!(frames, "more was to be said to the hub than is kept for it");
                self.events.emit(Event::OutboxOverflow { frames });
            }
            link::Effect::Refused(error) => self.refused_for_good(error),
        }
        None
    }

    fn hang_up(&mut self) {
        if let Some(socket) = self.socket.take() {
            socket.abort();
        }
    }

    fn socket_said(&mut self, serial: u64, event: SocketEvent) {
        if serial != self.socket_serial || self.socket.is_none() {
            return;
        }
        self.link(match event {
            SocketEvent::Opened => link::Input::Opened,
            SocketEvent::Frame(Incoming { seq, frame }) => link::Input::Frame { seq, frame },
            SocketEvent::Wait { ms } => link::Input::Wait { ms },
            SocketEvent::Dropped { reason, close_code } => link::Input::Dropped { reason, close_code },
        });
    }

    fn refused_for_good(&mut self, error: ErrorFrame) {
        let ErrorFrame { code, message, retry_after_ms, .. } = error.clone();
        self.events.emit(Event::Refused { code, message, retry_after_ms });
        if let Some(ready) = self.ready.take() {
            let _ = ready.send(Err(error));
        }
        self.over = true;
    }

    fn pair_said(&mut self, message: FromPair) {
        match message {
            // While the place is lost, nobody would get it.
            FromPair::Signal { .. } if self.is_coming_back() => {}
            FromPair::Signal { to, to_incarnation, signal } => {
                let pair = self.calls.pair(to).filter(|pair| pair.participant.incarnation == to_incarnation);
                let call = self.calls.roster().filter(|_| pair.is_some()).map(crate::roster::Roster::call);
                if let Some(call) = call {
                    let id = self.link.next_command();
                    self.say(ClientFrame::Signal { id, call, to, to_incarnation, signal });
                }
            }
            FromPair::WantIce if self.link.is_up() => {
                let id = self.link.next_command();
                self.say(ClientFrame::IceServers { id });
            }
            FromPair::WantIce => {}
            FromPair::Stands { participant } => self.calls.superseded(participant),
            FromPair::Flow => self.calls.flowed(),
        }
    }

    fn is_coming_back(&self) -> bool {
        self.wanted.as_ref().is_some_and(|wanted| wanted.ask.is_some() || wanted.retry_at_ms.is_some())
    }

    fn say(&mut self, frame: ClientFrame) {
        self.link(link::Input::Send(frame));
    }

    /// Keeps what a process after this one needs.
    fn keep(&self) {
        if let (Some(keeper), Some(standing)) = (&self.keeper, &self.standing) {
            let call = self.wanted.as_ref().and_then(|wanted| Some((wanted.call?, wanted.room.clone())));
            keeper.keep(&Kept { standing: standing.clone(), call });
        }
    }

    fn end(mut self) {
        // Refused for good: what is kept may be another process's by now, which took the session over.
        let keeper = self.keeper.take().filter(|_| !self.over);
        self.leave(None);
        if let Some(keeper) = keeper {
            keeper.forget();
        }
        self.events.emit(Event::Ended);
    }
}
