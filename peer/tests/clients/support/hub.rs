//! A hub in memory with just enough of the protocol for two bots, and with the faults of a real one: sockets that
//! break, a door that stays shut, a memory that is lost.

use super::Counting;
use async_trait::async_trait;
use futures_util::{SinkExt, StreamExt};
use holdfast_peer::environment::{Dial, Io};
use holdfast_protocol::{
    CallId, CallKind, CallSnapshot, CallState, ClientFrame, CommandId, Epoch, ErrorCode, ErrorFrame,
    Heartbeat, Hello, HubFrame, IceConfig, LeaveReason, Limits, MediaState, PROTOCOL_VERSION, Participant,
    ParticipantId, ParticipantState, Role, Secret, SessionId, Signal, UserId, Welcome,
};
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
}

struct State {
    shut: bool,
    epoch: Epoch,
    call: CallId,
    seats: usize,
    sessions: BTreeMap<SessionId, Session>,
    dials: usize,
}

struct Session {
    token: Secret,
    user: UserId,
    hello: Hello,
    participant: Option<Participant>,
    socket: Option<mpsc::UnboundedSender<HubFrame>>,
}

impl TestHub {
    /// With room for so many.
    pub(crate) fn new(seats: usize) -> Self {
        let state = State {
            shut: false,
            epoch: Epoch::mint(&Counting),
            call: CallId::mint(&Counting),
            seats,
            sessions: BTreeMap::new(),
            dials: 0,
        };
        Self { state: Arc::new(Mutex::new(state)), cut: Arc::new(watch::channel(0).0) }
    }

    /// Breaks every socket, and lets none be opened until [`TestHub::open`].
    pub(crate) fn shut(&self) {
        self.lock().shut = true;
        self.cut.send_modify(|cut| *cut += 1);
    }

    pub(crate) fn open(&self) {
        self.lock().shut = false;
    }

    /// Forgets every session and call, as a hub does that was killed.
    pub(crate) fn forget(&self) {
        let mut state = self.lock();
        state.sessions.clear();
        (state.epoch, state.call) = (Epoch::mint(&Counting), CallId::mint(&Counting));
    }

    /// Forgets one session, as a hub does when its window is over; the call and the others stay.
    pub(crate) fn forget_one(&self, name: &str) {
        self.lock().sessions.retain(|_, session| session.hello.name.as_str() != name);
    }

