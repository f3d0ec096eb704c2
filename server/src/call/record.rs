//! What the log will say of a call, written as it goes on. Bounded: of many participations and outages the latest.

use holdfast_protocol::{
    LeaveReason, LoggedParticipant, Outage, OutageCause, Participant, ParticipantId, UserId,
};
use std::collections::BTreeSet;

/// Participations that are kept.
pub(super) const PARTICIPANTS_MAX: usize = 64;
/// Outages that are kept of each.
pub(super) const OUTAGES_MAX: usize = 16;

/// Users who are remembered beyond what is kept of their participations. Each commit writes them all.
pub(super) const USERS_MAX: usize = 256;

/// Who took part.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// Whose call it is: of more than so many, the first, and those whose participations are kept.
    pub(super) users: BTreeSet<UserId>,
    /// In order of joining.
    pub(super) participants: Vec<LoggedParticipant>,
    /// Participations that were dropped.
    pub(super) omitted: u32,
}

impl Record {
    /// Somebody takes a place. The oldest that has left makes room.
    pub(super) fn joined(&mut self, now: u64, told: &Participant) {
        if self.participants.len() >= PARTICIPANTS_MAX
            && let Some(oldest) = self.participants.iter().position(|entry| entry.left_unix_ms.is_some())
        {
            self.participants.remove(oldest);
            self.omitted += 1;
        }
        if self.users.len() < USERS_MAX {
            self.users.insert(told.user);
        }
        self.participants.push(LoggedParticipant {
            id: told.id,
            user: told.user,
            name: told.name.clone(),
            role: told.role,
            incarnation: told.incarnation,
            reconnect_count: told.reconnect_count,
            joined_unix_ms: now,
            left_unix_ms: None,
            left_reason: None,
            outages: Vec::new(),
            outages_omitted: 0,
        });
    }

    /// An outage begins.
    pub(super) fn away(&mut self, id: ParticipantId, since_unix_ms: u64, cause: OutageCause) {
        let Some(entry) = self.entry(id) else { return };
        if entry.outages.len() >= OUTAGES_MAX {
            entry.outages.remove(0);
            entry.outages_omitted += 1;
        }
        // When the hub was last alive is known to a second only.
        let since_unix_ms = since_unix_ms.max(entry.joined_unix_ms);
        entry.outages.push(Outage { since_unix_ms, until_unix_ms: None, cause, returned: false });
    }

    /// The outage is over, as far as one can see.
    pub(super) fn back(&mut self, now: u64, told: &Participant) {
        let Some(entry) = self.entry(told.id) else { return };
        entry.incarnation = told.incarnation;
        entry.reconnect_count = told.reconnect_count;
        if let Some(outage) = entry.outages.last_mut() {
            outage.until_unix_ms = Some(now);
            outage.returned = true;
        }
    }

    /// The return came to nothing: the outage goes on.
    pub(super) fn away_again(&mut self, id: ParticipantId) {
        if let Some(outage) = self.entry(id).and_then(|entry| entry.outages.last_mut()) {
            outage.until_unix_ms = None;
            outage.returned = false;
        }
    }

    /// A participation is over.
    pub(super) fn left(&mut self, now: u64, id: ParticipantId, reason: LeaveReason) {
        let Some(entry) = self.entry(id) else { return };
        if entry.left_unix_ms.is_some() {
            return;
        }
        entry.left_unix_ms = Some(now);
        entry.left_reason = Some(reason);
        for outage in entry.outages.iter_mut().filter(|outage| outage.until_unix_ms.is_none()) {
            outage.until_unix_ms = Some(now);
        }
    }

    /// Everyone who took part.
    pub(super) fn users(&self) -> BTreeSet<UserId> {
        self.participants.iter().map(|entry| entry.user).chain(self.users.iter().copied()).collect()
    }

    fn entry(&mut self, id: ParticipantId) -> Option<&mut LoggedParticipant> {
        self.participants.iter_mut().rev().find(|entry| entry.id == id)
    }
}
