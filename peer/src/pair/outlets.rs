//! Where media goes out: the outlets of all connections, by participant.

use crate::{
    media::{Frame, Section},
    rtc::Outlet,
};
use holdfast_protocol::{ConnectionId, ParticipantId};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// As many entries as there are pairs.
#[derive(Default)]
pub struct Outlets(Mutex<BTreeMap<ParticipantId, (ConnectionId, Outlet)>>);

impl Outlets {
    /// Hands a frame to everyone's connection. Never waits.
    pub fn send(&self, section: Section, frame: &Frame) {
        for (_, outlet) in self.lock().values() {
            outlet.send(section, frame.clone());
        }
    }

    /// Hands a frame to one participant's connection. Never waits.
    pub fn send_to(&self, participant: ParticipantId, section: Section, frame: Frame) {
        if let Some((_, outlet)) = self.lock().get(&participant) {
            outlet.send(section, frame);
        }
    }

    pub(super) fn put(&self, participant: ParticipantId, connection: ConnectionId, outlet: Outlet) {
        self.lock().insert(participant, (connection, outlet));
    }

    pub(super) fn remove(&self, participant: ParticipantId, connection: ConnectionId) {
        let mut outlets = self.lock();
        if outlets.get(&participant).is_some_and(|(current, _)| *current == connection) {
            outlets.remove(&participant);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ParticipantId, (ConnectionId, Outlet)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
