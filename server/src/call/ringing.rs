//! How a call is rung, taken, refused, left and ended. Each call ends once, with one reason; nothing happens in it
//! afterwards, and commands that come late are answered.

use super::{
    core::{Call, Kind, Phase},
    event::{Effect, Newcomer, Rules, Sender},
};
use holdfast_protocol::{
    CallId, Caller, CommandId, EndReason, ErrorCode, HubFrame, IncomingCall, LeaveReason, LoggedUser,
    SessionId, UserId,
};

impl Call {
    /// One user rings another.
    pub(crate) fn ring(
        now: u64,
        id: CallId,
        rules: Rules,
        newcomer: Newcomer,
        to: LoggedUser,
    ) -> (Self, Vec<Effect>) {
        let caller = Caller { user: newcomer.user, name: newcomer.name.clone() };
        let (session, command, user) = (newcomer.sender.session, newcomer.command, to.user);
        let mut call = Self::new(id, Kind::Direct { caller, callee: to }, rules, now);
        call.phase = Phase::Ringing { deadline_unix_ms: now.saturating_add(rules.ring_ms) };
        let you = call.seat(now, newcomer);
        let ringing = HubFrame::Ringing { in_reply_to: command, call: call.snapshot(now, you) };
        let mut effects = vec![Effect::Tell { to: vec![session], frame: ringing }];
        let incoming = call.incoming(now).map(HubFrame::IncomingCall);
        effects.extend(incoming.map(|frame| Effect::TellUser { user, except: None, frame }));
        (call, effects)
    }

    /// A call that never rang, for the log.
    pub(crate) fn never_rang(
        now: u64,
        id: CallId,
        rules: Rules,
        caller: Caller,
        to: LoggedUser,
        reason: EndReason,
    ) -> Self {
        let mut call = Self::new(id, Kind::Direct { caller, callee: to }, rules, now);
        call.phase = Phase::Ended { at_unix_ms: now, reason };
        call
    }

    /// What the callee's devices are told while it rings.
    pub(crate) fn incoming(&self, now: u64) -> Option<IncomingCall> {
        let (Phase::Ringing { deadline_unix_ms }, Kind::Direct { caller, .. }) = (self.phase, &self.kind)
        else {
            return None;
        };
        let ms_left = deadline_unix_ms.saturating_sub(now);
        Some(IncomingCall { call: self.id, from: caller.clone(), deadline_unix_ms, ms_left })
    }

    pub(super) fn accept(&mut self, now: u64, newcomer: Newcomer) -> Vec<Effect> {
        if let Some(effects) = self.joined_already(now, &newcomer) {
            return effects;
        }
        let (session, user) = (newcomer.sender.session, newcomer.user);
        if self.callee() != Some(user) {
            return vec![if self.is_of(user) {
                self.not_ringing(&newcomer)
            } else {
                self.unknown(&newcomer)
            }];
        }
        match self.phase {
            Phase::Ringing { .. } => {
                self.begin(now);
                let mut effects = self.admit(now, newcomer);
                let frame = HubFrame::AcceptedElsewhere { call: self.id };
                effects.push(Effect::TellUser { user, except: Some(session), frame });
                effects
            }
            Phase::Ended { reason, .. } => {
                let frame = HubFrame::CallOver { in_reply_to: newcomer.command, call: self.id, reason };
                vec![Effect::Tell { to: vec![session], frame }]
            }
            Phase::Active { .. } | Phase::Empty => vec![self.not_ringing(&newcomer)],
        }
    }

    pub(super) fn decline(
        &mut self,
        now: u64,
        sender: Sender,
        user: UserId,
        command: CommandId,
    ) -> Vec<Effect> {
        let (to, call) = (sender.session, self.id);
        let code = match self.phase {
            _ if !self.is_of(user) => ErrorCode::UnknownCall,
            _ if self.callee() != Some(user) => ErrorCode::NotRinging,
            Phase::Ringing { .. } => {
                let mut effects = vec![self.left(to, command)];
                effects.extend(self.end(now, EndReason::Declined, Some(to)));
                return effects;
            }
            Phase::Ended { .. } => return vec![self.left(to, command)],
            Phase::Active { .. } | Phase::Empty => ErrorCode::NotRinging,
        };
        let message = match code {
            // In the same words as for a call that never was.
            ErrorCode::UnknownCall => format!("no call {call} for you"),
            _ => format!("call {call} does not ring for you"),
        };
        vec![Effect::Refuse { to, command, code, message }]
    }

