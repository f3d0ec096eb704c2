//! A device of a user, told what to do step by step: the peer library's own link to the hub, without media. Whatever
//! the hub says comes out in order, and is kept for the rules in [`crate::rules`].

mod task;

use holdfast_peer::{
    environment::Clock,
    link::{Input, Link, Standing},
};
use holdfast_protocol::{
    CallId, CallSnapshot, ClientFrame, CommandId, DirectoryQuery, DisplayName, EndReason, ErrorCode,
    ErrorFrame, HubFrame, InstanceId, LeaveReason, MediaState, ParticipantId, Presence, UserId,
    WEBSOCKET_PATH, Welcome,
};
use holdfast_tests::{bot::environment, net::Host, world::World};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use task::Task;
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

pub(crate) const ON: MediaState =
    MediaState { audio: true, camera: true, screen: false, screen_audio: false };
/// Longest virtual time to wait for anything.
const PATIENCE: Duration = Duration::from_hours(1);
/// Frames that nobody has asked for yet.
const UNREAD_MAX: usize = 512;
/// From dialling to the moment when the hub has the `hello`: TCP, the upgrade, and the frame, at 20 ms each way.
pub(crate) const HELLO_AFTER: Duration = Duration::from_millis(100);

type Order = Box<dyn FnOnce(&mut Link) -> Input + Send>;

/// What the hub said to one life of a device, in order.
pub(crate) type History = Arc<Mutex<Vec<HubFrame>>>;

pub(crate) struct Device {
    pub(crate) name: &'static str,
    pub(crate) host: Host,
    pub(crate) state: watch::Receiver<State>,
    /// Of each life, this one last.
    pub(crate) histories: Vec<History>,
    orders: mpsc::Sender<Order>,
    frames: mpsc::Receiver<HubFrame>,
    number: u8,
}

/// How its link stands.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) is_up: bool,
    /// Every welcome, and whether it went on in the epoch before.
    pub(crate) welcomes: Vec<(Welcome, bool)>,
    /// The wait after each loss or failed attempt, in milliseconds.
    pub(crate) waits_ms: Vec<u64>,
    pub(crate) standing: Option<Standing>,
    pub(crate) refused: Option<ErrorFrame>,
}

impl Device {
    /// A new user's device on the host of this number, welcome.
    pub(crate) async fn start(world: &World, number: u8, name: &'static str) -> Self {
        let mut device = Self::boot(world, number, name, None, Vec::new());
        device.up(1).await;
        device
    }

    /// A device that does not wait for its welcome.
    pub(crate) fn boot(
        world: &World,
        number: u8,
        name: &'static str,
        standing: Option<Standing>,
        mut histories: Vec<History>,
    ) -> Self {
        let host = world.host(number);
        let life = format!("{name}-{number}-{}", histories.len());
        let mut environment = environment(world, &host, name);
        environment.entropy = world.entropy(&life);
        let history = History::default();
        histories.push(Arc::clone(&history));
        let (orders, waiting) = mpsc::channel(UNREAD_MAX);
        let (heard, frames) = mpsc::channel(UNREAD_MAX);
        let (reports, reported) = mpsc::channel(UNREAD_MAX);
        let (seen, state) = watch::channel(State { standing: standing.clone(), ..State::default() });
        let instance = InstanceId::mint(&*environment.entropy);
        let display_name = DisplayName::new(name).unwrap();
        let task = Task {
            name,
            url: format!("ws://{}{WEBSOCKET_PATH}", world.hub_address()),
            log: world.log.clone(),
            environment,
            link: Link::new(instance, display_name, standing, 7),
            clock: Clock::start(),
            socket: None,
            reports,
            heard,
            history,
            seen,
        };
        host.spawn(task.run(reported, waiting));
        Self { name, host, state, histories, orders, frames, number }
    }

    /// The process dies, without a word.
    pub(crate) fn crash(&self) {
        self.host.crash();
    }

    /// Another process on the same machine, which has what the one before kept; it asks before it takes its place when
    /// `hold`.
    pub(crate) fn reborn(self, world: &World, hold: bool) -> Self {
        self.crash();
        let mut standing = self.standing();
        standing.resume.hold = hold;
        Self::boot(world, self.number, self.name, Some(standing), self.histories)
    }

    pub(crate) fn standing(&self) -> Standing {
        self.state.borrow().standing.clone().expect("it has been welcome")
    }

    /// Waits for its welcome of this number.
    pub(crate) async fn up(&mut self, welcomes: usize) -> Welcome {
        let wait = self.state.wait_for(|state| state.is_up && state.welcomes.len() >= welcomes);
        let state = timeout(PATIENCE, wait).await.expect("welcome in time").expect("it runs");
        state.welcomes.last().unwrap().0.clone()
    }

    /// Comes back to hear that its place was given up, in the history that goes on.
    pub(crate) async fn is_out_of_it(&mut self, call: CallId, you: ParticipantId) {
        assert_eq!(self.up(2).await.calls, []);
        let reason = LeaveReason::NetworkLost;
        assert_eq!(self.next().await, HubFrame::PeerLeft { call, participant: you, reason });
    }

    pub(crate) fn welcomes(&self) -> usize {
        self.state.borrow().welcomes.len()
    }

    pub(crate) fn user(&self) -> UserId {
        self.standing().guest.user
    }

    async fn order(&self, order: impl FnOnce(&mut Link) -> Input + Send + 'static) {
        self.orders.send(Box::new(order)).await.expect("it runs");
    }

