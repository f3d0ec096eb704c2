//! A client of the hub without media: it joins a room through the peer library's own link and says numbered signals to
//! everyone it finds there. What it hears shows whether the hub and the link lose, double or reorder anything.

use crate::{bot::environment, log::EventLog, net::Host, world::World};
use holdfast_peer::{
    Environment,
    environment::Clock,
    link::{
        Effect, Input, Link,
        socket::{Incoming, Socket, SocketEvent},
    },
};
use holdfast_protocol::{
    CallId, CallSnapshot, ClientFrame, DisplayName, HubFrame, InstanceId, MediaState, NegotiateReason,
    ParticipantId, RoomName, Signal, WEBSOCKET_PATH, Welcome,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::collections::BTreeMap;
use tokio::sync::{mpsc, watch};

/// How many signals each says to each of the others: more than the set-up of a call takes.
pub const SIGNALS: u32 = 24;
/// Longest pause between two of them.
const PAUSE_MS_MAX: u64 = 40;
/// Socket reports that wait for the task.
const REPORTS_MAX: usize = 64;

/// A caller at work.
pub struct Caller {
    /// Its name, also in the log.
    pub name: String,
    /// What it has done and heard.
    pub seen: watch::Receiver<Seen>,
}

/// What a caller has done and heard so far.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The call, once it has joined.
    pub call: Option<CallId>,
    /// Its place in the call.
    pub you: Option<ParticipantId>,
    /// How often the hub has welcomed it.
    pub welcomes: u32,
    /// Whether it is welcome at the moment.
    pub is_up: bool,
    /// What the last welcome said of its calls.
    pub told: Vec<CallSnapshot>,
    /// Frames it has put on a socket.
    pub sent: u32,
    /// Frames the link has taken in.
    pub heard: u32,
    /// The signals it has said, by receiver.
    pub said: BTreeMap<ParticipantId, u32>,
    /// The numbers it has heard, by sender, in order.
    pub signals: BTreeMap<ParticipantId, Vec<u32>>,
    /// How often it was told that it has joined.
    pub joined: u32,
    /// How often it was told of each of the others.
    pub met: BTreeMap<ParticipantId, u32>,
    /// Sessions or epochs that began after the first.
    pub broken: u32,
    /// What else went wrong, in words.
    pub troubles: Vec<String>,
}

impl Seen {
    /// Whether it has met so many others, and has said and heard everything.
    pub fn is_complete(&self, others: usize) -> bool {
        self.met.len() == others
            && self.said.values().filter(|said| **said == SIGNALS).count() == others
            && self.signals.values().filter(|heard| heard.len() >= SIGNALS as usize).count() == others
    }
}

impl Caller {
    /// Starts a caller on a simulated host; it joins `room` at once.
    pub fn start(world: &World, host: &Host, name: &str, room: &RoomName, luck: u64) -> Self {
        let url = format!("ws://{}{WEBSOCKET_PATH}", world.hub_address());
        let (caller, task) =
            Self::new(environment(world, host, name), url, world.log.clone(), name, room, luck);
        host.spawn(task);
        caller
    }

    /// A caller, and what it does: to be spawned.
    ///
    /// # Panics
    /// When `name` is none.
    pub fn new(
        environment: Environment,
        url: String,
        log: EventLog,
        name: &str,
        room: &RoomName,
        luck: u64,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let instance = InstanceId::mint(&*environment.entropy);
        let display_name = DisplayName::new(name).expect("the scenario's names are names");
        let (reports, socket_events) = mpsc::channel(REPORTS_MAX);
        let (seen_by_all, seen) = watch::channel(Seen::default());
        let task = Task {
            name: name.to_owned(),
            url,
            log,
            environment,
            room: room.clone(),
            link: Link::new(instance, display_name, None, luck),
            clock: Clock::start(),
            luck: StdRng::seed_from_u64(luck),
            socket: None,
            reports,
            seen: seen_by_all,
            call: None,
            is_joining: false,
            say_at_ms: None,
        };
        (Self { name: name.to_owned(), seen }, task.run(socket_events))
    }
}

struct Task {
    name: String,
    url: String,
    log: EventLog,
    environment: Environment,
    room: RoomName,
    link: Link,
    clock: Clock,
    luck: StdRng,
    socket: Option<(u64, Socket)>,
    reports: mpsc::Sender<(u64, SocketEvent)>,
    seen: watch::Sender<Seen>,
    call: Option<CallId>,
    is_joining: bool,
    say_at_ms: Option<u64>,
}

impl Task {
    async fn run(mut self, mut reports: mpsc::Receiver<(u64, SocketEvent)>) {
        self.input(Input::Start);
        loop {
            let input = tokio::select! {
                biased;
                Some((serial, report)) = reports.recv() => {
                    if self.socket.as_ref().is_none_or(|(current, _)| *current != serial) {
                        continue;
                    }
                    match report {
                        SocketEvent::Opened => Input::Opened,
                        SocketEvent::Frame(Incoming { seq, frame }) => {
                            self.seen.send_modify(|seen| seen.heard += 1);
                            Input::Frame { seq, frame }
                        }
                        SocketEvent::Wait { ms } => Input::Wait { ms },
                        SocketEvent::Dropped { reason, close_code } => Input::Dropped { reason, close_code },
                    }
                }
                () = self.clock.until(self.link.deadline_ms()) => Input::Tick,
                () = self.clock.until(self.say_at_ms) => {
                    self.say_one();
                    continue;
                }
            };
            self.input(input);
        }
    }

