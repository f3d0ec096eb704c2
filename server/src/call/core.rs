//! What happens in one call, decided without waiting: who is in it, who is away and until when, who hears what.
//! [`super::owner`] feeds it events and carries out its effects.

use super::event::{Effect, Event, Policy, Relay, Sender};
use holdfast_protocol::{
    CallId, CallKind, CallSnapshot, CallState, CommandId, ErrorCode, HubFrame, InstanceId, LeaveReason,
    MediaState, Participant, ParticipantId, ParticipantState, Role, RoomName, SessionId,
};

#[derive(Clone, Debug)]
struct Member {
    session: SessionId,
    attachment: u32,
    instance: InstanceId,
    reconnect_count: u32,
    standing: Standing,
    /// As told to others; its `state` is made from `standing` when it is told.
    place: Participant,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    Connected,
    Away { since_unix_ms: u64, deadline_unix_ms: u64 },
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    id: CallId,
    name: RoomName,
    policy: Policy,
    members: Vec<Member>,
}

impl Room {
    /// A call that nobody has joined yet.
    pub(crate) fn new(id: CallId, name: RoomName, policy: Policy) -> Self {
        Self { id, name, policy, members: Vec::new() }
    }

    /// Whether nobody is in it, or holds a place in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether `session` has a place in it.
    pub(crate) fn has(&self, session: SessionId) -> bool {
        self.member(session).is_some()
    }

    /// How many are in it, the absent ones included.
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// When the next [`Event::Tick`] is due.
    pub(crate) fn next_deadline_unix_ms(&self) -> Option<u64> {
        self.members.iter().filter_map(Member::deadline_unix_ms).min()
    }

    /// Takes in what happened.
    pub(crate) fn apply(&mut self, now_unix_ms: u64, event: Event) -> Vec<Effect> {
        match event {
            Event::Join { sender, command, participant, user, name, media } => {
                let state = ParticipantState::Connected;
                let place = Participant {
                    id: participant,
                    user,
                    name,
                    incarnation: 1,
                    role: Role::Participant,
                    reconnect_count: 0,
                    state,
                    media,
                };
                self.join(now_unix_ms, sender, command, place)
            }
            Event::Leave { sender, command } => self.leave(sender, command),
            Event::Media { sender, command, media } => self.media(sender, command, media),
            Event::Lost { sender, last_heard_unix_ms, .. } => {
                self.lost(now_unix_ms, sender, last_heard_unix_ms)
            }
            Event::Back { sender } => self.back(now_unix_ms, sender),
            Event::Gone { session } => self.remove(session, LeaveReason::NetworkLost).into_iter().collect(),
            Event::Confirmed { .. } => Vec::new(),
            Event::Tick => self.expire(now_unix_ms),
        }
    }

    /// The call as it is, for someone with a place in it.
    pub(crate) fn peek(&self, now_unix_ms: u64, session: SessionId) -> Option<CallSnapshot> {
        Some(self.snapshot(now_unix_ms, self.member(session)?.place.id))
    }

    /// Decides about a signal.
    pub(crate) fn relay(&self, sender: Sender, to: ParticipantId, to_incarnation: u32) -> Relay {
        let Some(from) = self.member(sender.session) else { return Relay::Refuse(ErrorCode::NotInCall) };
        if from.instance != sender.instance {
            return Relay::Stale;
        }
        match self.members.iter().find(|member| member.place.id == to) {
            None => Relay::Refuse(ErrorCode::UnknownParticipant),
            Some(target) if target.session == sender.session => Relay::Refuse(ErrorCode::UnknownParticipant),
            Some(target) if target.place.incarnation != to_incarnation => Relay::Stale,
            Some(target) => Relay::Deliver {
                to: target.session,
                from: from.place.id,
                from_incarnation: from.place.incarnation,
            },
        }
    }

    fn join(&mut self, now: u64, sender: Sender, command: CommandId, place: Participant) -> Vec<Effect> {
        let to = sender.session;
        let cap = self.policy.participants_max as usize;
        if self.member(to).is_some() {
            let message = "the session is already in this call".into();
            return vec![Effect::Refuse { to, command, code: ErrorCode::AlreadyInCall, message }];
        }
        if self.members.len() >= cap {
            let message = format!("the room has {} of {cap} participants", self.members.len());
            return vec![Effect::Refuse { to, command, code: ErrorCode::RoomFull, message }];
        }
        let others = self.all_but(to);
        let news = HubFrame::PeerJoined { call: self.id, participant: place.clone() };
        let you = place.id;
        self.members.push(Member {
            session: to,
            attachment: sender.attachment,
            instance: sender.instance,
            reconnect_count: 0,
            standing: Standing::Connected,
            place,
        });
        let answer = HubFrame::Joined { in_reply_to: command, call: self.snapshot(now, you) };
        let mut effects = vec![Effect::Tell { to: vec![to], frame: answer }];
        effects.extend(tell(others, news));
        effects
    }

    fn leave(&mut self, sender: Sender, command: CommandId) -> Vec<Effect> {
        let to = sender.session;
        if self.member(to).is_none() {
            return vec![self.not_in_call(to, command)];
        }
        let answer =
            Effect::Tell { to: vec![to], frame: HubFrame::Left { in_reply_to: command, call: self.id } };
        [answer].into_iter().chain(self.remove(to, LeaveReason::Hangup)).collect()
    }

