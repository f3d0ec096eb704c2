//! Sessions: hello, resume, numbers and acknowledgements.

use super::{Counting, Out, State};
use holdfast_protocol::{
    ClientFrame, CommandId, Epoch, ErrorCode, ErrorFrame, Heartbeat, Hello, HubFrame, IceConfig, Limits,
    PROTOCOL_VERSION, Participant, ParticipantState, Resume, Secret, Seq, SessionId, UserId, Welcome,
    frame::numbered,
};
use std::collections::VecDeque;

pub(super) struct Session {
    /// Good ones: the latest, and until the first `ack` on its socket the one before it.
    tokens: Vec<Secret>,
    pub(super) user: UserId,
    hello: Hello,
    pub(super) participant: Option<Participant>,
    pub(super) socket: Option<Out>,
    pub(super) barred: bool,
    /// What is said to it is lost on this socket.
    pub(super) muted: bool,
    epoch: Epoch,
    next_seq: u32,
    said: VecDeque<(Seq, HubFrame)>,
    last_command: CommandId,
}

impl Session {
    fn new(hello: Hello) -> Self {
        let user = hello.guest.as_ref().map_or_else(|| UserId::mint(&Counting), |guest| guest.user);
        Self {
            tokens: vec![],
            user,
            hello,
            participant: None,
            socket: None,
            barred: false,
            muted: false,
            epoch: Epoch::mint(&Counting),
            next_seq: 1,
            said: VecDeque::new(),
            last_command: CommandId(0),
        }
    }

    pub(super) fn name(&self) -> &str {
        self.hello.name.as_str()
    }

    pub(super) fn new_epoch(&mut self) {
        (self.epoch, self.next_seq, self.last_command) = (Epoch::mint(&Counting), 1, CommandId(0));
        self.said.clear();
    }

    fn send(&self, text: String) {
        if let Some(socket) = self.socket.as_ref().filter(|_| !self.muted) {
            let _ = socket.send(text);
        }
    }

    /// Whether this comes from who has it.
    fn is(&self, resume: &Resume) -> bool {
        !self.barred && self.tokens.contains(&resume.token)
    }
}

impl State {
    pub(super) fn hello(&mut self, frame: ClientFrame, socket: Out) -> Option<SessionId> {
        let ClientFrame::Hello(hello) = frame else { panic!("{frame:?} before hello") };
        let id = match &hello.resume {
            None => SessionId::mint(&Counting),
            Some(resume) => {
                let session = self.sessions.get(&resume.session);
                if session.is_some_and(|session| session.barred) {
                    // The socket just closes.
                    return None;
                }
                if !session.is_some_and(|session| session.is(resume)) {
                    let (code, message) = (ErrorCode::SessionUnknown, String::new());
                    let error = ErrorFrame { code, message, retry_after_ms: None, in_reply_to: None };
                    let _ = socket.send(HubFrame::Error(error).encode());
                    return None;
                }
                resume.session
            }
        };
        let session = self.sessions.entry(id).or_insert_with(|| Session::new(hello.clone()));
        let mut same = true;
        if let Some(resume) = &hello.resume {
            let new_instance = session.hello.instance != hello.instance;
            if let Some(me) = session.participant.as_mut().filter(|_| new_instance) {
                me.incarnation += 1;
            }
            same = !new_instance && resume.epoch == session.epoch;
            if !same {
                session.new_epoch();
            }
            session.tokens = vec![resume.token.clone()];
            session.said.retain(|(seq, _)| *seq > resume.seq);
        }
        session.tokens.push(Secret::new(Epoch::mint(&Counting).to_string()));
        let resumed = hello.resume.is_some();
        (session.hello, session.socket, session.muted) = (hello, Some(socket), false);
        self.welcome(id, resumed, resumed && same);
        Some(id)
    }

    fn welcome(&mut self, id: SessionId, resumed: bool, same: bool) {
        let session = &self.sessions[&id];
        let calls = session.participant.as_ref().filter(|_| !same).map(|me| self.snapshot(me.id));
        let welcome = Welcome {
            protocol: PROTOCOL_VERSION,
            epoch: session.epoch,
            session: id,
            token: session.tokens.last().unwrap().clone(),
            resumed,
            last_command: session.last_command,
            user: session.user,
            guest_secret: Secret::new("guest"),
            name: session.hello.name.clone(),
            heartbeat: Heartbeat { interval_ms: 5_000, timeout_ms: 12_000 },
            limits: Limits::default(),
            ice: IceConfig::default(),
            calls: calls.into_iter().collect(),
            incoming: self.incoming(session.user).into_iter().collect(),
            directory: false,
        };
        session.send(HubFrame::Welcome(Box::new(welcome)).encode());
        for (seq, frame) in &session.said {
            session.send(numbered(&frame.encode(), *seq));
        }
        self.back(id);
    }

    /// Tells the others that a participant is back, if it was away.
    fn back(&mut self, id: SessionId) {
        let call = self.call;
        let Some(me) = self.sessions.get_mut(&id).and_then(|session| session.participant.as_mut()) else {
            return;
        };
        if me.state == ParticipantState::Connected {
            return;
        }
        me.state = ParticipantState::Connected;
        me.reconnect_count += 1;
        let (participant, incarnation, reconnect_count, away_ms) =
            (me.id, me.incarnation, me.reconnect_count, 1);
        let frame = HubFrame::PeerReconnected { call, participant, incarnation, reconnect_count, away_ms };
        self.tell_others(id, &frame);
    }

    /// One frame of a session that stands.
    pub(super) fn frame(&mut self, id: SessionId, frame: ClientFrame) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        match frame {
            ClientFrame::Ack { seq } => {
                session.said.retain(|(said, _)| *said > seq);
                session.tokens.drain(..session.tokens.len() - 1);
            }
            ClientFrame::Heartbeat => session.send(HubFrame::HeartbeatAck.encode()),
            ClientFrame::MediaAlive { participants, .. } => {
                let me = session.participant.as_ref().map(|me| me.id);
                self.alive.extend(me.map(|me| (me, participants)));
            }
            frame => {
                let command = frame.command().expect("a command");
                if command > session.last_command {
                    session.last_command = command;
                    self.carry_out(id, frame);
                }
                if let Some(session) = self.sessions.get(&id) {
                    session.send(HubFrame::Ack { command: session.last_command }.encode());
                }
            }
        }
    }

    pub(super) fn say(&mut self, session: SessionId, frame: HubFrame) {
        let Some(session) = self.sessions.get_mut(&session) else { return };
        let seq = Seq(session.next_seq);
        session.next_seq += 1;
        session.send(numbered(&frame.encode(), seq));
        session.said.push_back((seq, frame));
    }

    pub(super) fn lost(&mut self, session: SessionId) {
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
}
