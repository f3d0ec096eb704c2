//! The client's call: what it wants to be in, who is in it, and the pairs with them. Used only by the client's task.

use crate::{
    environment::Clock,
    event::{Event, EventSink, Gone},
    pair::{Pair, Shared, ToPair},
    roster::{Change, Roster},
};
use holdfast_protocol::{CallSnapshot, HubFrame, Participant, ParticipantId};

/// How long the connections of a hub that forgot everything wait for their successors.
const RESUME_WINDOW_MS: u64 = 30_000;
use std::collections::BTreeMap;

/// The pairs of a call.
pub(super) struct Calls {
    shared: Shared,
    roster: Option<Roster>,
    pairs: BTreeMap<ParticipantId, Pair>,
    /// Pairs of a call that the hub has forgotten. Their media goes on until the new call has taken over.
    orphans: Vec<Orphan>,
}

struct Orphan {
    pair: Pair,
    end_ms: u64,
}

impl Calls {
    pub(super) fn new(shared: Shared) -> Self {
        Self { shared, roster: None, pairs: BTreeMap::new(), orphans: vec![] }
    }

    pub(super) fn roster(&self) -> Option<&Roster> {
        self.roster.as_ref()
    }

    pub(super) fn pair(&self, participant: ParticipantId) -> Option<&Pair> {
        self.pairs.get(&participant)
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.values().chain(self.orphans.iter().map(|orphan| &orphan.pair))
    }

    /// When to call [`Calls::tick`], if at all.
    pub(super) fn deadline_ms(&self) -> Option<u64> {
        self.orphans.iter().map(|orphan| orphan.end_ms).min()
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

    /// The hub has forgotten the call: the pairs that carry something live on without signals, until
    /// [`Calls::superseded`] or their time is up.
    pub(super) fn orphan(&mut self) {
        self.roster = None;
        let end_ms = self.shared.clock.now_ms() + RESUME_WINDOW_MS;
        for pair in std::mem::take(&mut self.pairs).into_values() {
            if pair.stood {
                pair.orphan();
                self.orphans.push(Orphan { pair, end_ms });
            } else {
                close(&self.shared.events, &pair, Gone::Replaced);
            }
        }
    }

    /// A pair stands: the forgotten pair with the same user, who may have got another id, is not needed any more.
    pub(super) fn superseded(&mut self, by: ParticipantId) {
        let Some(pair) = self.pairs.get_mut(&by) else { return };
        pair.stood = true;
        let by = pair.participant.clone();
        // An orphan whose own id is there again waits for that one.
        let waiting = |id: &ParticipantId| *id == by.id || !self.pairs.contains_key(id);
        let orphans = self.orphans.iter().map(|orphan| &orphan.pair.participant);
        let orphans: Vec<_> = orphans.filter(|participant| waiting(&participant.id)).collect();
        if let Some(id) = replaced_by(&by, &orphans) {
            self.end_orphans(|orphan| orphan.pair.participant.id == id);
        }
    }

    pub(super) fn tick(&mut self, clock: Clock) {
        let now_ms = clock.now_ms();
        self.end_orphans(|orphan| now_ms >= orphan.end_ms);
    }

    fn end_orphans(&mut self, which: impl Fn(&Orphan) -> bool) {
        for Orphan { pair, .. } in self.orphans.extract_if(.., |orphan| which(orphan)) {
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
    pub(super) fn end(&mut self) {
        self.end_orphans(|_| true);
        for pair in std::mem::take(&mut self.pairs).into_values() {
            close(&self.shared.events, &pair, Gone::SelfLeft);
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
                    let Some(you) = self.roster.as_ref().map(Roster::you) else { return };
                    self.events().emit(Event::PeerJoined(participant.clone()));
                    let id = participant.id;
                    self.pairs.insert(id, Pair::start(&self.shared, you, participant));
                }
                Change::Away { participant, ms_left } => {
                    self.events().emit(Event::PeerAway { participant, ms_left });
                    self.tell(participant, ToPair::PeerAway);
                }
                Change::Back { participant } => {
                    self.events().emit(Event::PeerBack { participant });
                    self.tell(participant, ToPair::PeerBack);
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
