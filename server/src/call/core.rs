//! What happens in one call, decided without waiting: who is in it, who hears what. Absences are in [`super::outage`],
//! ringing and ends in [`super::ringing`]; [`super::owner`] feeds it events and carries out its effects.

use super::{
    event::{Effect, Event, Newcomer, Relay, Rules, Sender},
    place::Place,
    record::Record,
};
use holdfast_protocol::{
    CallId, Caller, CommandId, EndReason, ErrorCode, HubFrame, LeaveReason, LoggedUser, MediaState,
    ParticipantId, Role, RoomName, SessionId, UserId,
};
use serde::{Deserialize, Serialize};

/// One call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(super) id: CallId,
    pub(super) kind: Kind,
    pub(super) rules: Rules,
    pub(super) phase: Phase,
    /// Whose devices are its hosts: who joined first, or called.
    pub(super) host: Option<UserId>,
    pub(super) places: Vec<Place>,
    pub(super) began_unix_ms: u64,
    pub(super) active_unix_ms: Option<u64>,
    pub(super) talk: Talk,
    /// Stored as what the log shows.
    #[serde(skip)]
    pub(super) record: Record,
    /// Whether something has changed that is to be stored.
    #[serde(skip)]
    pub(super) dirty: bool,
}

/// By link, or by ringing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Kind {
    Room { name: RoomName },
    Direct { caller: Caller, callee: LoggedUser },
}

/// Where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Phase {
    /// A room that nobody has joined.
    Empty,
    Ringing {
        deadline_unix_ms: u64,
    },
    Active {
        since_unix_ms: u64,
        until_unix_ms: Option<u64>,
    },
    Ended {
        at_unix_ms: u64,
        reason: EndReason,
    },
}

/// How long at least two were connected.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Talk {
    pub(super) ms: u64,
    pub(super) since_unix_ms: Option<u64>,
}

impl Call {
    /// A room that nobody has joined yet.
    pub(crate) fn room(id: CallId, name: RoomName, rules: Rules) -> Self {
        Self::new(id, Kind::Room { name }, rules, 0)
    }

    pub(super) fn new(id: CallId, kind: Kind, rules: Rules, now: u64) -> Self {
        Self {
            id,
            kind,
            rules,
            phase: Phase::Empty,
            host: None,
            places: Vec::new(),
            began_unix_ms: now,
            active_unix_ms: None,
            talk: Talk::default(),
            record: Record::default(),
            dirty: false,
        }
    }

    /// Takes in what happened. A deadline that has passed counts as fired, even when the tick for it is still on its
    /// way.
    pub(crate) fn apply(&mut self, now: u64, event: Event) -> Vec<Effect> {
        let mut effects = self.expire(now);
        let was_held_off = self.is_held_off();
        effects.extend(match event {
            Event::Join(newcomer) => self.join(now, newcomer),
            Event::Accept(newcomer) => self.accept(now, newcomer),
            Event::Rejoin(newcomer) => self.rejoin(now, newcomer),
            Event::Decline { sender, user, command } => self.decline(now, sender, user, command),
            Event::Leave { sender, command } => self.leave(now, sender, command),
            Event::End { sender, command } => self.end_by_host(now, sender, command),
            Event::GiveUpRing { user } => self.give_up_ring(now, user),
            Event::EndByAdmin => self.end(now, EndReason::EndedByAdmin, None),
            Event::Media { sender, command, media } => self.media(sender, command, media),
            Event::MediaAlive { sender, participants } => {
                self.media_alive(now, sender, &participants);
                Vec::new()
            }
            Event::Lost { sender, last_heard_unix_ms, cause } => {
                self.lost(now, sender, last_heard_unix_ms, cause)
            }
            Event::Confirmed { sender } => {
                self.confirmed(sender);
                Vec::new()
            }
            Event::Back { sender } => self.back(now, sender),
            Event::Gone { session } => self.gone(now, session),
            Event::Tick => Vec::new(),
        });
        if was_held_off && !self.is_held_off() {
            effects.extend(self.give_time(now));
        }
        // Whose absence went on with an old deadline.
        effects.extend(self.expire(now));
        self.count_talk(now);
        effects
    }

    /// Decides about a signal.
    pub(crate) fn relay(&self, sender: Sender, to: ParticipantId, to_incarnation: u32) -> Relay {
        let Some(from) = self.place(sender.session) else { return Relay::Refuse(ErrorCode::NotInCall) };
        if from.instance != sender.instance {
            return Relay::Stale;
        }
        match self.places.iter().find(|place| place.told.id == to) {
            None => Relay::Refuse(ErrorCode::UnknownParticipant),
            Some(target) if target.session == sender.session => Relay::Refuse(ErrorCode::UnknownParticipant),
            Some(target) if target.told.incarnation != to_incarnation => Relay::Stale,
            Some(target) => Relay::Deliver {
                to: target.session,
                from: from.told.id,
                from_incarnation: from.told.incarnation,
            },
        }
    }

    fn join(&mut self, now: u64, newcomer: Newcomer) -> Vec<Effect> {
        if let Some(effects) = self.joined_already(now, &newcomer) {
            return effects;
        }
        match self.phase {
            // Not answered: the next call will.
            Phase::Ended { .. } => Vec::new(),
            // Who is rung calls who rings.
            Phase::Ringing { .. } => self.accept(now, newcomer),
            _ if self.room_name().is_some() => self.admit(now, newcomer),
            _ => vec![Effect::Refuse {
                to: newcomer.sender.session,
                command: newcomer.command,
                code: ErrorCode::InDirectCall,
                message: "another device of yours is in this call".to_owned(),
            }],
        }
    }