    /// Gives the command that `make` makes with a number.
    pub(crate) async fn say(&self, make: impl FnOnce(CommandId) -> ClientFrame + Send + 'static) {
        self.order(|link| Input::Send(make(link.next_command()))).await;
    }

    pub(crate) async fn media_alive(&self, call: CallId, participants: Vec<ParticipantId>) {
        self.order(move |_| Input::Send(ClientFrame::MediaAlive { call, participants })).await;
    }

    /// The network may have changed: if it waits for its next attempt, it makes it now.
    pub(crate) async fn hurry(&self) {
        self.order(|_| Input::Probe).await;
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> HubFrame {
        let frame = timeout(PATIENCE, self.frames.recv()).await;
        frame.unwrap_or_else(|_| panic!("{} hears nothing", self.name)).expect("it runs")
    }

    /// Passes over what it has heard so far.
    pub(crate) fn drained(mut self) -> Self {
        while self.frames.try_recv().is_ok() {}
        self
    }

    /// Hears nothing for so long.
    pub(crate) async fn quiet_for(&mut self, duration: Duration) {
        if let Ok(frame) = timeout(duration, self.frames.recv()).await {
            panic!("{} hears {frame:?}", self.name);
        }
    }

    pub(crate) async fn call(&mut self, to: UserId) -> CallSnapshot {
        self.say(move |id| ClientFrame::Call { id, to, media: ON }).await;
        match self.next().await {
            HubFrame::Ringing { call, .. } => call,
            other => panic!("{} does not ring: {other:?}", self.name),
        }
    }

    pub(crate) async fn accept(&mut self) -> CallSnapshot {
        match self.next().await {
            HubFrame::IncomingCall(incoming) => {
                self.say(move |id| ClientFrame::Accept { id, call: incoming.call, media: ON }).await;
            }
            other => panic!("nobody calls {}: {other:?}", self.name),
        }
        self.joined().await
    }

    pub(crate) async fn join(&mut self, room: &str) -> CallSnapshot {
        let room = room.parse().unwrap();
        self.say(move |id| ClientFrame::Join { id, room, media: ON }).await;
        self.joined().await
    }

    pub(crate) async fn rejoin(&self, call: CallId) {
        self.say(move |id| ClientFrame::Rejoin { id, call, media: ON }).await;
    }

    pub(crate) async fn joined(&mut self) -> CallSnapshot {
        match self.next().await {
            HubFrame::Joined { call, .. } => call,
            other => panic!("{} has not joined: {other:?}", self.name),
        }
    }

    pub(crate) async fn leave(&mut self, call: CallId) {
        self.say(move |id| ClientFrame::Leave { id, call }).await;
        assert!(matches!(self.next().await, HubFrame::Left { .. }));
    }

    pub(crate) async fn met(&mut self) -> ParticipantId {
        match self.next().await {
            HubFrame::PeerJoined { participant, .. } => participant.id,
            other => panic!("nobody came to {}: {other:?}", self.name),
        }
    }

    /// Hears that `who` is away; for how long it may be.
    pub(crate) async fn away(&mut self, who: ParticipantId) -> u64 {
        match self.next().await {
            HubFrame::PeerDisconnected { participant, ms_left, .. } if participant == who => ms_left,
            other => panic!("{} does not hear that the other is away: {other:?}", self.name),
        }
    }

    /// Hears that `who` is back: its incarnation and how often it came back.
    pub(crate) async fn back(&mut self, who: ParticipantId) -> (u32, u32) {
        match self.next().await {
            HubFrame::PeerReconnected { participant, incarnation, reconnect_count, .. }
                if participant == who =>
            {
                (incarnation, reconnect_count)
            }
            other => panic!("{} does not hear that the other is back: {other:?}", self.name),
        }
    }

    pub(crate) async fn ended(&mut self, of: CallId) -> EndReason {
        match self.next().await {
            HubFrame::CallEnded { call, reason } if call == of => reason,
            other => panic!("{} does not hear of the end: {other:?}", self.name),
        }
    }

    /// What the directory says of a user.
    pub(crate) async fn presence_of(&mut self, who: UserId) -> Option<Presence> {
        self.say(|id| ClientFrame::Directory { id, query: DirectoryQuery::default() }).await;
        loop {
            match self.next().await {
                HubFrame::Directory { users, .. } => {
                    return users.iter().find(|entry| entry.user == who).map(|entry| entry.presence);
                }
                HubFrame::Presence { .. } => {}
                other => panic!("{} is not told who is there: {other:?}", self.name),
            }
        }
    }

    /// Calls somebody who cannot be called.
    pub(crate) async fn is_refused(&mut self, to: UserId, code: ErrorCode) {
        self.say(move |id| ClientFrame::Call { id, to, media: ON }).await;
        match self.next().await {
            HubFrame::Error(error) if error.in_reply_to.is_some() => assert_eq!(error.code, code),
            other => panic!("{} is not refused: {other:?}", self.name),
        }
    }

    /// Hears that somebody has called; who.
    pub(crate) async fn missed(&mut self) -> UserId {
        match self.next().await {
            HubFrame::MissedCall { from, .. } => from.user,
            other => panic!("{} has missed nothing: {other:?}", self.name),
        }
    }

    /// Rejoins what is over: why it is.
    pub(crate) async fn too_late(&mut self, of: CallId) -> EndReason {
        self.rejoin(of).await;
        match self.next().await {
            HubFrame::CallOver { call, reason, .. } if call == of => reason,
            other => panic!("{} is not too late: {other:?}", self.name),
        }
    }
}
