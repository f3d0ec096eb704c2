//! What must hold after every event.

use super::{
    Step, World,
    client::{Belief, Roster},
};
use crate::call::{
    core::{Call, Phase},
    event::{Relay, Sender},
    place::Place,
};
use holdfast_protocol::{
    CallId, Consequence, ParticipantId, ParticipantState, Presence, UserId, policy::MEDIA_ALIVE_MS,
};
use std::collections::{BTreeMap, BTreeSet};

impl World {
    /// Holds everything against the rules.
    pub(crate) fn check(&mut self) {
        if self.stalled {
            return;
        }
        let ids: Vec<CallId> = self.calls.keys().copied().collect();
        for id in ids {
            self.check_beliefs(id);
            self.check_relay(id);
            self.check_deadlines(id);
            self.check_log(id);
        }
        for user in self.users.clone() {
            self.check_user(user);
        }
        let (calls, now) = (&self.calls, self.now);
        for client in &self.clients {
            let rings = |call: &Call| call.callee() == Some(client.user) && call.incoming(now).is_some();
            let rings: BTreeSet<CallId> =
                calls.values().filter(|(_, call)| rings(call)).map(|(_, call)| call.id()).collect();
            assert_eq!(client.ringing, rings, "what rings");
        }
    }

    /// Each client's roster is the hub's.
    fn check_beliefs(&self, id: CallId) {
        let call = &self.calls[&id].1;
        assert!(call.len() <= super::CAP as usize);
        assert!(!call.is_over() || call.len() == 0, "somebody is in a call that is over");
        let mut places = 0;
        for client in &self.clients {
            let snapshot = call.snapshot_for(self.now, client.sender.session);
            let Some((me, roster)) = client.places.get(&id) else {
                assert!(snapshot.is_none(), "a place that nobody knows of");
                continue;
            };
            places += 1;
            let snapshot = snapshot.expect("a place that is not there");
            let not_me = |roster: Roster| -> BTreeMap<_, Belief> {
                roster.into_iter().filter(|(participant, _)| participant != me).collect()
            };
            let truth = snapshot.participants.iter().map(|told| (told.id, told.into())).collect();
            assert_eq!(not_me(roster.clone()), not_me(truth), "rosters differ at {}", self.now);
            let told =
                snapshot.participants.iter().find(|told| told.id == *me).expect("it is in its own call");
            assert_eq!(told.state == ParticipantState::Connected, client.connected);
            if let (Some(deadline), ParticipantState::TemporarilyDisconnected { deadline_unix_ms, .. }) =
                (client.trials.get(&id), told.state)
            {
                assert_eq!(*deadline, deadline_unix_ms, "a return that did not count gave more time");
            }
        }
        assert_eq!(call.len(), places);
    }

    /// Signals go to participants of the same call, and to no others.
    fn check_relay(&self, id: CallId) {
        let call = &self.calls[&id].1;
        for client in &self.clients {
            let mine = client.places.get(&id);
            for (other, (to, _)) in self.clients.iter().filter_map(|c| Some((c, c.places.get(&id)?))) {
                let sent = |incarnation| call.relay(client.sender, *to, incarnation);
                let Some((me, roster)) = mine else {
                    assert!(matches!(sent(1), Relay::Refuse(_)), "a stranger's signal");
                    continue;
                };
                if me == to {
                    continue;
                }
                let believed = call.place(other.sender.session).expect("in the call").told.incarnation;
                assert!(roster.contains_key(to));
                assert!(
                    matches!(sent(believed), Relay::Deliver { to: s, from, .. } if s == other.sender.session && from == *me)
                );
                assert_eq!(sent(believed + 1), Relay::Stale);
                let late = Sender { instance: other.sender.instance, ..client.sender };
                assert_eq!(call.relay(late, *to, believed), Relay::Stale, "another instance's signal");
            }
        }
    }

    /// Nothing is overdue, but for media that flows, or while everyone is away and the call waits.
    fn check_deadlines(&mut self, id: CallId) {
        let now = self.now;
        let call = &mut self.calls.get_mut(&id).expect("ours").1;
        assert!(call.next_deadline_unix_ms().is_none_or(|at| at > now), "a deadline was missed");
        assert!(!call.places.iter().any(|place| is_overdue(&self.reports, call, place, now)), "overdue");
        let before = call.clone();
        assert_eq!(call.apply(now, super::Event::Tick), vec![], "not all was done at once");
        assert_eq!(before.next_deadline_unix_ms(), call.next_deadline_unix_ms());
    }

