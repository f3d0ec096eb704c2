//! The client's call: what it wants to be in, who is in it, and the pairs with them. Used only by the client's task.

use crate::{
    event::{Event, EventSink, Gone},
    pair::{Flow, Pair, Shared, ToPair},
    roster::{Change, PARTICIPANTS_MAX, Roster},
};
use holdfast_protocol::{
    CallSnapshot, ClientFrame, HubFrame, Participant, ParticipantId, ParticipantState,
    policy::MEDIA_ALIVE_INTERVAL_MS,
};
use std::collections::BTreeMap;

/// The pairs of a call.
pub(super) struct Calls {
    shared: Shared,
    roster: Option<Roster>,
    pairs: BTreeMap<ParticipantId, Pair>,
    /// Pairs of a place that is lost with its session: the new place has another id, so nothing said by the hub is about
    /// them. Their media goes on until the new pairs have taken over, or as long as any flows.
    orphans: Vec<Pair>,
    /// When next to report media that flows with someone who is away.
    alive_at_ms: u64,
}

impl Calls {
    pub(super) fn new(shared: Shared) -> Self {
        Self { shared, roster: None, pairs: BTreeMap::new(), orphans: vec![], alive_at_ms: 0 }
    }

    pub(super) fn roster(&self) -> Option<&Roster> {
        self.roster.as_ref()
    }

    pub(super) fn pair(&self, participant: ParticipantId) -> Option<&Pair> {
        self.pairs.get(&participant)
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.values().chain(&self.orphans)
    }

    /// When to call [`Calls::tick`], if at all.
    pub(super) fn deadline_ms(&self) -> Option<u64> {
        self.away_and_alive().next().is_some().then_some(self.alive_at_ms)
    }

    /// What the hub must hear now: with whom media flows although they are away.
    pub(super) fn tick(&mut self) -> Option<ClientFrame> {
        let now_ms = self.shared.clock.now_ms();
        let participants: Vec<_> = self.away_and_alive().collect();
        if participants.is_empty() || now_ms < self.alive_at_ms {
            return None;
        }
        self.alive_at_ms = now_ms + MEDIA_ALIVE_INTERVAL_MS;
        Some(ClientFrame::MediaAlive { call: self.roster.as_ref()?.call(), participants })
    }

    fn away_and_alive(&self) -> impl Iterator<Item = ParticipantId> {
        let others = self.roster.iter().flat_map(Roster::others);
        let away = others.filter(|other| other.state != ParticipantState::Connected);
        away.map(|other| other.id)
            .filter(|id| self.pairs.get(id).is_some_and(|pair| pair.flow() == Flow::Both))
    }

    /// The flow of a pair has changed.
    pub(super) fn flowed(&mut self) {
        self.end_orphans(|orphan| orphan.flow() == Flow::None);
    }

    /// Takes the hub's picture of the call: a new one, or the same one again.
    pub(super) fn sync(&mut self, snapshot: &CallSnapshot) {
        let changes = match &mut self.roster {
            Some(roster) if roster.call() == snapshot.id && roster.you() == snapshot.you => {
                roster.resync(snapshot)
            }
            _ => {
                self.orphan();
                let (roster, changes) = Roster::new(snapshot);
                self.roster = Some(roster);
                changes
            }
        };
        self.apply(changes);
    }

    /// Takes one frame of the call.
    pub(super) fn frame(&mut self, frame: HubFrame) {
        let Some(roster) = &mut self.roster else { return };
        if let HubFrame::Signal { call, from, from_incarnation, to_incarnation, signal } = frame {
            let current = call == roster.call()
                && to_incarnation == roster.incarnation()
                && roster.get(from).is_some_and(|participant| participant.incarnation == from_incarnation);
            if let Some(pair) = self.pairs.get(&from).filter(|_| current) {
                pair.tell(ToPair::Signal(signal));
            }
            return;
        }
        let changes = roster.apply(&frame);
        self.apply(changes);
    }

    /// The place is lost: the pairs that carry something live on without signals, until [`Calls::superseded`] or until
    /// they carry nothing any more.
    fn orphan(&mut self) {
        self.roster = None;
        for pair in std::mem::take(&mut self.pairs).into_values() {
            if pair.flow() == Flow::None {
                close(&self.shared.events, &pair, Gone::Replaced);
            } else {
                pair.orphan();
                self.orphans.push(pair);
            }
        }
        // A place that is lost again and again leaves no more than one call's worth.
        let surplus = self.orphans.len().saturating_sub(PARTICIPANTS_MAX);
        for pair in self.orphans.drain(..surplus) {
            pair.close();
        }
    }

    /// A pair stands: the forgotten pair with the same user, who may have got another id, is not needed any more.
    pub(super) fn superseded(&mut self, by: ParticipantId) {
        let Some(pair) = self.pairs.get(&by) else { return };
        let by = pair.participant.clone();
        // An orphan whose own id is there again waits for that one.
        let waiting = |id: &ParticipantId| *id == by.id || !self.pairs.contains_key(id);
        let orphans = self.orphans.iter().map(|orphan| &orphan.participant);
        let orphans: Vec<_> = orphans.filter(|participant| waiting(&participant.id)).collect();
        if let Some(id) = replaced_by(&by, &orphans) {
            self.end_orphans(|orphan| orphan.participant.id == id);
        }
    }

