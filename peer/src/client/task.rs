//! The client's task: runs the link to the hub, keeps the call as wanted, and stands between the hub and the pairs. It
//! waits for nothing but its inputs, so a pair or a network that is stuck does not hold it up.

mod commands;

use super::{ClientError, Command, Options, calls::Calls};
use crate::{
    environment::{Clock, Environment},
    event::{Event, EventSink},
    link::{
        self, Link,
        socket::{INCOMING_FRAMES_MAX, Socket, SocketEvent},
    },
    pair::{FromPair, KeyFrameWishes, Outlets, Shared, ToPair},
    received::ReceivedSink,
};
use holdfast_protocol::{
    CallSnapshot, ClientFrame, CommandId, ErrorFrame, HubFrame, IceConfig, InstanceId, MediaState, RoomName,
    Welcome,
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{mpsc, oneshot, watch};

/// What pairs say waits here; they wait when it is full.
const FROM_PAIRS_MAX: usize = 256;
/// A join that the hub refused after it had forgotten the call is tried again after this time, or when the hub says.
const REJOIN_MS: u64 = 5_000;

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

type Joining = oneshot::Sender<Result<CallSnapshot, ClientError>>;
type Ready = oneshot::Sender<Result<(), ErrorFrame>>;

/// The room to be in, whatever happens to the hub.
struct Wanted {
    room: RoomName,
    /// The command that was sent for it and has no answer yet.
    join: Option<CommandId>,
    retry_at_ms: Option<u64>,
    reply: Option<Joining>,
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
    last_command: u32,
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
        let link = Link::new(InstanceId::mint(entropy), parts.options.name, seed);
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
            wanted: None,
            leaving: None,
            last_command: 0,
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
        self.calls.tick(self.clock);
        let now_ms = self.clock.now_ms();
        if self.wanted.as_ref().and_then(|wanted| wanted.retry_at_ms).is_some_and(|at_ms| now_ms >= at_ms) {
            self.join();
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
            link::Effect::Up { welcome, same } => self.up(*welcome, same),
            link::Effect::Down { reason, retry_in_ms } => {
                self.socket = None;
                self.last_failure.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&reason);
                self.events.emit(Event::SocketLost { reason, retry_in_ms });
                self.calls.tell_all(|| ToPair::HubAway);
            }
            link::Effect::Deliver(frame) => self.hub_said(frame),
            link::Effect::Overflow { frames } => {
                tracing::error!(frames, "more was to be said to the hub than is kept while it is away");
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
            SocketEvent::Frame(frame) => link::Input::Frame(frame),
            SocketEvent::Dropped { reason, close_code } => link::Input::Dropped { reason, close_code },
        });
    }

    fn up(&mut self, welcome: Welcome, same: bool) {
        let Welcome { user, epoch, resumed, ice, calls, .. } = welcome;
        self.events.emit(Event::Welcome { user, epoch, resumed: resumed && same });
        self.ice.send_replace(ice);
        if let Some(ready) = self.ready.take() {
            let _ = ready.send(Ok(()));
        }
        let wanted = self.wanted.as_ref().map(|wanted| wanted.room.clone());
        let (wanted_calls, others): (Vec<_>, Vec<_>) =
            calls.into_iter().partition(|call| call.kind.room() == wanted.as_ref());
        self.leave_others(others);
        if let Some(call) = wanted_calls.into_iter().next() {
            self.joined(call);
            self.calls.tell_all(|| ToPair::HubBack);
        } else if wanted.is_some() {
            self.calls.orphan();
            self.join();
        }
    }

    /// Sends `join` for the wanted room.
    fn join(&mut self) {
        let id = self.next_command();
        let media = *self.media.borrow();
        let Some(wanted) = &mut self.wanted else { return };
        (wanted.join, wanted.retry_at_ms) = (Some(id), None);
        let room = wanted.room.clone();
        self.say(ClientFrame::Join { id, room, media });
    }

    fn joined(&mut self, call: CallSnapshot) {
        let Some(wanted) = &mut self.wanted else { return };
        (wanted.join, wanted.retry_at_ms) = (None, None);
        let reply = wanted.reply.take();
        if self.calls.roster().is_none_or(|roster| roster.call() != call.id || roster.you() != call.you) {
            let (id, you, participants) = (call.id, call.you, call.participants.len());
            self.events.emit(Event::Joined { call: id, you, participants });
        }
        self.calls.sync(&call);
        if let Some(reply) = reply {
            let _ = reply.send(Ok(call));
        }
    }

    fn hub_said(&mut self, frame: HubFrame) {
        match frame {
            HubFrame::Joined { in_reply_to, call } => {
                if self.wanted.as_ref().is_some_and(|w| w.join.is_some() && Some(&w.room) == call.kind.room())
                {
                    self.joined(call);
                } else {
                    self.leave_late(in_reply_to, &call);
                }
            }
            HubFrame::Left { in_reply_to, .. } => self.left(in_reply_to),
            HubFrame::IceServers { ice, .. } => {
                self.ice.send_replace(ice);
            }
            HubFrame::Error(error) => self.refused(error),
            frame => self.calls.frame(frame),
        }
    }

    fn refused(&mut self, error: ErrorFrame) {
        let ErrorFrame { code, message, retry_after_ms, in_reply_to } = error.clone();
        self.events.emit(Event::Refused { code, message, retry_after_ms });
        let Some(id) = in_reply_to else { return };
        self.left(id);
        let Some(wanted) = self.wanted.as_mut().filter(|wanted| wanted.join == Some(id)) else { return };
        if let Some(reply) = wanted.reply.take() {
            self.wanted = None;
            let _ = reply.send(Err(ClientError::Refused(error)));
        } else {
            wanted.join = None;
            wanted.retry_at_ms = Some(self.clock.now_ms() + retry_after_ms.unwrap_or(REJOIN_MS));
        }
    }

    fn refused_for_good(&mut self, error: ErrorFrame) {
        let ErrorFrame { code, message, retry_after_ms, .. } = error.clone();
        self.events.emit(Event::Refused { code, message, retry_after_ms });
        if let Some(ready) = self.ready.take() {
            let _ = ready.send(Err(error));
        }
        self.over = true;
    }

    /// The answer to `leave`, of whatever kind.
    fn left(&mut self, id: CommandId) {
        if let Some((_, reply)) = self.leaving.take_if(|(leave, _)| *leave == id) {
            let _ = reply.send(());
        }
    }

    fn pair_said(&mut self, message: FromPair) {
        match message {
            FromPair::Signal { to, to_incarnation, signal } => {
                let pair = self.calls.pair(to).filter(|pair| pair.participant.incarnation == to_incarnation);
                let call = self.calls.roster().filter(|_| pair.is_some()).map(crate::roster::Roster::call);
                if let Some(call) = call {
                    let id = self.next_command();
                    self.say(ClientFrame::Signal { id, call, to, to_incarnation, signal });
                }
            }
            FromPair::WantIce if self.link.is_up() => {
                let id = self.next_command();
                self.say(ClientFrame::IceServers { id });
            }
            FromPair::WantIce => {}
            FromPair::Stands { participant } => self.calls.superseded(participant),
        }
    }

    fn say(&mut self, frame: ClientFrame) {
        self.link(link::Input::Send(frame));
    }

    fn next_command(&mut self) -> CommandId {
        self.last_command = self.last_command.wrapping_add(1);
        CommandId(self.last_command)
    }

    fn end(mut self) {
        self.leave(None);
        self.events.emit(Event::Ended);
    }
}