    /// The caller's page died while it rang, and another one of theirs calls: nobody waits for an answer any more.
    pub(super) fn give_up_ring(&mut self, now: u64, user: UserId) -> Vec<Effect> {
        let is_gone = self.places.iter().any(|place| place.told.user == user && !place.is_connected());
        match self.phase {
            Phase::Ringing { .. } if is_gone => self.end(now, EndReason::Cancelled, None),
            _ => Vec::new(),
        }
    }

    pub(super) fn leave(&mut self, now: u64, sender: Sender, command: CommandId) -> Vec<Effect> {
        let session = sender.session;
        let mut effects = vec![self.left(session, command)];
        let Some(place) = self.place(session) else { return effects };
        let id = place.told.id;
        match self.phase {
            Phase::Ringing { .. } => {
                self.record.left(now, id, LeaveReason::Hangup);
                effects.extend(self.end(now, EndReason::Cancelled, Some(session)));
            }
            _ if self.places.len() == 1 || matches!(self.kind, Kind::Direct { .. }) => {
                self.record.left(now, id, LeaveReason::Hangup);
                effects.extend(self.end(now, EndReason::Hangup, Some(session)));
            }
            _ => effects.extend(self.remove(now, session, LeaveReason::Hangup, false)),
        }
        effects
    }

    pub(super) fn end_by_host(&mut self, now: u64, sender: Sender, command: CommandId) -> Vec<Effect> {
        let to = sender.session;
        let Some(place) = self.place(to) else { return vec![self.left(to, command)] };
        if self.host != Some(place.told.user) {
            let message = "only the call's host may end it".to_owned();
            return vec![Effect::Refuse { to, command, code: ErrorCode::NotHost, message }];
        }
        let mut effects = vec![self.left(to, command)];
        effects.extend(self.end(now, EndReason::EndedByHost, Some(to)));
        effects
    }

    /// A session has ended, and its place with it.
    pub(super) fn gone(&mut self, now: u64, session: SessionId) -> Vec<Effect> {
        let Some(id) = self.place(session).map(|place| place.told.id) else { return Vec::new() };
        if self.places.len() == 1 || matches!(self.kind, Kind::Direct { .. }) {
            self.record.left(now, id, LeaveReason::NetworkLost);
            return self.end(now, EndReason::NetworkLost, Some(session));
        }
        self.remove(now, session, LeaveReason::NetworkLost, false)
    }

    /// Ends the call, once: everyone with a place and everyone for whom it rings is told, but not `by`, who knows.
    pub(super) fn end(&mut self, now: u64, reason: EndReason, by: Option<SessionId>) -> Vec<Effect> {
        if matches!(self.phase, Phase::Ended { .. } | Phase::Empty) {
            return Vec::new();
        }
        let call = self.id;
        let frame = HubFrame::CallEnded { call, reason };
        let to: Vec<SessionId> =
            self.places.iter().map(|place| place.session).filter(|session| Some(*session) != by).collect();
        let mut effects: Vec<Effect> = super::core::tell(to, frame.clone()).into_iter().collect();
        if matches!(self.phase, Phase::Ringing { .. })
            && let Some(user) = self.callee()
        {
            effects.push(Effect::TellUser { user, except: by, frame });
        }
        self.phase = Phase::Ended { at_unix_ms: now, reason };
        self.talk.stop(now);
        for place in std::mem::take(&mut self.places) {
            self.record.left(now, place.told.id, LeaveReason::CallEnded);
            effects.push(Effect::Release { session: place.session });
        }
        self.dirty = true;
        effects
    }

    fn left(&self, to: SessionId, command: CommandId) -> Effect {
        let frame = HubFrame::Left { in_reply_to: command, call: self.id };
        Effect::Tell { to: vec![to], frame }
    }

    fn not_ringing(&self, newcomer: &Newcomer) -> Effect {
        Effect::Refuse {
            to: newcomer.sender.session,
            command: newcomer.command,
            code: ErrorCode::NotRinging,
            message: format!("call {} does not ring for you", self.id),
        }
    }
}