    fn end_orphans(&mut self, which: impl Fn(&Pair) -> bool) {
        for pair in self.orphans.extract_if(.., |orphan| which(orphan)) {
            if self.pairs.contains_key(&pair.participant.id) {
                // The participant is still there: only this client's own place was lost.
                pair.close();
            } else {
                close(&self.shared.events, &pair, Gone::Replaced);
            }
        }
    }

    /// Tells every pair; the forgotten ones know nothing of a hub that came back.
    pub(super) fn tell_all(&self, message: impl Fn() -> ToPair) {
        for pair in self.pairs.values() {
            pair.tell(message());
        }
    }

    /// Ends every pair.
    pub(super) fn end(&mut self, reason: Gone) {
        self.end_orphans(|_| true);
        for pair in std::mem::take(&mut self.pairs).into_values() {
            close(&self.shared.events, &pair, reason);
        }
        self.roster = None;
    }

    fn events(&self) -> &EventSink {
        &self.shared.events
    }

    fn apply(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Joined(participant) => {
                    self.events().emit(Event::PeerJoined(participant.clone()));
                    self.start(participant);
                }
                Change::Away { participant, since_unix_ms, deadline_unix_ms, ms_left } => {
                    self.events().emit(Event::PeerDisconnected {
                        participant,
                        since_unix_ms,
                        deadline_unix_ms,
                        ms_left,
                    });
                    self.tell(participant, ToPair::PeerAway);
                }
                Change::Back { participant, new_instance, away_ms } => {
                    let Participant { id, incarnation, reconnect_count, .. } = participant;
                    self.events().emit(Event::PeerReconnected {
                        participant: id,
                        incarnation,
                        reconnect_count,
                        away_ms,
                    });
                    if new_instance {
                        if let Some(old) = self.pairs.remove(&id) {
                            old.close();
                        }
                        self.start(participant);
                    } else {
                        self.tell(id, ToPair::PeerBack);
                    }
                }
                Change::Media { participant, media } => {
                    self.events().emit(Event::PeerMedia { participant, media });
                    self.tell(participant, ToPair::Media(media));
                }
                Change::Left { participant, reason } => {
                    if let Some(pair) = self.pairs.remove(&participant) {
                        close(&self.shared.events, &pair, Gone::from(reason));
                    }
                }
            }
        }
    }

    fn start(&mut self, participant: Participant) {
        if let Some(you) = self.roster.as_ref().map(Roster::you) {
            self.pairs.insert(participant.id, Pair::start(&self.shared, you, participant));
        }
    }

    fn tell(&self, participant: ParticipantId, message: ToPair) {
        if let Some(pair) = self.pairs.get(&participant) {
            pair.tell(message);
        }
    }
}

fn close(events: &EventSink, pair: &Pair, reason: Gone) {
    events.emit(Event::PeerLeft { participant: pair.participant.id, reason });
    pair.close();
}

/// Which of the forgotten participants is `by` again: the one with its id; or else the only one of its user; or else
/// the only one of its name. Nobody in doubt: the time of each orphan is limited anyway.
fn replaced_by(by: &Participant, orphans: &[&Participant]) -> Option<ParticipantId> {
    let only = |same: &dyn Fn(&Participant) -> bool| {
        let mut ids: Vec<_> = orphans.iter().filter(|orphan| same(orphan)).map(|orphan| orphan.id).collect();
        ids.dedup();
        if let [id] = ids[..] { Some(id) } else { None }
    };
    only(&|orphan| orphan.id == by.id)
        .or_else(|| only(&|orphan| orphan.user == by.user))
        .or_else(|| only(&|orphan| orphan.name == by.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn someone(id: u32, user: u32, name: &str) -> Participant {
        let file = include_str!("../../../tests/vectors/wire/hub/peer-joined.json");
        let HubFrame::PeerJoined { participant, .. } = serde_json::from_str(file).unwrap() else { panic!() };
        Participant {
            id: format!("{id:08x}-0000-4000-8000-000000000001").parse().unwrap(),
            user: format!("{user:08x}-0000-4000-8000-000000000002").parse().unwrap(),
            name: holdfast_protocol::DisplayName::new(name).unwrap(),
            ..participant
        }
    }

    #[test]
    fn only_the_forgotten_participant_that_is_surely_the_same_is_replaced() {
        let tabs = [someone(1, 1, "Ada"), someone(2, 1, "Ada"), someone(3, 3, "Bob"), someone(4, 4, "Eve")];
        let orphans: Vec<_> = tabs.iter().collect();
        let replaced = |by: Participant| replaced_by(&by, &orphans);
        assert_eq!(replaced(someone(2, 1, "Ada")), Some(tabs[1].id), "the same id goes first");
        assert_eq!(replaced(someone(9, 1, "Ada")), None, "one of two tabs");
        assert_eq!(replaced(someone(9, 3, "Robert")), Some(tabs[2].id), "the only one of its user");
        assert_eq!(replaced(someone(9, 9, "Eve")), Some(tabs[3].id), "the only one of its name");
        assert_eq!(replaced(someone(9, 9, "Ada")), None, "one of two names");
    }
}