    /// Says signals to everyone in the name of everyone else, and then that their media changed.
    pub(crate) fn forge(&self, signals: impl Iterator<Item = Signal>) {
        let state = self.lock();
        let all: Vec<_> =
            state.sessions.iter().filter_map(|(id, s)| Some((*id, s.participant.clone()?))).collect();
        let pairs = |(from, to): (usize, usize)| (from != to).then(|| (all[from].1.clone(), &all[to]));
        let places = (0..all.len()).flat_map(|from| (0..all.len()).map(move |to| (from, to)));
        let pairs: Vec<_> = places.filter_map(pairs).collect();
        for signal in signals {
            for (from, (session, to)) in &pairs {
                let (from, from_incarnation) = (from.id, from.incarnation);
                let (call, to_incarnation, signal) = (state.call, to.incarnation, signal.clone());
                state
                    .say(*session, HubFrame::Signal { call, from, from_incarnation, to_incarnation, signal });
            }
        }
        for (from, (session, _)) in &pairs {
            let (call, participant, media) = (state.call, from.id, MediaState::default());
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
        let mut session = None;
        loop {
            tokio::select! {
                _ = cut.changed() => break,
                Some(frame) = outgoing.recv() => {
                    if socket.send(Message::text(HubFrame::encode(&frame))).await.is_err() { break }
                }
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        let frame = ClientFrame::decode(&text).expect("clients send valid frames");
                        self.lock().frame(&mut session, &sender, frame);
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
        tokio::spawn(self.clone().serve(far));
        Ok(Box::new(near))
    }
}

impl State {
    fn frame(
        &mut self,
        session: &mut Option<SessionId>,
        socket: &mpsc::UnboundedSender<HubFrame>,
        frame: ClientFrame,
    ) {
        match (frame, *session) {
            (ClientFrame::Hello(hello), None) => *session = Some(self.hello(hello, socket)),
            (ClientFrame::Join { id, media, .. }, Some(session)) => self.join(session, id, media),
            (ClientFrame::Leave { id, call }, Some(session)) => {
                self.say(session, HubFrame::Left { in_reply_to: id, call });
                if let Some(gone) = self.sessions.get_mut(&session).and_then(|s| s.participant.take()) {
                    let reason = LeaveReason::Hangup;
                    self.tell_others(session, &HubFrame::PeerLeft { call, participant: gone.id, reason });
                }
            }
            (ClientFrame::Signal { call, to, to_incarnation, signal, .. }, Some(session)) => {
                let Some(from) = self.sessions.get(&session).and_then(|s| s.participant.as_ref()) else {
                    return;
                };
                let (from, from_incarnation) = (from.id, from.incarnation);
                if let Some(to) = self.session_of(to) {
                    self.say(to, HubFrame::Signal { call, from, from_incarnation, to_incarnation, signal });
                }
            }
            (ClientFrame::MediaState { call, media, .. }, Some(session)) => {
                let Some(me) = self.sessions.get_mut(&session).and_then(|s| s.participant.as_mut()) else {
                    return;
                };
                me.media = media;
                let participant = me.id;
                self.tell_others(session, &HubFrame::MediaState { call, participant, media });
            }
            (ClientFrame::IceServers { id }, Some(session)) => {
                self.say(session, HubFrame::IceServers { in_reply_to: id, ice: IceConfig::default() });
            }
            (ClientFrame::Heartbeat, Some(session)) => self.say(session, HubFrame::HeartbeatAck),
            (frame, session) => panic!("{frame:?} in {session:?}"),
        }
    }

    fn hello(&mut self, hello: Hello, socket: &mpsc::UnboundedSender<HubFrame>) -> SessionId {
        let known = hello.resume.as_ref().filter(|resume| {
            self.sessions.get(&resume.session).is_some_and(|session| session.token == resume.token)
        });
        let id = known.map_or_else(|| SessionId::mint(&Counting), |resume| resume.session);
        let resumed = known.is_some();
        let token = Secret::new(id.to_string());
        let session = self.sessions.entry(id).or_insert_with(|| Session {
            token: token.clone(),
            user: UserId::mint(&Counting),
            hello: hello.clone(),
            participant: None,
            socket: None,
        });
        session.socket = Some(socket.clone());
        let user = session.user;
        let back = session.participant.as_mut().map(|me| {
            me.state = ParticipantState::Connected;
            (me.id, me.incarnation)
        });
        if let Some((participant, incarnation)) = back {
            let (call, reconnect_count, away_ms) = (self.call, 1, 1);
            let frame =
                HubFrame::PeerReconnected { call, participant, incarnation, reconnect_count, away_ms };
            self.tell_others(id, &frame);
        }
        let calls = back.map(|(you, _)| self.snapshot(you)).into_iter().collect();
        let welcome = Welcome {
            protocol: PROTOCOL_VERSION,
            epoch: self.epoch,
            session: id,
            token,
            resumed,
            last_command: CommandId(0),
            user,
            guest_secret: Secret::new("guest"),
            name: hello.name,
            heartbeat: Heartbeat { interval_ms: 5_000, timeout_ms: 12_000 },
            limits: Limits::default(),
            ice: IceConfig::default(),
            calls,
            incoming: Vec::new(),
            directory: false,
        };
        self.say(id, HubFrame::Welcome(Box::new(welcome)));
        id
    }

    fn join(&mut self, session: SessionId, id: CommandId, media: MediaState) {
        if self.sessions.values().filter(|s| s.participant.is_some()).count() >= self.seats {
            let message = "the room is full".to_owned();
            let (code, in_reply_to) = (ErrorCode::RoomFull, Some(id));
            self.say(
                session,
                HubFrame::Error(ErrorFrame { code, message, retry_after_ms: None, in_reply_to }),
            );
            return;
        }
        let Some(joining) = self.sessions.get_mut(&session) else { return };
        let participant = Participant {
            id: ParticipantId::mint(&Counting),
            user: joining.user,
            name: joining.hello.name.clone(),
            incarnation: 1,
            role: Role::Participant,
            reconnect_count: 0,
            state: ParticipantState::Connected,
            media,
        };
        joining.participant = Some(participant.clone());
        let (call, you) = (self.call, participant.id);
        self.tell_others(session, &HubFrame::PeerJoined { call, participant });
        self.say(session, HubFrame::Joined { in_reply_to: id, call: self.snapshot(you) });
    }

    fn lost(&mut self, session: SessionId) {
        let Some(lost) = self.sessions.get_mut(&session) else { return };
        lost.socket = None;
        let Some(me) = &mut lost.participant else { return };
        let (since_unix_ms, deadline_unix_ms, ms_left) = (1, 30_001, 30_000);
        me.state = ParticipantState::TemporarilyDisconnected { since_unix_ms, deadline_unix_ms, ms_left };
        let (call, participant) = (self.call, me.id);
        let frame =
            HubFrame::PeerDisconnected { call, participant, since_unix_ms, deadline_unix_ms, ms_left };
        self.tell_others(session, &frame);
    }

    fn snapshot(&self, you: ParticipantId) -> CallSnapshot {
        let participants = self.sessions.values().filter_map(|session| session.participant.clone()).collect();
        let kind = CallKind::Room { room: super::room() };
        CallSnapshot { id: self.call, kind, state: CallState::Active { for_ms: 0 }, you, participants }
    }

    fn session_of(&self, participant: ParticipantId) -> Option<SessionId> {
        let is = |session: &Session| session.participant.as_ref().is_some_and(|p| p.id == participant);
        self.sessions.iter().find(|(_, session)| is(session)).map(|(id, _)| *id)
    }

    fn say(&self, session: SessionId, frame: HubFrame) {
        if let Some(socket) = self.sessions.get(&session).and_then(|session| session.socket.as_ref()) {
            let _ = socket.send(frame);
        }
    }

    fn tell_others(&self, not: SessionId, frame: &HubFrame) {
        let others =
            self.sessions.iter().filter(|(id, session)| **id != not && session.participant.is_some());
        for (id, _) in others {
            self.say(*id, frame.clone());
        }
    }
}
