//! The task that owns one call: takes commands in order from a bounded inbox, asks [`Room`] what follows, and
//! carries it out. It never waits for a client, so whoever waits for it does not wait long.

use super::{
    core::Room,
    event::{Effect, Event, Policy, Relay, Sender},
};
use crate::{
    description::Description,
    hub::Hub,
    outgoing::Outgoing,
    session::{Entry, Session, refusal},
};
use holdfast_protocol::{
    CallId, CallSnapshot, CommandId, ErrorCode, ErrorFrame, HubFrame, MediaState, ParticipantId, RoomName,
    SessionId, Signal,
};
use std::{collections::HashMap, sync::Arc};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

/// When to try again to reach someone whose queue holds one's share already.
const SHARE_RETRY_MS: u64 = 1_000;

/// How to reach a call's owner.
#[derive(Clone, Debug)]
pub(crate) struct CallHandle {
    /// The call.
    pub(crate) call: CallId,
    inbox: mpsc::Sender<Command>,
}

/// The call is over; its owner listens no more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Over;

/// What an owner is asked to do.
pub(crate) enum Command {
    /// A session joins.
    Join(Box<Join>),
    /// A session is back: the call as it is now, if it still holds its place.
    Back { sender: Sender, reply: oneshot::Sender<CallSnapshot> },
    /// The call as it is now, for a session that may not be back in it yet.
    Peek { session: SessionId, reply: oneshot::Sender<CallSnapshot> },
    /// Something that needs no answer.
    Event(Event),
    /// A signal for another participant.
    Relay { sender: Sender, command: CommandId, to: ParticipantId, to_incarnation: u32, signal: Box<Signal> },
    /// The same with a description that nobody reads.
    Describe { sender: Sender, description: Box<Description> },
}

/// A session that joins.
pub(crate) struct Join {
    /// The owner's own handle, for the session to keep.
    pub(crate) room: CallHandle,
    /// Who joins.
    pub(crate) session: Arc<Session>,
    /// By which socket.
    pub(crate) sender: Sender,
    /// The command to answer.
    pub(crate) command: CommandId,
    /// What it will send.
    pub(crate) media: MediaState,
    /// Told once it is decided; dropped when the call was over before.
    pub(crate) done: oneshot::Sender<()>,
}

impl CallHandle {
    /// Starts the owner of a new call.
    pub(crate) fn start(hub: &Arc<Hub>, name: RoomName) -> Self {
        let depth = usize::try_from(hub.config.room_queue_max).unwrap_or(usize::MAX);
        let (inbox, commands) = mpsc::channel(depth.min(tokio::sync::Semaphore::MAX_PERMITS));
        let call = CallId::mint(&*hub.entropy);
        let policy = Policy {
            participants_max: hub.config.participants_max,
            resume_window_ms: crate::clock::millis(hub.config.resume_window),
        };
        let room = Room::new(call, name.clone(), policy);
        let owner = Owner {
            hub: Arc::clone(hub),
            room,
            call,
            sessions: HashMap::new(),
            resync: None,
            told_people: 0,
        };
        hub.tasks.spawn(owner.run(name, commands));
        Self { call, inbox }
    }

    /// Hands a command over, waiting while the inbox is full.
    pub(crate) async fn send(&self, command: Command) -> Result<(), Over> {
        self.inbox.send(command).await.map_err(|_| Over)
    }

    /// The handle of a call that nobody owns.
    #[cfg(test)]
    pub(crate) fn unowned() -> Self {
        Self { call: CallId::mint(&crate::entropy::OsEntropy), inbox: mpsc::channel(1).0 }
    }

    /// Whether the call is over.
    pub(crate) fn is_closed(&self) -> bool {
        self.inbox.is_closed()
    }
}

struct Owner {
    hub: Arc<Hub>,
    room: Room,
    call: CallId,
    sessions: HashMap<SessionId, Arc<Session>>,
    /// Filled by [`Effect::Resync`] while a `Back` is carried out.
    resync: Option<CallSnapshot>,
    /// Participants as last counted in the metrics.
    told_people: i64,
}

impl Owner {
    async fn run(mut self, name: RoomName, mut commands: mpsc::Receiver<Command>) {
        self.hub.metrics.rooms.inc();
        // Not the room's name: who knows it can join.
        tracing::info!(call = %self.call, "call begins");
        loop {
            let deadline = self.room.next_deadline_unix_ms().map(|at| self.hub.timeline.instant(at));
            tokio::select! {
                biased;
                () = until(deadline) => self.apply(Event::Tick),
                command = commands.recv() => match command {
                    Some(command) => self.take(command),
                    None => break,
                },
            }
            self.count_people();
            if self.room.is_empty() {
                break;
            }
        }
        // Closed before it is taken out: who finds it in between sees that it is closed. Whose command is still in
        // the inbox, or just on its way into it, is told by its answer being dropped: so until the last.
        commands.close();
        while commands.recv().await.is_some() {}
        self.hub.rooms.remove(&name, self.call);
        self.hub.metrics.rooms.dec();
        tracing::info!(call = %self.call, "call is over");
    }

