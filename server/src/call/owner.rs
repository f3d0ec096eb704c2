//! The task that owns one call: asks [`super::core`] what to do, stores what has changed, and only then does it.

use super::{
    core::Call,
    event::{Effect, Event, Newcomer, Relay, Sender},
    handle::{Command, Join, Way},
    table::Ended,
    view::Share,
};
use crate::{
    description::Description,
    hub::Hub,
    outgoing::Outgoing,
    session::{Entry, Session, refusal},
    store::{Committed, Store, Version},
};
use holdfast_protocol::{CallSnapshot, CommandId, ErrorCode, ErrorFrame, HubFrame, ParticipantId, SessionId};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};

/// What a frame's number adds to it: `"seq":4294967295,`.
const SEQ_BYTES_MAX: usize = 17;
/// When to try again to reach someone whose queue holds one's share already.
const SHARE_RETRY_MS: u64 = 1_000;
/// When to try a store again that has failed, if nothing happens before.
const STORE_RETRY: Duration = Duration::from_secs(5);

/// The owner of one call.
pub(super) struct Owner {
    hub: Arc<Hub>,
    call: Call,
    version: Version,
    /// Those with a place.
    pub(super) sessions: HashMap<SessionId, Arc<Session>>,
    /// Filled by [`Effect::Resync`] while a `Back` is carried out.
    resync: Option<CallSnapshot>,
    /// Participants as last counted in the metrics.
    told_people: i64,
    /// What the directory was told last.
    shares: Vec<Share>,
    /// When to try the store again, after it has failed.
    store_again: Option<Instant>,
}

impl Owner {
    /// The owner of a call whose stored version is `version`.
    pub(super) fn new(hub: &Arc<Hub>, call: Call, version: Version) -> Self {
        Self {
            hub: Arc::clone(hub),
            call,
            version,
            sessions: HashMap::new(),
            resync: None,
            told_people: 0,
            shares: Vec::new(),
            store_again: None,
        }
    }

    /// Owns the call until it is over.
    pub(super) async fn run(mut self, first: Vec<Effect>, mut commands: mpsc::Receiver<Command>) {
        self.hub.metrics.rooms.inc();
        // Not the room's name: who knows it can join.
        tracing::info!(call = %self.call.id(), "call begins");
        self.carry_out_all(first).await;
        loop {
            let deadline = self.call.next_deadline_unix_ms().map(|at| self.hub.timeline.instant(at));
            let deadline = deadline.into_iter().chain(self.store_again).min();
            tokio::select! {
                biased;
                () = until(deadline) => self.apply(Event::Tick).await,
                command = commands.recv() => match command {
                    Some(command) => self.take(command).await,
                    None => break,
                },
            }
            if self.call.is_over() {
                break;
            }
        }
        if let Some(reason) = self.call.reason().filter(|_| self.store_again.is_some()) {
            self.hub.calls.is_over(self.call.id(), Ended { reason, users: self.call.users() });
        }
        // Closed before it is taken out: who finds it in between sees that it is closed. Whose command is still in
        // the inbox, or just on its way into it, is answered; a join is told by its answer being dropped, and goes to
        // the room's next call.
        commands.close();
        while let Some(command) = commands.recv().await {
            match command {
                Command::Join(join) if join.way == Way::Join => {}
                command => self.take(command).await,
            }
        }
        self.hub.calls.remove(self.call.room_name(), self.call.id());
        self.hub.metrics.rooms.dec();
        let reason = self.call.reason();
        if let Some(reason) = reason {
            self.hub.metrics.call_ended(reason);
        }
        tracing::info!(call = %self.call.id(), ?reason, "call is over");
        self.make_known().await;
        self.hub.calls.is_known(self.call.id());
    }

    /// The call is over, and the store is to know: else it would ring or go on there for ever, and its users be busy.
    async fn make_known(&mut self) {
        if self.store_again.is_none() {
            return;
        }
        // Of the store's own there are as many as there may be calls. What it does not know it takes for nothing: only
        // the log lacks a line then, so these have a bound.
        let waiting = Arc::clone(&self.hub.store.waiting).try_acquire_owned();
        while self.store_again.is_some() && (self.version > 0 || waiting.is_ok()) {
            sleep(STORE_RETRY).await;
            // Thousands must not try a store that is known not to work.
            if !self.hub.store.is_failing() {
                self.save().await;
            }
        }
    }