    fn media(&mut self, sender: Sender, command: CommandId, media: MediaState) -> Vec<Effect> {
        let others = self.all_but(sender.session);
        let call = self.id;
        let Some(member) = self.member_mut(sender.session) else {
            return vec![self.not_in_call(sender.session, command)];
        };
        if member.instance != sender.instance || member.place.media == media {
            return Vec::new();
        }
        member.place.media = media;
        let participant = member.place.id;
        tell(others, HubFrame::MediaState { call, participant, media }).into_iter().collect()
    }

    fn lost(&mut self, now: u64, sender: Sender, last_heard_unix_ms: u64) -> Vec<Effect> {
        let others = self.all_but(sender.session);
        let (call, window_ms) = (self.id, self.policy.resume_window_ms);
        let Some(member) = self.member_mut(sender.session) else { return Vec::new() };
        if sender.attachment < member.attachment || member.standing != Standing::Connected {
            return Vec::new();
        }
        let (since_unix_ms, deadline_unix_ms) = (last_heard_unix_ms.min(now), now + window_ms);
        member.standing = Standing::Away { since_unix_ms, deadline_unix_ms };
        let participant = member.place.id;
        let news = HubFrame::PeerDisconnected {
            call,
            participant,
            since_unix_ms,
            deadline_unix_ms,
            ms_left: window_ms,
        };
        tell(others, news).into_iter().collect()
    }

    fn back(&mut self, now: u64, sender: Sender) -> Vec<Effect> {
        let others = self.all_but(sender.session);
        let call = self.id;
        let Some(member) = self.member_mut(sender.session) else { return Vec::new() };
        // A deadline that has passed counts as fired, even when the tick for it is still on its way.
        if member.deadline_unix_ms().is_some_and(|at| at <= now) {
            return self.remove(sender.session, LeaveReason::NetworkLost);
        }
        if sender.attachment < member.attachment {
            return Vec::new();
        }
        let new_instance = member.instance != sender.instance;
        member.attachment = sender.attachment;
        member.instance = sender.instance;
        member.place.incarnation += u32::from(new_instance);
        let away_ms = match member.standing {
            Standing::Connected => None,
            Standing::Away { since_unix_ms, .. } => Some(now.saturating_sub(since_unix_ms)),
        };
        member.standing = Standing::Connected;
        let mut effects = Vec::new();
        if new_instance || away_ms.is_some() {
            member.reconnect_count += 1;
            let news = HubFrame::PeerReconnected {
                call,
                participant: member.place.id,
                incarnation: member.place.incarnation,
                reconnect_count: member.reconnect_count,
                away_ms: away_ms.unwrap_or(0),
            };
            effects.extend(tell(others, news));
        }
        let you = member.place.id;
        let snapshot = self.snapshot(now, you);
        effects.push(Effect::Resync { to: sender.session, snapshot, new_instance });
        effects
    }

    fn expire(&mut self, now: u64) -> Vec<Effect> {
        let due = |member: &&Member| member.deadline_unix_ms().is_some_and(|at| at <= now);
        let late: Vec<SessionId> = self.members.iter().filter(due).map(|member| member.session).collect();
        late.into_iter().flat_map(|session| self.remove(session, LeaveReason::NetworkLost)).collect()
    }

    fn remove(&mut self, session: SessionId, reason: LeaveReason) -> Vec<Effect> {
        let Some(index) = self.members.iter().position(|member| member.session == session) else {
            return Vec::new();
        };
        let participant = self.members.remove(index).place.id;
        let news = HubFrame::PeerLeft { call: self.id, participant, reason };
        let everyone = self.members.iter().map(|member| member.session).collect();
        [Effect::Release { session }].into_iter().chain(tell(everyone, news)).collect()
    }

    fn snapshot(&self, now: u64, you: ParticipantId) -> CallSnapshot {
        let participants = self.members.iter().map(|member| member.told(now)).collect();
        let kind = CallKind::Room { room: self.name.clone() };
        CallSnapshot { id: self.id, kind, state: CallState::Active { for_ms: 0 }, you, participants }
    }

    fn not_in_call(&self, to: SessionId, command: CommandId) -> Effect {
        let message = format!("not in call {}", self.id);
        Effect::Refuse { to, command, code: ErrorCode::NotInCall, message }
    }

    fn member(&self, session: SessionId) -> Option<&Member> {
        self.members.iter().find(|member| member.session == session)
    }

    fn member_mut(&mut self, session: SessionId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.session == session)
    }

    fn all_but(&self, session: SessionId) -> Vec<SessionId> {
        self.members.iter().map(|member| member.session).filter(|id| *id != session).collect()
    }
}

impl Member {
    fn deadline_unix_ms(&self) -> Option<u64> {
        match self.standing {
            Standing::Connected => None,
            Standing::Away { deadline_unix_ms, .. } => Some(deadline_unix_ms),
        }
    }

    fn told(&self, now: u64) -> Participant {
        let state = match self.standing {
            Standing::Connected => ParticipantState::Connected,
            Standing::Away { since_unix_ms, deadline_unix_ms } => ParticipantState::TemporarilyDisconnected {
                since_unix_ms,
                deadline_unix_ms,
                ms_left: deadline_unix_ms.saturating_sub(now),
            },
        };
        Participant { state, ..self.place.clone() }
    }
}

fn tell(to: Vec<SessionId>, frame: HubFrame) -> Option<Effect> {
    (!to.is_empty()).then_some(Effect::Tell { to, frame })
}
