//! A hub in memory with just enough of the protocol for a few bots and one call, and with the faults of a real one:
//! sockets that break, a door that stays shut, a memory that is lost.

mod calls;
mod sessions;

use super::Counting;
use async_trait::async_trait;
use futures_util::{SinkExt, StreamExt};
use holdfast_peer::environment::{Dial, Io};
use holdfast_protocol::{
    CallId, CallKind, ClientFrame, EndReason, HubFrame, LeaveReason, MediaState, ParticipantId, SessionId,
    Signal, UserId,
};
use sessions::Session;
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard},
};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::Message;

#[derive(Clone)]
pub(crate) struct TestHub {
    state: Arc<Mutex<State>>,
    /// Every open socket ends when this changes.
    cut: Arc<watch::Sender<u32>>,
    /// Where it runs, whatever becomes of its clients.
    runtime: tokio::runtime::Handle,
}

pub(super) struct State {
    shut: bool,
    call: CallId,
    kind: CallKind,
    /// Whom the call rings for.
    ringing: Option<UserId>,
    ended: BTreeMap<CallId, EndReason>,
    seats: usize,
    sessions: BTreeMap<SessionId, Session>,
    dials: usize,
    /// From whom, for whom: what clients reported as alive.
    alive: Vec<(ParticipantId, Vec<ParticipantId>)>,
    /// Which signals get lost.
    loses: fn(&Signal) -> bool,
}

/// A socket's outgoing queue. The socket closes when it is dropped.
type Out = mpsc::UnboundedSender<String>;

impl TestHub {
    /// With room for so many.
    pub(crate) fn new(seats: usize) -> Self {
        let state = State {
            shut: false,
            call: CallId::mint(&Counting),
            kind: CallKind::Room { room: super::room() },
            ringing: None,
            ended: BTreeMap::new(),
            seats,
            sessions: BTreeMap::new(),
            dials: 0,
            alive: vec![],
            loses: |_| false,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            cut: Arc::new(watch::channel(0).0),
            runtime: tokio::runtime::Handle::current(),
        }
    }

    /// Breaks every socket, and lets none be opened until [`TestHub::open`].
    pub(crate) fn shut(&self) {
        self.lock().shut = true;
        self.cut.send_modify(|cut| *cut += 1);
    }

    pub(crate) fn open(&self) {
        self.lock().shut = false;
    }

    /// Breaks the socket of one client; it may come back at once.
    pub(crate) fn cut_one(&self, name: &str) {
        for session in self.lock().sessions.values_mut().filter(|session| session.name() == name) {
            session.socket = None;
        }
    }

    /// Loses what is said to one client until its next socket.
    pub(crate) fn mute(&self, name: &str) {
        for session in self.lock().sessions.values_mut().filter(|session| session.name() == name) {
            session.muted = true;
        }
    }

    /// Lets nobody of this name in until called with another.
    pub(crate) fn bar(&self, name: &str) {
        let mut state = self.lock();
        for session in state.sessions.values_mut() {
            session.barred = session.name() == name;
        }
    }

    /// Forgets every session and call, as a hub does that was killed and kept nothing.
    pub(crate) fn forget(&self) {
        let mut state = self.lock();
        state.sessions.clear();
        state.call = CallId::mint(&Counting);
    }

    /// Forgets one session, as a hub does when its window is over; the call and the others stay.
    pub(crate) fn forget_one(&self, name: &str) {
        let mut state = self.lock();
        let (call, reason) = (state.call, LeaveReason::NetworkLost);
        let ids: Vec<_> =
            state.sessions.iter().filter(|(_, s)| s.name() == name).map(|(id, _)| *id).collect();
        for id in ids {
            let gone = state.sessions.remove(&id).and_then(|session| session.participant);
            if let Some(participant) = gone.map(|gone| gone.id) {
                state.tell_others(id, &HubFrame::PeerLeft { call, participant, reason });
            }
        }
    }

