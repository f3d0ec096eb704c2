//! A place in a call, and whether its owner is there.

use super::event::{Newcomer, Sender};
use holdfast_protocol::{InstanceId, Participant, ParticipantId, ParticipantState, Role, SessionId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One participant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    /// Whose it is.
    pub(super) session: SessionId,
    /// The latest of the session's sockets that is known here.
    pub(super) attachment: u32,
    /// The latest page load or process.
    pub(super) instance: InstanceId,
    /// Whether it is there.
    pub(super) standing: Standing,
    /// As told to others; its `state` is made from `standing` when it is told.
    pub(super) told: Participant,
    /// Until when its media is known to flow, by who said so. A report is worth nothing once its author is away.
    #[serde(skip)]
    pub(super) alive: BTreeMap<ParticipantId, u64>,
}

/// Whether a participant's session has a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Standing {
    /// It has.
    Connected,
    /// It has, and nothing shows yet that its client heard of it: lost again, the absence goes on.
    Returned(Absence),
    /// It has not.
    Away(Absence),
}

/// How long a participant is away.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Absence {
    /// When it was last heard.
    pub(super) since_unix_ms: u64,
    /// When the loss was noticed.
    pub(super) noticed_unix_ms: u64,
    /// When its place is given up.
    pub(super) deadline_unix_ms: u64,
    /// Whether an authenticated return was tried.
    pub(super) tried: bool,
}

impl Place {
    /// A new place.
    pub(super) fn new(newcomer: Newcomer, role: Role) -> Self {
        let Newcomer { sender: Sender { session, attachment, instance }, .. } = newcomer;
        let told = Participant {
            id: newcomer.participant,
            user: newcomer.user,
            name: newcomer.name,
            incarnation: 1,
            role,
            reconnect_count: 0,
            state: ParticipantState::Connected,
            media: newcomer.media,
        };
        Self { session, attachment, instance, standing: Standing::Connected, told, alive: BTreeMap::new() }
    }

    /// The absence that its session's loss began.
    pub(super) fn absence(&self) -> Option<Absence> {
        match self.standing {
            Standing::Connected | Standing::Returned(_) => None,
            Standing::Away(absence) => Some(absence),
        }
    }

    /// Whether its session has a socket.
    pub(super) fn is_connected(&self) -> bool {
        self.absence().is_none()
    }

    /// As others are told of it.
    pub(super) fn told(&self, now: u64) -> Participant {
        let state = match self.absence() {
            None => ParticipantState::Connected,
            Some(Absence { since_unix_ms, deadline_unix_ms, .. }) => {
                let ms_left = deadline_unix_ms.saturating_sub(now);
                ParticipantState::TemporarilyDisconnected { since_unix_ms, deadline_unix_ms, ms_left }
            }
        };
        Participant { state, ..self.told.clone() }
    }
}