    fn take(&mut self, command: Command) {
        match command {
            Command::Join(join) => self.join(*join),
            Command::Back { sender, reply } => {
                self.apply(Event::Back { sender });
                if let Some(snapshot) = self.resync.take() {
                    let _ = reply.send(snapshot);
                }
            }
            Command::Peek { session, reply } => {
                let snapshot = self.room.peek(self.hub.timeline.now_unix_ms(), session);
                if let (Some(session), Some(snapshot)) = (self.sessions.get(&session), snapshot) {
                    session.resync(self.call);
                    let _ = reply.send(snapshot);
                }
            }
            Command::Event(event) => self.apply(event),
            Command::Relay { sender, command, to, to_incarnation, signal } => {
                let (call, kind) = (self.call, signal.kind());
                let stamp = |from, from_incarnation| {
                    let signal = *signal;
                    let frame = HubFrame::Signal { call, from, from_incarnation, to_incarnation, signal };
                    Outgoing::new(&frame)
                };
                self.relay(sender, command, to, to_incarnation, kind, stamp);
            }
            Command::Describe { sender, description } => {
                let Description { id, to, to_incarnation, .. } = *description;
                let stamp = |from, from_incarnation| description.stamped(from, from_incarnation);
                self.relay(sender, id, to, to_incarnation, description.kind(), stamp);
            }
        }
    }

    fn join(&mut self, join: Join) {
        let Join { room, session, sender, command, media, done } = join;
        // Asked for before `enter`, which holds the session while it takes the pass.
        let network = session.network();
        let pass = || self.hub.places.enter(network).map_err(|_| ErrorCode::AddressFull);
        match session.enter(sender, &room, pass) {
            Ok(Entry::Stale) => {}
            Ok(entry) => {
                self.sessions.insert(session.id, Arc::clone(&session));
                self.apply(Event::Join {
                    sender,
                    command,
                    participant: ParticipantId::mint(&*self.hub.entropy),
                    user: session.user,
                    name: session.name.clone(),
                    media,
                });
                if entry == Entry::New && !self.room.has(session.id) {
                    session.exit(self.call);
                    self.sessions.remove(&session.id);
                }
            }
            Err(code) => {
                let message = match code {
                    ErrorCode::AddressFull => "this address has as many places in calls as one may have",
                    _ => "the session is in as many calls as it may be",
                };
                self.hub.refuse(&session, refusal(code, message, Some(command)));
            }
        }
        let _ = done.send(());
    }

    fn apply(&mut self, event: Event) {
        for effect in self.room.apply(self.hub.timeline.now_unix_ms(), event) {
            self.carry_out(effect);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Tell { to, frame } => {
                let frame = Outgoing::new(&frame);
                for session in to.iter().filter_map(|id| self.sessions.get(id)) {
                    session.push(frame.clone());
                }
            }
            Effect::Refuse { to, command, code, message } => {
                self.refuse(to, refusal(code, message, Some(command)));
            }
            Effect::Resync { to, snapshot, .. } => {
                if let Some(session) = self.sessions.get(&to) {
                    session.returns(self.call);
                }
                self.resync = Some(snapshot);
            }
            Effect::Release { session } => {
                if let Some(session) = self.sessions.remove(&session) {
                    session.exit(self.call);
                }
            }
        }
    }

    fn relay(
        &self,
        sender: Sender,
        command: CommandId,
        to: ParticipantId,
        to_incarnation: u32,
        kind: &'static str,
        stamp: impl FnOnce(ParticipantId, u32) -> Outgoing,
    ) {
        let outcome = match self.room.relay(sender, to, to_incarnation) {
            Relay::Deliver { to, from, from_incarnation } => {
                let frame = stamp(from, from_incarnation);
                if frame.bytes() > self.hub.config.frame_bytes_max as usize {
                    // The hub's stamps made it a little longer than it came.
                    let error = refusal(ErrorCode::InvalidSignal, "the signal is too long", Some(command));
                    self.refuse(sender.session, error);
                    "refused"
                } else if self.sessions.get(&to).is_some_and(|session| session.push_signal(frame).is_err()) {
                    let message = "too much waits for this participant already";
                    let error = refusal(ErrorCode::RateLimited, message, Some(command));
                    self.refuse(sender.session, ErrorFrame { retry_after_ms: Some(SHARE_RETRY_MS), ..error });
                    "refused"
                } else {
                    "delivered"
                }
            }
            Relay::Stale => "stale",
            Relay::Refuse(code) => {
                let message = match code {
                    ErrorCode::UnknownParticipant => "no other participant of that id",
                    _ => "not in this call",
                };
                self.refuse(sender.session, refusal(code, message, Some(command)));
                "refused"
            }
        };
        self.hub.metrics.relay(kind, outcome);
    }

    /// Refuses a command of a session, which may have lost its place a moment ago.
    fn refuse(&self, to: SessionId, error: ErrorFrame) {
        if let Some(session) = self.sessions.get(&to).cloned().or_else(|| self.hub.sessions.get(to)) {
            self.hub.refuse(&session, error);
        }
    }

    fn count_people(&mut self) {
        let people = i64::try_from(self.room.len()).unwrap_or(i64::MAX);
        self.hub.metrics.participants.inc_by(people - self.told_people);
        self.told_people = people;
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
