//! A call as it outlives the process, and as it comes back after a restart.

use super::{
    core::{Call, Kind, Phase},
    event::Effect,
    place::{Absence, Standing},
    record::USERS_MAX,
};
use crate::store::StoredCall;
use holdfast_protocol::{
    CallStatus, EndReason, LoggedCall, LoggedUser, OutageCause, UserId, policy::MEDIA_ALIVE_MS,
};

/// A stored call that this hub cannot read.
#[derive(Debug, thiserror::Error)]
#[error("the stored call is not one of this version's: {0}")]
pub(crate) struct Unreadable(#[from] serde_json::Error);

impl Call {
    /// Whether it has changed since this was asked last.
    pub(crate) fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// What is to be stored.
    pub(crate) fn stored(&self) -> StoredCall {
        StoredCall {
            log: self.logged(),
            users: self.users(),
            claims: self.claims(),
            deadline_unix_ms: self.next_deadline_unix_ms(),
            // Every map in it has keys that are text, so this cannot fail; null would be refused by `restore`.
            state: serde_json::to_value(self).unwrap_or_default(),
        }
    }

    /// Whose one direct call this is.
    pub(crate) fn claims(&self) -> Vec<UserId> {
        match &self.kind {
            Kind::Direct { caller, callee } if !self.is_over() => vec![caller.user, callee.user],
            _ => Vec::new(),
        }
    }

    fn logged(&self) -> LoggedCall {
        let (status, ended) = match self.phase {
            Phase::Ringing { .. } => (CallStatus::Ringing, None),
            Phase::Active { .. } | Phase::Empty => (CallStatus::Active, None),
            Phase::Ended { at_unix_ms, reason } => (CallStatus::Ended, Some((at_unix_ms, reason))),
        };
        let (by, to) = match &self.kind {
            Kind::Room { .. } => (None, None),
            Kind::Direct { caller, callee } => {
                let caller = LoggedUser { user: caller.user, name: Some(caller.name.clone()) };
                (Some(caller), Some(callee.clone()))
            }
        };
        LoggedCall {
            id: self.id,
            kind: self.wire_kind(),
            status,
            began_unix_ms: self.began_unix_ms,
            active_unix_ms: self.active_unix_ms,
            ended_unix_ms: ended.map(|(at, _)| at),
            reason: ended.map(|(_, reason)| reason),
            talk_ms: self.talk.ms,
            caller: by,
            callee: to,
            participants: self.record.participants.clone(),
            participants_omitted: self.record.omitted,
        }
    }

    /// The call after a restart: the hub was down for `down_ms` until `now`. What still rang is over; everyone in an
    /// active call is away since the hub was, and every deadline is later by that much. Effects are for sessions that
    /// came back with it, if any.
    ///
    /// # Errors
    /// When another version wrote it.
    pub(crate) fn restore(
        stored: StoredCall,
        now: u64,
        down_ms: u64,
    ) -> Result<(Self, Vec<Effect>), Unreadable> {
        let mut call: Self = serde_json::from_value(stored.state)?;
        call.record.participants = stored.log.participants;
        call.record.omitted = stored.log.participants_omitted;
        call.record.users = stored.users.into_iter().take(USERS_MAX).collect();
        let effects = match call.phase {
            Phase::Ringing { .. } => call.end(now, EndReason::ServerCleanup, None),
            Phase::Active { .. } => {
                call.go_on(now, down_ms);
                Vec::new()
            }
            Phase::Empty | Phase::Ended { .. } => Vec::new(),
        };
        call.dirty = true;
        Ok((call, effects))
    }

    fn go_on(&mut self, now: u64, down_ms: u64) {
        let last_alive = now.saturating_sub(down_ms);
        let away_ms = self.rules.policy.away_ms;
        self.talk.stop(last_alive);
        if let Phase::Active { until_unix_ms: Some(until), .. } = &mut self.phase {
            *until = until.saturating_add(down_ms);
        }
        for place in &mut self.places {
            // Sockets are counted anew.
            place.attachment = 0;
            let absence = match place.standing {
                Standing::Connected | Standing::Returned(_) => {
                    self.record.away(place.told.id, last_alive, OutageCause::HubRestart);
                    let deadline_unix_ms = now.saturating_add(away_ms);
                    Absence {
                        since_unix_ms: last_alive,
                        noticed_unix_ms: now,
                        deadline_unix_ms,
                        tried: false,
                    }
                }
                // Whoever said that media flows with it must have the time to come back and say so again. And the
                // absence may have begun after the last sign of life.
                Standing::Away(absence) => Absence {
                    noticed_unix_ms: absence.noticed_unix_ms.saturating_add(down_ms).min(now),
                    deadline_unix_ms: absence
                        .deadline_unix_ms
                        .saturating_add(down_ms)
                        .max(now.saturating_add(MEDIA_ALIVE_MS))
                        .min(now.saturating_add(away_ms)),
                    ..absence
                },
            };
            place.standing = Standing::Away(absence);
        }
    }
}