    /// The calls in which it is too late for a client to come back.
    pub(super) fn overdue(&self, who: usize) -> Vec<CallId> {
        let session = self.clients[who].sender.session;
        let calls = self.clients[who].places.keys().copied();
        let is = |id: &CallId| {
            let call = &self.calls[id].1;
            call.place(session).is_some_and(|place| is_overdue(&self.reports, call, place, self.now))
        };
        calls.filter(is).collect()
    }

    /// The log says what happened.
    fn check_log(&self, id: CallId) {
        let call = &self.calls[&id].1;
        let stored = call.stored();
        assert_eq!(stored.log.reason, self.ended.get(&id).copied());
        assert!(stored.log.reason.is_none() || stored.claims.is_empty(), "engaged in a call that is over");
        let open = stored.log.participants.iter().filter(|entry| entry.left_unix_ms.is_none()).count();
        assert_eq!(open, call.len(), "participations that are not over");
        for entry in &stored.log.participants {
            let outages = entry.outages.iter().filter(|outage| outage.until_unix_ms.is_none()).count();
            let away = call.places.iter().any(|place| place.told.id == entry.id && !place.is_connected());
            assert_eq!(outages, usize::from(away), "outages that are not over");
        }
        if let (Some(active), ended) = (stored.log.active_unix_ms, stored.log.ended_unix_ms) {
            assert!(stored.log.talk_ms <= ended.unwrap_or(self.now) - active, "more talk than time");
        }
    }

    /// One direct call at most, and a presence that says what the calls say.
    fn check_user(&self, user: UserId) {
        let direct = self.calls.values().filter(|(_, call)| call.claims().contains(&user));
        let direct: Vec<CallId> = direct.map(|(_, call)| call.id()).collect();
        assert!(direct.len() <= 1, "two direct calls");
        assert_eq!(self.claim(user), direct.first().copied(), "claimed in the store");
        let shares = self.calls.values().flat_map(|(_, call)| call.shares());
        let shares: Vec<Presence> =
            shares.filter(|share| share.user == user).map(|share| share.presence).collect();
        let devices = self.clients.iter().filter(|client| client.user == user);
        let (mut there, mut away) = (false, false);
        for device in devices {
            there |= device.connected && !device.places.is_empty();
            away |= !device.connected && !device.places.is_empty();
        }
        assert_eq!(shares.is_empty(), !there && !away && !self.is_called(user));
        assert!(!shares.contains(&Presence::InCall) || there, "in a call without being there");
        assert!(!shares.contains(&Presence::Reconnecting) || away, "away without being away");
    }

    fn is_called(&self, user: UserId) -> bool {
        self.calls.values().any(|(_, call)| call.callee() == Some(user) && call.incoming(self.now).is_some())
    }

    /// Before a return: the deadlines that stay if it does not count.
    pub(super) fn note_trials(&mut self, who: usize) {
        let (calls, client) = (&self.calls, &mut self.clients[who]);
        for id in client.places.keys() {
            let absence = calls[id].1.place(client.sender.session).and_then(Place::absence);
            if let Some(absence) = absence {
                client.trials.insert(*id, absence.deadline_unix_ms);
            }
        }
    }

    /// Only for tests that look closer.
    #[cfg(test)]
    pub(crate) fn run(&mut self, steps: &[(usize, Step)]) {
        for (who, step) in steps {
            self.take(*who, step);
            self.check();
        }
    }
}

/// Whether a place is to be given up: but not while media flows, as somebody connected has said, nor while everyone is
/// away and the call waits.
fn is_overdue(reports: &[(u64, ParticipantId, ParticipantId)], call: &Call, place: &Place, now: u64) -> bool {
    let Some(absence) = place.absence().filter(|absence| absence.deadline_unix_ms <= now) else {
        return false;
    };
    let connected = |by| call.places.iter().any(|place| place.told.id == by && place.is_connected());
    let waits = !call.places.iter().any(Place::is_connected)
        && call.rules.policy.then == Consequence::Leave
        && matches!(call.phase, Phase::Active { .. });
    let alive = reports.iter().any(|(at, by, with)| {
        let recent = now < at + MEDIA_ALIVE_MS && *at >= absence.noticed_unix_ms;
        *with == place.told.id && recent && connected(*by)
    });
    !waits && !alive
}
