//! The one call: a room's, or one user's with another.

use super::{Counting, State};
use holdfast_protocol::{
    CallId, CallKind, CallSnapshot, CallState, Caller, ClientFrame, CommandId, DisplayName, EndReason,
    ErrorCode, ErrorFrame, HubFrame, IceConfig, IncomingCall, LeaveReason, MediaState, Participant,
    ParticipantId, ParticipantState, Role, SessionId, UserId,
};

impl State {
    /// A command, once.
    pub(super) fn carry_out(&mut self, session: SessionId, frame: ClientFrame) {
        match frame {
            ClientFrame::Join { id, media, .. } => self.join(session, id, media),
            ClientFrame::Call { id, to, media } => self.ring(session, id, to, media),
            ClientFrame::Accept { id, call, media } if self.ringing.is_some() && call == self.call => {
                self.ringing = None;
                self.join(session, id, media);
            }
            ClientFrame::Rejoin { id, call, media } if call == self.call => self.join(session, id, media),
            ClientFrame::Accept { id, call, .. } | ClientFrame::Rejoin { id, call, .. } => {
                match self.ended.get(&call) {
                    Some(reason) => {
                        let (in_reply_to, reason) = (id, *reason);
                        self.say(session, HubFrame::CallOver { in_reply_to, call, reason });
                    }
                    None => self.refuse(session, id, ErrorCode::UnknownCall),
                }
            }
            ClientFrame::Decline { id, call } => {
                self.say(session, HubFrame::Left { in_reply_to: id, call });
                self.end(EndReason::Declined);
            }
            ClientFrame::End { id, call } => {
                self.sessions.get_mut(&session).unwrap().participant = None;
                self.end(EndReason::EndedByHost);
                self.say(session, HubFrame::Left { in_reply_to: id, call });
            }
            ClientFrame::Leave { id, call } => self.leave(session, id, call),
            ClientFrame::Signal { signal, .. } if (self.loses)(&signal) => {}
            ClientFrame::Signal { call, to, to_incarnation, signal, .. } => {
                let Some(from) = self.sessions.get(&session).and_then(|s| s.participant.as_ref()) else {
                    return;
                };
                let (from, from_incarnation) = (from.id, from.incarnation);
                if let Some(to) = self.session_of(to) {
                    self.say(to, HubFrame::Signal { call, from, from_incarnation, to_incarnation, signal });
                }
            }
            ClientFrame::MediaState { call, media, .. } => {
                let Some(me) = self.sessions.get_mut(&session).and_then(|s| s.participant.as_mut()) else {
                    return;
                };
                me.media = media;
                let participant = me.id;
                self.tell_others(session, &HubFrame::MediaState { call, participant, media });
            }
            ClientFrame::IceServers { id } => {
                self.say(session, HubFrame::IceServers { in_reply_to: id, ice: IceConfig::default() });
            }
            ClientFrame::Directory { id, .. } => self.refuse(session, id, ErrorCode::DirectoryOff),
            frame => panic!("{frame:?}"),
        }
    }

    fn refuse(&mut self, session: SessionId, id: CommandId, code: ErrorCode) {
        let (message, in_reply_to) = (code.as_str().to_owned(), Some(id));
        self.say(session, HubFrame::Error(ErrorFrame { code, message, retry_after_ms: None, in_reply_to }));
    }

    fn join(&mut self, session: SessionId, id: CommandId, media: MediaState) {
        if let Some(you) = self.sessions[&session].participant.as_ref().map(|me| me.id) {
            self.say(session, HubFrame::Joined { in_reply_to: id, call: self.snapshot(you) });
            return;
        }
        if self.sessions.values().filter(|s| s.participant.is_some()).count() >= self.seats {
            self.refuse(session, id, ErrorCode::RoomFull);
            return;
        }
        let participant = self.place(session, media);
        let (call, you) = (self.call, participant.id);
        self.tell_others(session, &HubFrame::PeerJoined { call, participant });
        self.say(session, HubFrame::Joined { in_reply_to: id, call: self.snapshot(you) });
    }