    /// A command that is sent again, because its answer may be lost, is answered again.
    pub(super) fn joined_already(&self, now: u64, newcomer: &Newcomer) -> Option<Vec<Effect>> {
        let place = self.place(newcomer.sender.session)?;
        let call = self.snapshot(now, place.told.id);
        let frame = HubFrame::Joined { in_reply_to: newcomer.command, call };
        Some(vec![Effect::Tell { to: vec![place.session], frame }])
    }

    /// Gives a place, if there is one.
    pub(super) fn admit(&mut self, now: u64, newcomer: Newcomer) -> Vec<Effect> {
        let mut effects = Vec::new();
        let cap = self.rules.participants_max as usize;
        if self.places.len() >= cap {
            let Some(seat) = self.seat_to_give_away(now) else {
                return vec![Effect::Refuse {
                    to: newcomer.sender.session,
                    command: newcomer.command,
                    code: ErrorCode::RoomFull,
                    message: format!("the room has {} of {cap} participants", self.places.len()),
                }];
            };
            effects.extend(self.remove(now, seat, LeaveReason::SeatTaken, true));
        }
        if self.phase == Phase::Empty {
            self.began_unix_ms = now;
            self.begin(now);
        }
        let (to, command) = (newcomer.sender.session, newcomer.command);
        let others = self.all_but(to);
        let you = self.seat(now, newcomer);
        let call = self.snapshot(now, you);
        effects.push(Effect::Tell { to: vec![to], frame: HubFrame::Joined { in_reply_to: command, call } });
        let participant = self.place(to).map(|place| place.told(now));
        let news = participant.map(|participant| HubFrame::PeerJoined { call: self.id, participant });
        effects.extend(news.and_then(|news| tell(others, news)));
        effects
    }

    /// Notes a new participant.
    pub(super) fn seat(&mut self, now: u64, newcomer: Newcomer) -> ParticipantId {
        let host = *self.host.get_or_insert(newcomer.user);
        let role = if host == newcomer.user { Role::Host } else { Role::Participant };
        let place = Place::new(newcomer, role);
        let id = place.told.id;
        self.record.joined(now, &place.told);
        self.places.push(place);
        self.dirty = true;
        id
    }

    /// The call is active from now on.
    pub(super) fn begin(&mut self, now: u64) {
        let until_unix_ms = self.rules.duration_max_ms.map(|ms| now.saturating_add(ms));
        self.phase = Phase::Active { since_unix_ms: now, until_unix_ms };
        self.active_unix_ms = Some(now);
        self.dirty = true;
    }

    fn media(&mut self, sender: Sender, command: CommandId, media: MediaState) -> Vec<Effect> {
        let others = self.all_but(sender.session);
        let call = self.id;
        let Some(place) = self.place_mut(sender.session) else {
            let (to, message) = (sender.session, format!("not in call {call}"));
            return vec![Effect::Refuse { to, command, code: ErrorCode::NotInCall, message }];
        };
        if place.instance != sender.instance || place.told.media == media {
            return Vec::new();
        }
        // Stored with the next change: what is lost with the hub its owner says again.
        place.told.media = media;
        let participant = place.told.id;
        tell(others, HubFrame::MediaState { call, participant, media }).into_iter().collect()
    }

    /// Takes a place away, and tells the others; `itself`, too, when it does not know.
    pub(super) fn remove(
        &mut self,
        now: u64,
        session: SessionId,
        reason: LeaveReason,
        itself: bool,
    ) -> Vec<Effect> {
        let Some(index) = self.places.iter().position(|place| place.session == session) else {
            return Vec::new();
        };
        let mut to = self.all_but(session);
        if itself {
            to.push(session);
        }
        let participant = self.places.remove(index).told.id;
        self.record.left(now, participant, reason);
        self.dirty = true;
        let news = HubFrame::PeerLeft { call: self.id, participant, reason };
        tell(to, news).into_iter().chain([Effect::Release { session }]).collect()
    }

    pub(super) fn unknown(&self, newcomer: &Newcomer) -> Effect {
        Effect::Refuse {
            to: newcomer.sender.session,
            command: newcomer.command,
            code: ErrorCode::UnknownCall,
            message: format!("no call {} for you", self.id),
        }
    }

    pub(super) fn place(&self, session: SessionId) -> Option<&Place> {
        self.places.iter().find(|place| place.session == session)
    }

    pub(super) fn place_mut(&mut self, session: SessionId) -> Option<&mut Place> {
        self.places.iter_mut().find(|place| place.session == session)
    }

    pub(super) fn all_but(&self, session: SessionId) -> Vec<SessionId> {
        self.places.iter().map(|place| place.session).filter(|id| *id != session).collect()
    }

    fn count_talk(&mut self, now: u64) {
        let talking = matches!(self.phase, Phase::Active { .. })
            && self.places.iter().filter(|place| place.is_connected()).count() >= 2;
        match (self.talk.since_unix_ms, talking) {
            (None, true) => self.talk.since_unix_ms = Some(now),
            (Some(_), false) => self.talk.stop(now),
            _ => {}
        }
    }
}

impl Talk {
    /// It stopped at that time, if it went on until now.
    pub(super) fn stop(&mut self, at_unix_ms: u64) {
        if let Some(since) = self.since_unix_ms.take() {
            self.ms += at_unix_ms.saturating_sub(since);
        }
    }
}

pub(super) fn tell(to: Vec<SessionId>, frame: HubFrame) -> Option<Effect> {
    (!to.is_empty()).then_some(Effect::Tell { to, frame })
}
