//! A call as others see it: snapshots for its participants, shares in the presence of its users.

use super::core::{Call, Kind, Phase};
use holdfast_protocol::{
    CallId, CallKind, CallSnapshot, CallState, EndReason, IncomingCall, ParticipantId, Presence, RoomName,
    SessionId, UserId,
};

/// What a call makes of one of its users.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Share {
    /// The user.
    pub(crate) user: UserId,
    /// In this call.
    pub(crate) presence: Presence,
    /// What a device of theirs that connects now is told. Its `ms_left` is what it was at first.
    pub(crate) incoming: Option<IncomingCall>,
}

impl Call {
    /// Its id.
    pub(crate) fn id(&self) -> CallId {
        self.id
    }

    /// The name it was joined by, if it is a room's.
    pub(crate) fn room_name(&self) -> Option<&RoomName> {
        match &self.kind {
            Kind::Room { name } => Some(name),
            Kind::Direct { .. } => None,
        }
    }

    /// Whether nothing can happen in it any more, or nothing has happened yet.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Ended { .. } | Phase::Empty)
    }

    /// Why it ended, once it has.
    pub(crate) fn reason(&self) -> Option<EndReason> {
        match self.phase {
            Phase::Ended { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// Whether `session` has a place in it.
    pub(crate) fn has(&self, session: SessionId) -> bool {
        self.place(session).is_some()
    }

    /// Whose places they are.
    pub(crate) fn seats(&self) -> Vec<(SessionId, UserId)> {
        self.places.iter().map(|place| (place.session, place.told.user)).collect()
    }

    /// How many are in it, the absent ones included.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The call as it is now, for a session that has a place in it.
    pub(crate) fn snapshot_for(&self, now: u64, session: SessionId) -> Option<CallSnapshot> {
        self.place(session).map(|place| self.snapshot(now, place.told.id))
    }

    pub(super) fn snapshot(&self, now: u64, you: ParticipantId) -> CallSnapshot {
        let participants = self.places.iter().map(|place| place.told(now)).collect();
        let (kind, state) = (self.wire_kind(), self.state(now));
        CallSnapshot { id: self.id, kind, state, you, participants }
    }

    fn state(&self, now: u64) -> CallState {
        match (self.phase, self.callee()) {
            (Phase::Ringing { deadline_unix_ms }, Some(to)) => {
                CallState::Ringing { to, deadline_unix_ms, ms_left: deadline_unix_ms.saturating_sub(now) }
            }
            (Phase::Active { since_unix_ms, .. }, _) => {
                CallState::Active { for_ms: now.saturating_sub(since_unix_ms) }
            }
            _ => CallState::Active { for_ms: 0 },
        }
    }

    pub(super) fn wire_kind(&self) -> CallKind {
        match &self.kind {
            Kind::Room { name } => CallKind::Room { room: name.clone() },
            Kind::Direct { .. } => CallKind::Direct,
        }
    }

    /// Who is called.
    pub(super) fn callee(&self) -> Option<UserId> {
        match &self.kind {
            Kind::Room { .. } => None,
            Kind::Direct { callee, .. } => Some(callee.user),
        }
    }

    /// Who was in it, called, or was called.
    pub(crate) fn users(&self) -> Vec<UserId> {
        let mut users = self.record.users();
        if let Kind::Direct { caller, callee } = &self.kind {
            users.extend([caller.user, callee.user]);
        }
        users.into_iter().collect()
    }

    pub(super) fn is_of(&self, user: UserId) -> bool {
        self.users().contains(&user)
    }

    /// What it makes of its users now.
    pub(crate) fn shares(&self) -> Vec<Share> {
        let ringing = match self.phase {
            Phase::Empty | Phase::Ended { .. } => return Vec::new(),
            Phase::Ringing { .. } => true,
            Phase::Active { .. } => false,
        };
        let mut shares: Vec<Share> = Vec::new();
        for place in &self.places {
            let presence = match (place.is_connected(), ringing) {
                (true, true) => Presence::Ringing,
                (true, false) => Presence::InCall,
                (false, _) => Presence::Reconnecting,
            };
            match shares.iter_mut().find(|share| share.user == place.told.user) {
                // Reconnecting only while no device of theirs is there.
                Some(share) => share.presence = share.presence.min(presence),
                None => shares.push(Share { user: place.told.user, presence, incoming: None }),
            }
        }
        if let (Some(incoming), Some(user)) = (self.incoming(self.began_unix_ms), self.callee()) {
            shares.push(Share { user, presence: Presence::Ringing, incoming: Some(incoming) });
        }
        shares
    }
}