    /// Gives the place of one client up, who is connected: everyone hears of it, also that client.
    pub(crate) fn give_up(&self, name: &str) {
        let mut state = self.lock();
        let (call, reason) = (state.call, LeaveReason::SeatTaken);
        let ids: Vec<_> =
            state.sessions.iter().filter(|(_, s)| s.name() == name).map(|(id, _)| *id).collect();
        for id in ids {
            let gone = state.sessions.get_mut(&id).and_then(|session| session.participant.take());
            if let Some(participant) = gone.map(|gone| gone.id) {
                let frame = HubFrame::PeerLeft { call, participant, reason };
                state.tell_others(id, &frame);
                state.say(id, frame);
            }
        }
    }

    /// Begins a new epoch with everyone, as a hub does that was killed and kept sessions and calls: what was said and not
    /// acknowledged is lost.
    pub(crate) fn restart(&self) {
        for session in self.lock().sessions.values_mut() {
            session.new_epoch();
        }
    }

    /// Loses signals from now on.
    pub(crate) fn lose(&self, which: fn(&Signal) -> bool) {
        self.lock().loses = which;
    }

    /// Ends the call, as a deadline does.
    pub(crate) fn end(&self, reason: EndReason) {
        self.lock().end(reason);
    }

    /// Who was reported as alive, by whom.
    pub(crate) fn alive(&self) -> Vec<(ParticipantId, Vec<ParticipantId>)> {
        self.lock().alive.clone()
    }

    /// The user of this name.
    pub(crate) fn user(&self, name: &str) -> UserId {
        let state = self.lock();
        state.sessions.values().find(|session| session.name() == name).unwrap().user
    }

    /// Says signals to everyone in the name of everyone else, and then that their media changed.
    pub(crate) fn forge(&self, signals: impl Iterator<Item = Signal>) {
        let mut state = self.lock();
        let all: Vec<_> =
            state.sessions.iter().filter_map(|(id, s)| Some((*id, s.participant.clone()?))).collect();
        let pairs = |(from, to): (usize, usize)| (from != to).then(|| (all[from].1.clone(), &all[to]));
        let places = (0..all.len()).flat_map(|from| (0..all.len()).map(move |to| (from, to)));
        let pairs: Vec<_> = places.filter_map(pairs).collect();
        let call = state.call;
        for signal in signals {
            for (from, (session, to)) in &pairs {
                let (from, from_incarnation) = (from.id, from.incarnation);
                let (to_incarnation, signal) = (to.incarnation, signal.clone());
                state
                    .say(*session, HubFrame::Signal { call, from, from_incarnation, to_incarnation, signal });
            }
        }
        for (from, (session, _)) in &pairs {
            let (participant, media) = (from.id, MediaState::default());
            state.say(*session, HubFrame::MediaState { call, participant, media });
        }
    }

    /// How often someone has tried to open a socket.
    pub(crate) fn dials(&self) -> usize {
        self.lock().dials
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn serve(self, stream: tokio::io::DuplexStream) {
        let mut cut = self.cut.subscribe();
        let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
        let (sender, mut outgoing) = mpsc::unbounded_channel();
        let mut sender = Some(sender);
        let mut session = None;
        loop {
            tokio::select! {
                _ = cut.changed() => break,
                text = outgoing.recv() => {
                    let Some(text) = text else { break };
                    if socket.send(Message::text(text)).await.is_err() { break }
                }
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        let frame = ClientFrame::decode(&text).expect("clients send valid frames");
                        match session {
                            None => {
                                let Some(sender) = sender.take() else { break };
                                session = self.lock().hello(frame, sender);
                            }
                            Some(session) => self.lock().frame(session, frame),
                        }
                    }
                    Some(Ok(_)) => {}
                    _ => break,
                },
            }
        }
        if let Some(session) = session {
            self.lock().lost(session);
        }
    }
}

#[async_trait]
impl Dial for TestHub {
    async fn dial(&self) -> io::Result<Box<dyn Io>> {
        let shut = {
            let mut state = self.lock();
            state.dials += 1;
            state.shut
        };
        if shut {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (near, far) = tokio::io::duplex(65_536);
        self.runtime.spawn(self.clone().serve(far));
        Ok(Box::new(near))
    }
}
