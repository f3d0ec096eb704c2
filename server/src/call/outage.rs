//! Who is away and until when: lost sockets, returns, media that flows on, and what happens when a deadline has passed.
//! Deadlines are data: [`Call::next_deadline_unix_ms`] is all that the shell waits for.

use super::{
    core::{Call, Kind, Phase, tell},
    event::{Effect, Newcomer, Sender},
    place::{Absence, Place, Standing},
};
use holdfast_protocol::{
    Consequence, EndReason, ErrorCode, HubFrame, LeaveReason, OutageCause, ParticipantId, SessionId,
    policy::MEDIA_ALIVE_MS,
};

/// How long the others' places are safe once somebody is there again after all were away: whatever kept everyone away
/// is over, and their clients notice it within the heartbeat time-out and the longest wait between two attempts.
pub(super) const RETURN_MS: u64 = 25_000;

/// What is due. Of what is due at the same time, the first comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Due {
    Ring,
    MaxDuration,
    Place(SessionId),
    AllAway,
}

impl Call {
    /// When the next [`super::event::Event::Tick`] is due.
    pub(crate) fn next_deadline_unix_ms(&self) -> Option<u64> {
        self.next_due().map(|(at, _)| at)
    }

    fn next_due(&self) -> Option<(u64, Due)> {
        let (fixed, active) = match self.phase {
            Phase::Empty | Phase::Ended { .. } => return None,
            Phase::Ringing { deadline_unix_ms } => (Some((deadline_unix_ms, Due::Ring)), false),
            Phase::Active { until_unix_ms, .. } => (until_unix_ms.map(|at| (at, Due::MaxDuration)), true),
        };
        let all_away = self.all_away_unix_ms().filter(|_| active);
        let held_off = self.is_held_off();
        let places = self.places.iter().filter(|_| !held_off);
        let places =
            places.filter_map(|place| Some((self.given_up_unix_ms(place)?, Due::Place(place.session))));
        fixed.into_iter().chain(all_away.map(|at| (at, Due::AllAway))).chain(places).min()
    }

    /// While nobody is there to go on without the others, nobody's place is given up: the call waits for whoever comes
    /// back first.
    pub(super) fn is_held_off(&self) -> bool {
        matches!(self.phase, Phase::Active { .. })
            && self.rules.policy.then == Consequence::Leave
            && self.all_away_unix_ms().is_some()
    }

    /// The wait is over: whoever is still away gets the time that a return takes, and the others are told.
    pub(super) fn give_time(&mut self, now: u64) -> Vec<Effect> {
        let (call, deadline_unix_ms) = (self.id, now.saturating_add(RETURN_MS));
        let mut news = Vec::new();
        for place in &mut self.places {
            let Standing::Away(absence) = &mut place.standing else { continue };
            if absence.deadline_unix_ms < deadline_unix_ms {
                absence.deadline_unix_ms = deadline_unix_ms;
                self.dirty = true;
                let (participant, since_unix_ms) = (place.told.id, absence.since_unix_ms);
                let ms_left = RETURN_MS;
                let told = HubFrame::PeerDisconnected {
                    call,
                    participant,
                    since_unix_ms,
                    deadline_unix_ms,
                    ms_left,
                };
                news.push((place.session, told));
            }
        }
        news.into_iter().filter_map(|(session, told)| tell(self.all_but(session), told)).collect()
    }

    /// When the call is given up because everyone is away.
    fn all_away_unix_ms(&self) -> Option<u64> {
        let mut latest = None;
        for place in &self.places {
            latest = latest.max(Some(place.absence()?.noticed_unix_ms));
        }
        latest.map(|at: u64| at.saturating_add(self.rules.policy.all_away_ms))
    }

    /// When a place is given up: at its deadline, unless somebody connected has said that media flows.
    fn given_up_unix_ms(&self, place: &Place) -> Option<u64> {
        let deadline = place.absence()?.deadline_unix_ms;
        let connected =
            |id: &ParticipantId| self.places.iter().any(|other| other.told.id == *id && other.is_connected());
        let alive = place.alive.iter().filter(|(by, _)| connected(by)).map(|(_, until)| *until).max();
        Some(alive.map_or(deadline, |until| deadline.max(until)))
    }

    /// Does what is due.
    pub(super) fn expire(&mut self, now: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        while let Some((_, due)) = self.next_due().filter(|(at, _)| *at <= now) {
            effects.extend(match due {
                Due::Ring => self.end(now, EndReason::Missed, None),
                Due::MaxDuration => self.end(now, EndReason::MaxDuration, None),
                Due::AllAway => self.end(now, self.rules.policy.all_away_reason, None),
                Due::Place(session) => self.give_up(now, session),
            });
        }
        effects
    }

    fn give_up(&mut self, now: u64, session: SessionId) -> Vec<Effect> {
        let Some(place) = self.place(session) else { return Vec::new() };
        let id = place.told.id;
        let tried = place.absence().is_some_and(|absence| absence.tried);
        let (left, ended) = if tried {
            (LeaveReason::ReconnectFailed, EndReason::ReconnectFailed)
        } else {
            (LeaveReason::NetworkLost, EndReason::NetworkLost)
        };
        // A direct call has nobody to go on with.
        let alone = matches!(self.kind, Kind::Direct { .. }) || self.places.len() == 1;
        if alone || self.rules.policy.then == Consequence::EndCall {
            self.record.left(now, id, left);
            return self.end(now, ended, None);
        }
        self.remove(now, session, left, true)
    }