    async fn take(&mut self, command: Command) {
        match command {
            Command::Join(join) => self.join(*join).await,
            Command::Back { sender, reply } => {
                self.resync = None;
                self.apply(Event::Back { sender }).await;
                if let Some(snapshot) = self.resync.take() {
                    let _ = reply.send(snapshot);
                }
            }
            Command::Peek { session, reply } => {
                let snapshot = self.call.snapshot_for(self.hub.timeline.now_unix_ms(), session);
                if let (Some(session), Some(snapshot)) = (self.sessions.get(&session), snapshot) {
                    session.resync(self.call.id());
                    let _ = reply.send(snapshot);
                }
            }
            Command::GiveUpRing { user, done } => {
                self.apply(Event::GiveUpRing { user }).await;
                let _ = done.send(());
            }
            Command::EndByAdmin { done } => {
                self.apply(Event::EndByAdmin).await;
                if self.call.reason().is_some() {
                    let _ = done.send(self.call.stored().log);
                }
            }
            Command::Event(event) => self.apply(event).await,
            Command::Relay { sender, command, to, to_incarnation, signal } => {
                let (call, kind) = (self.call.id(), signal.kind());
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

    async fn join(&mut self, join: Join) {
        let Join { way, call, session, sender, command, media, done } = join;
        // Asked for before `enter`, which holds the session while it takes the pass.
        let network = session.network();
        let pass = || self.hub.places.enter(network).map_err(|_| ErrorCode::AddressFull);
        match session.enter(sender, &call, pass) {
            Ok(Entry::Stale) => {}
            Ok(entry) => {
                self.sessions.insert(session.id, Arc::clone(&session));
                let newcomer = Newcomer {
                    sender,
                    command,
                    participant: ParticipantId::mint(&*self.hub.entropy),
                    user: session.user,
                    name: session.name.clone(),
                    media,
                };
                let event = match way {
                    Way::Join => Event::Join(newcomer),
                    Way::Accept => Event::Accept(newcomer),
                    Way::Rejoin => Event::Rejoin(newcomer),
                };
                self.apply_for(event, Some(&session)).await;
                if entry == Entry::New && !self.call.has(session.id) {
                    session.exit(self.call.id());
                    self.sessions.remove(&session.id);
                }
                if way == Way::Join && self.call.reason().is_some() {
                    // It ended just before: `done` is dropped.
                    return;
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

    async fn apply(&mut self, event: Event) {
        self.apply_for(event, None).await;
    }

    /// Lets it happen; it may give a place to `newcomer`.
    async fn apply_for(&mut self, event: Event, newcomer: Option<&Session>) {
        let effects = self.call.apply(self.hub.timeline.now_unix_ms(), event);
        if let Some(session) = newcomer.filter(|session| self.call.has(session.id)) {
            session.save_entered(&*self.hub.store).await;
        }
        let changed = self.call.take_dirty();
        // One that has failed is not asked at each event: that would hold the call up.
        let due = self.store_again.map_or(changed, |at| at <= Instant::now());
        if due {
            self.save().await;
        }
        self.carry_out_all(effects).await;
    }

    /// Stores the call as it is now. When the store fails the call goes on in memory.
    async fn save(&mut self) {
        let store = Arc::clone(&self.hub.store);
        let mut outcome = store.commit(self.version, self.call.stored()).await;
        if let Ok(Committed::Stale) = outcome {
            // One process has one owner for a call, so this is a fault; what is right is what its owner knows.
            tracing::error!(call = %self.call.id(), version = self.version, "the stored call has another version");
            self.hub.metrics.store_failures.inc();
            if let Ok(found) = store.call(self.call.id()).await {
                self.version = found.map_or(0, |(version, _)| version);
                outcome = store.commit(self.version, self.call.stored()).await;
            }
        }
        self.store_again = match outcome {
            Ok(Committed::Done(version)) => {
                self.version = version;
                None
            }
            Ok(refused) => {
                tracing::error!(call = %self.call.id(), ?refused, "the store refused a call");
                self.hub.metrics.store_failures.inc();
                Some(Instant::now() + STORE_RETRY)
            }
            Err(error) => {
                tracing::debug!(call = %self.call.id(), %error, "the call is not stored");
                Some(Instant::now() + STORE_RETRY)
            }
        };
    }

    async fn carry_out_all(&mut self, effects: Vec<Effect>) {
        // Before the frames: a device that connects in between hears of a ring twice rather than for ever.
        let shares = self.call.shares();
        if shares != self.shares {
            self.hub.directory.note(self.call.id(), &self.shares, &shares);
            self.shares = shares;
        }
        for effect in effects {
            self.carry_out(effect);
        }
        let people = i64::try_from(self.call.len()).unwrap_or(i64::MAX);
        self.hub.metrics.participants.inc_by(people - self.told_people);
        self.told_people = people;
        // Many events at once must not keep the others of this thread waiting.
        tokio::task::consume_budget().await;
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Tell { to, frame } => {
                let frame = Outgoing::new(&frame);
                for session in to.iter().filter_map(|id| self.session(*id)) {
                    session.push(frame.clone());
                }
            }
            Effect::TellUser { user, except, frame } => {
                let frame = Outgoing::new(&frame);
                let devices = self.hub.directory.devices(user);
                for session in devices.iter().filter(|session| Some(session.id) != except) {
                    session.push(frame.clone());
                }
            }
            Effect::Refuse { to, command, code, message } => {
                self.refuse(to, refusal(code, message, Some(command)));
            }
            Effect::Resync { to, snapshot, .. } => {
                if let Some(session) = self.sessions.get(&to) {
                    session.returns(self.call.id());
                }
                self.resync = Some(snapshot);
            }
            Effect::Release { session } => {
                if let Some(session) = self.sessions.remove(&session) {
                    session.exit(self.call.id());
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
        let outcome = match self.call.relay(sender, to, to_incarnation) {
            Relay::Deliver { to, from, from_incarnation } => {
                let frame = stamp(from, from_incarnation);
                if frame.bytes() + SEQ_BYTES_MAX > self.hub.config.frame_bytes_max as usize {
                    // The hub's stamps, and the number that it will get, make it a little longer than it came.
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

    fn refuse(&self, to: SessionId, error: ErrorFrame) {
        if let Some(session) = self.session(to) {
            self.hub.refuse(&session, error);
        }
    }

    /// A session, which may have lost its place a moment ago, or never had one.
    fn session(&self, id: SessionId) -> Option<Arc<Session>> {
        self.sessions.get(&id).cloned().or_else(|| self.hub.sessions.get(id))
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
