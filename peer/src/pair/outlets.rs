//! Where media goes out: the outlets of all connections, by participant.

use super::Life;
use crate::{
    media::{Frame, Section},
    rtc::Outlet,
};
use holdfast_protocol::ParticipantId;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// As many entries as there are pairs.
#[derive(Default)]
pub struct Outlets(Mutex<Slots<Outlet>>);

impl Outlets {
    /// Hands a frame to everyone's connection. Never waits.
    pub fn send(&self, section: Section, frame: &Frame) {
        for (_, outlet) in self.lock().0.values() {
            outlet.send(section, frame.clone());
        }
    }

    /// Hands a frame to one participant's connection. Never waits.
    pub fn send_to(&self, participant: ParticipantId, section: Section, frame: Frame) {
        if let Some((_, outlet)) = self.lock().0.get(&participant) {
            outlet.send(section, frame);
        }
    }

    pub(super) fn put(&self, participant: ParticipantId, owner: &Arc<Life>, outlet: Outlet) {
        self.lock().put(participant, owner, outlet);
    }

    pub(super) fn remove(&self, participant: ParticipantId, owner: &Arc<Life>) {
        self.lock().remove(participant, owner);
    }

    fn lock(&self) -> MutexGuard<'_, Slots<Outlet>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One slot per participant, for its current pair alone: the one before may still be at work.
struct Slots<T>(BTreeMap<ParticipantId, (Arc<Life>, T)>);

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Slots<T> {
    fn put(&mut self, participant: ParticipantId, owner: &Arc<Life>, value: T) {
        if owner.is_current() {
            self.0.insert(participant, (owner.clone(), value));
        }
    }

    fn remove(&mut self, participant: ParticipantId, owner: &Arc<Life>) {
        if self.0.get(&participant).is_some_and(|(current, _)| Arc::ptr_eq(current, owner)) {
            self.0.remove(&participant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_that_was_replaced_neither_takes_nor_empties_the_slot() {
        let id = "0000b0b0-0000-4000-8000-000000000002".parse().unwrap();
        let (old, new) = (Arc::<Life>::default(), Arc::<Life>::default());
        let mut slots = Slots::default();
        slots.put(id, &old, "old");
        old.replaced();
        slots.put(id, &new, "new");
        slots.put(id, &old, "old again");
        slots.remove(id, &old);
        assert_eq!(slots.0.get(&id).map(|(_, value)| *value), Some("new"));
        slots.remove(id, &new);
        assert!(slots.0.is_empty());
    }
}