    fn place(&mut self, session: SessionId, media: MediaState) -> Participant {
        let joining = self.sessions.get_mut(&session).unwrap();
        let participant = Participant {
            id: ParticipantId::mint(&Counting),
            user: joining.user,
            name: DisplayName::new(joining.name()).unwrap(),
            incarnation: 1,
            role: Role::Participant,
            reconnect_count: 0,
            state: ParticipantState::Connected,
            media,
        };
        joining.participant = Some(participant.clone());
        participant
    }

    fn ring(&mut self, session: SessionId, id: CommandId, to: UserId, media: MediaState) {
        if self.ringing.is_some() || self.sessions.values().any(|s| s.participant.is_some()) {
            self.refuse(session, id, ErrorCode::Busy);
            return;
        }
        if !self.sessions.values().any(|s| s.user == to && s.socket.is_some()) {
            self.refuse(session, id, ErrorCode::UserOffline);
            return;
        }
        (self.call, self.kind, self.ringing) = (CallId::mint(&Counting), CallKind::Direct, Some(to));
        let you = self.place(session, media).id;
        self.say(session, HubFrame::Ringing { in_reply_to: id, call: self.snapshot(you) });
        for session in self.sessions_of(to) {
            let incoming = self.incoming(to).unwrap();
            self.say(session, HubFrame::IncomingCall(incoming));
        }
    }

    /// The call that rings for this user.
    pub(super) fn incoming(&self, user: UserId) -> Option<IncomingCall> {
        self.ringing.filter(|to| *to == user)?;
        let caller = self.sessions.values().find_map(|session| session.participant.as_ref())?;
        let from = Caller { user: caller.user, name: caller.name.clone() };
        Some(IncomingCall { call: self.call, from, deadline_unix_ms: 45_001, ms_left: 45_000 })
    }

    fn leave(&mut self, session: SessionId, id: CommandId, call: CallId) {
        let gone = self.sessions.get_mut(&session).and_then(|session| session.participant.take());
        self.say(session, HubFrame::Left { in_reply_to: id, call });
        let Some(gone) = gone else { return };
        if self.kind == CallKind::Direct {
            self.end(if self.ringing.is_some() { EndReason::Cancelled } else { EndReason::Hangup });
        } else {
            let (participant, reason) = (gone.id, LeaveReason::Hangup);
            self.tell_others(session, &HubFrame::PeerLeft { call, participant, reason });
        }
    }

    pub(super) fn end(&mut self, reason: EndReason) {
        let call = std::mem::replace(&mut self.call, CallId::mint(&Counting));
        self.ended.insert(call, reason);
        let rang = self.ringing.take().map_or_else(Vec::new, |to| self.sessions_of(to));
        for id in self.sessions.keys().copied().collect::<Vec<_>>() {
            let place = self.sessions.get_mut(&id).unwrap().participant.take();
            if place.is_some() || rang.contains(&id) {
                self.say(id, HubFrame::CallEnded { call, reason });
            }
        }
    }

    pub(super) fn snapshot(&self, you: ParticipantId) -> CallSnapshot {
        let participants = self.sessions.values().filter_map(|session| session.participant.clone()).collect();
        let state = self.ringing.map_or(CallState::Active { for_ms: 0 }, |to| CallState::Ringing {
            to,
            deadline_unix_ms: 45_001,
            ms_left: 45_000,
        });
        CallSnapshot { id: self.call, kind: self.kind.clone(), state, you, participants }
    }

    fn session_of(&self, participant: ParticipantId) -> Option<SessionId> {
        let is = |id: &SessionId| {
            self.sessions[id].participant.as_ref().is_some_and(|place| place.id == participant)
        };
        self.sessions.keys().copied().find(is)
    }

    fn sessions_of(&self, user: UserId) -> Vec<SessionId> {
        self.sessions.iter().filter(|(_, session)| session.user == user).map(|(id, _)| *id).collect()
    }

    pub(super) fn tell_others(&mut self, not: SessionId, frame: &HubFrame) {
        for id in self.sessions.keys().copied().collect::<Vec<_>>() {
            if id != not && self.sessions[&id].participant.is_some() {
                self.say(id, frame.clone());
            }
        }
    }
}