    pub(super) fn lost(
        &mut self,
        now: u64,
        sender: Sender,
        last_heard_unix_ms: u64,
        cause: OutageCause,
    ) -> Vec<Effect> {
        let others = self.all_but(sender.session);
        let (call, away_ms) = (self.id, self.rules.policy.away_ms);
        let Some(place) = self.place_mut(sender.session) else { return Vec::new() };
        if sender.attachment < place.attachment {
            return Vec::new();
        }
        let participant = place.told.id;
        let (absence, again) = match place.standing {
            Standing::Away(_) => return Vec::new(),
            Standing::Returned(absence) => (Absence { tried: true, ..absence }, true),
            Standing::Connected => {
                let deadline_unix_ms = now.saturating_add(away_ms);
                let since_unix_ms = last_heard_unix_ms.min(now);
                (Absence { since_unix_ms, noticed_unix_ms: now, deadline_unix_ms, tried: false }, false)
            }
        };
        place.standing = Standing::Away(absence);
        place.alive.clear();
        self.dirty = true;
        if again {
            self.record.away_again(participant);
        } else {
            self.record.away(participant, absence.since_unix_ms, cause);
        }
        if self.places.iter().filter(|place| place.is_connected()).count() == 1 {
            // Since then at most one was really there.
            self.talk.stop(last_heard_unix_ms.min(now));
        }
        let Absence { since_unix_ms, deadline_unix_ms, .. } = absence;
        let ms_left = deadline_unix_ms.saturating_sub(now);
        let news = HubFrame::PeerDisconnected { call, participant, since_unix_ms, deadline_unix_ms, ms_left };
        tell(others, news).into_iter().collect()
    }

    pub(super) fn back(&mut self, now: u64, sender: Sender) -> Vec<Effect> {
        let others = self.all_but(sender.session);
        let call = self.id;
        let Some(place) = self.place_mut(sender.session) else { return Vec::new() };
        if sender.attachment < place.attachment {
            return Vec::new();
        }
        let new_instance = place.instance != sender.instance;
        let absence = place.absence();
        if new_instance || absence.is_some() || sender.attachment > place.attachment {
            self.dirty = true;
        }
        let Some(place) = self.place_mut(sender.session) else { return Vec::new() };
        place.attachment = sender.attachment;
        place.instance = sender.instance;
        place.told.incarnation += u32::from(new_instance);
        if let Some(absence) = absence {
            place.standing = Standing::Returned(absence);
            place.alive.clear();
        }
        let mut effects = Vec::new();
        if new_instance || absence.is_some() {
            place.told.reconnect_count += 1;
            let told = place.told.clone();
            let news = HubFrame::PeerReconnected {
                call,
                participant: told.id,
                incarnation: told.incarnation,
                reconnect_count: told.reconnect_count,
                away_ms: absence.map_or(0, |absence| now.saturating_sub(absence.since_unix_ms)),
            };
            if absence.is_none() {
                // Nobody was away; that another page or process took the place is in the log all the same.
                self.record.away(told.id, now, OutageCause::Takeover);
            }
            self.record.back(now, &told);
            effects.extend(tell(others, news));
        }
        if let Some(you) = self.place(sender.session).map(|place| place.told.id) {
            let snapshot = self.snapshot(now, you);
            effects.push(Effect::Resync { to: sender.session, snapshot, new_instance });
        }
        effects
    }

    pub(super) fn confirmed(&mut self, sender: Sender) {
        let Some(place) = self.place_mut(sender.session) else { return };
        if sender.attachment >= place.attachment && matches!(place.standing, Standing::Returned(_)) {
            place.standing = Standing::Connected;
            self.dirty = true;
        }
    }

    pub(super) fn media_alive(&mut self, now: u64, sender: Sender, participants: &[ParticipantId]) {
        let Some(by) = self.place(sender.session) else { return };
        if !by.is_connected() || by.instance != sender.instance {
            return;
        }
        let by = by.told.id;
        for place in self.places.iter_mut().filter(|place| participants.contains(&place.told.id)) {
            if place.told.id != by && place.absence().is_some() {
                place.alive.insert(by, now.saturating_add(MEDIA_ALIVE_MS));
            }
        }
    }

    pub(super) fn rejoin(&mut self, now: u64, newcomer: Newcomer) -> Vec<Effect> {
        let (to, command) = (newcomer.sender.session, newcomer.command);
        if let Some(place) = self.place(to) {
            if newcomer.sender.attachment < place.attachment {
                return Vec::new();
            }
            let mut effects = self.back(now, newcomer.sender);
            effects.extend(self.joined_already(now, &newcomer).into_iter().flatten());
            return effects;
        }
        if !self.is_of(newcomer.user) {
            return vec![self.unknown(&newcomer)];
        }
        match (self.phase, &self.kind) {
            (Phase::Ended { reason, .. }, _) => {
                let frame = HubFrame::CallOver { in_reply_to: command, call: self.id, reason };
                vec![Effect::Tell { to: vec![to], frame }]
            }
            (Phase::Active { .. }, Kind::Room { .. }) => self.admit(now, newcomer),
            _ => {
                let message = "another device is in this call, or it was not accepted".to_owned();
                vec![Effect::Refuse { to, command, code: ErrorCode::NotInCall, message }]
            }
        }
    }

    /// The absent participant whose seat somebody else may have: who is away the longest, when that is long enough.
    pub(super) fn seat_to_give_away(&self, now: u64) -> Option<SessionId> {
        let kept_ms = self.rules.seat_kept_ms;
        let away = |place: &Place| Some((place.absence()?.noticed_unix_ms, place.session));
        let (since, session) = self.places.iter().filter_map(away).min()?;
        (now.saturating_sub(since) >= kept_ms).then_some(session)
    }
}