    fn input(&mut self, input: Input) {
        for effect in self.link.handle(self.clock.now_ms(), input) {
            self.carry_out(effect);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Dial => {
                let serial = self.socket.as_ref().map_or(1, |(serial, _)| serial + 1);
                let socket = Socket::open(&self.environment, self.url.clone(), serial, self.reports.clone());
                self.hang_up();
                self.socket = Some((serial, socket));
            }
            Effect::Transmit(frame) => {
                self.log.say(&self.name, format_args!("says {}", brief(&frame)));
                self.seen.send_modify(|seen| seen.sent += 1);
                if let Some((_, socket)) = &self.socket {
                    socket.send(frame);
                }
            }
            Effect::Hangup => self.hang_up(),
            Effect::Up { welcome, same } => self.up(*welcome, same),
            Effect::Down { reason, .. } => {
                self.seen.send_modify(|seen| seen.is_up = false);
                self.log.say(&self.name, format_args!("lost its socket: {reason}"));
            }
            Effect::Deliver(frame) => self.deliver(frame),
            Effect::Keep(_) => {}
            Effect::Overflow { .. } | Effect::Refused(_) => self.trouble(format!("{effect:?}")),
        }
    }

    /// The serial stays, so that the next socket has another one.
    fn hang_up(&mut self) {
        if let Some((_, socket)) = &self.socket {
            socket.abort();
        }
    }

    fn up(&mut self, welcome: Welcome, same: bool) {
        self.seen.send_modify(|seen| {
            seen.welcomes += 1;
            seen.is_up = true;
            seen.told = welcome.calls;
        });
        self.log.say(&self.name, format_args!("is up, same epoch: {same}"));
        if self.is_joining {
            self.seen.send_modify(|seen| seen.broken += u32::from(!same));
            return;
        }
        self.is_joining = true;
        let id = self.link.next_command();
        self.input(Input::Send(ClientFrame::Join {
            id,
            room: self.room.clone(),
            media: MediaState::default(),
        }));
    }

    fn deliver(&mut self, frame: HubFrame) {
        self.log.say(&self.name, format_args!("hears {}", frame.kind()));
        match frame {
            HubFrame::Joined { call, .. } => {
                self.call = Some(call.id);
                let others = call.participants.iter().map(|other| other.id).filter(|id| *id != call.you);
                self.seen.send_modify(|seen| {
                    (seen.call, seen.you) = (Some(call.id), Some(call.you));
                    seen.joined += 1;
                    others.for_each(|other| *seen.met.entry(other).or_default() += 1);
                });
            }
            HubFrame::PeerJoined { participant, .. } => {
                self.seen.send_modify(|seen| *seen.met.entry(participant.id).or_default() += 1);
            }
            HubFrame::Signal { from, signal: Signal::Negotiate { generation, .. }, .. } => {
                self.seen.send_modify(|seen| seen.signals.entry(from).or_default().push(generation));
            }
            HubFrame::PeerDisconnected { .. } | HubFrame::PeerReconnected { .. } => {}
            other => self.trouble(format!("{other:?}")),
        }
        self.say_soon();
    }

    /// The next signal after a short pause, whether the hub is there or not.
    fn say_soon(&mut self) {
        if self.say_at_ms.is_none() && self.next_receiver().is_some() {
            self.say_at_ms = Some(self.clock.now_ms() + self.luck.random_range(0..=PAUSE_MS_MAX));
        }
    }

    fn say_one(&mut self) {
        self.say_at_ms = None;
        let (Some(call), Some(to)) = (self.call, self.next_receiver()) else { return };
        let mut generation = 0;
        self.seen.send_modify(|seen| {
            let said = seen.said.entry(to).or_default();
            *said += 1;
            generation = *said;
        });
        let reason = NegotiateReason::NoOffer;
        let signal = Signal::Negotiate { connection: None, generation, reason };
        let id = self.link.next_command();
        self.input(Input::Send(ClientFrame::Signal { id, call, to, to_incarnation: 1, signal }));
        self.say_soon();
    }

    /// Whoever of the others has heard least.
    fn next_receiver(&self) -> Option<ParticipantId> {
        let seen = self.seen.borrow();
        let said = |id: &ParticipantId| seen.said.get(id).copied().unwrap_or(0);
        seen.met.keys().copied().filter(|id| said(id) < SIGNALS).min_by_key(|id| said(id))
    }

    fn trouble(&mut self, what: String) {
        self.log.say(&self.name, format_args!("TROUBLE {what}"));
        self.seen.send_modify(|seen| seen.troubles.push(what));
    }
}

/// A frame in a few words: no token.
fn brief(frame: &ClientFrame) -> String {
    match frame {
        ClientFrame::Signal { id, signal: Signal::Negotiate { generation, .. }, .. } => {
            format!("signal {generation} as command {}", id.0)
        }
        ClientFrame::Ack { seq } => format!("ack {}", seq.0),
        other => other.kind().to_owned(),
    }
}
