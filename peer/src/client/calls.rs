//! The client's call: what it wants to be in, who is in it, and the pairs with them. Used only by the client's task.

use crate::{
    environment::Clock,
    event::{Event, EventSink, Gone},
    pair::{Pair, Shared, ToPair},
    roster::{Change, Roster},
};
use holdfast_protocol::{CallSnapshot, HubFrame, ParticipantId, timing::RESUME_WINDOW_MS};
use std::collections::BTreeMap;

/// The pairs of a call.
pub(super) struct Calls {
    shared: Shared,
    roster: Option<Roster>,
    pairs: BTreeMap<ParticipantId, Pair>,
    /// Pairs of a call that the hub has forgotten. Their media goes on until the new call has taken over.
    orphans: Vec<Pair>,
    orphans_end_ms: Option<u64>,
}

impl Calls {
    pub(super) fn new(shared: Shared) -> Self {
        Self { shared, roster: None, pairs: BTreeMap::new(), orphans: vec![], orphans_end_ms: None }
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
        self.orphans_end_ms
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

    /// The hub has forgotten the call: the pairs live on without signals, until [`Calls::superseded`].
    pub(super) fn orphan(&mut self) {
        self.roster = None;
        self.orphans.extend(std::mem::take(&mut self.pairs).into_values());
        if !self.orphans.is_empty() {
            self.orphans_end_ms = Some(self.shared.clock.now_ms() + RESUME_WINDOW_MS);
        }
    }

    /// A pair stands: the forgotten pair with the same user, who may have got another id, is not needed any more.
    pub(super) fn superseded(&mut self, by: ParticipantId) {
        let Some(pair) = self.pairs.get(&by) else { return };
        let (user, name) = (pair.participant.user, pair.participant.name.clone());
        let same_user = self.orphans.iter().position(|orphan| orphan.participant.user == user);
        let same =
            same_user.or_else(|| self.orphans.iter().position(|orphan| orphan.participant.name == name));
        if let Some(id) = same.map(|place| self.orphans[place].participant.id) {
            self.end_orphans(|orphan| orphan.participant.id == id);
        }
    }

    pub(super) fn tick(&mut self, clock: Clock) {
        if self.orphans_end_ms.is_some_and(|end_ms| clock.now_ms() >= end_ms) {
            self.end_orphans(|_| true);
        }
    }

    fn end_orphans(&mut self, which: impl Fn(&Pair) -> bool) {
        for orphan in self.orphans.extract_if(.., |orphan| which(orphan)) {
            close(&self.shared.events, &orphan, Gone::Replaced);
        }
        if self.orphans.is_empty() {
            self.orphans_end_ms = None;
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
    pair.tell(ToPair::Close);
}
