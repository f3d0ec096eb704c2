//! When a pair of participants restarts ICE or builds a new connection: the first rungs of the recovery ladder, one
//! pure machine per pair.
//!
//! ICE `disconnected` for 3 s or `failed` at once asks for an ICE restart, again every 6 s until ICE is connected; a
//! connection that does not connect within 10 s, or whose driver died, is built anew. While the hub or the other side
//! is away nothing is asked for (nobody would hear it); what fell due meanwhile is asked for on return.
//! `web/src/call/recovery.ts` is the same machine, and the golden vectors in `tests/vectors/recovery/` hold the two
//! together. How an offer then comes about is [`crate::negotiation`]'s.

use holdfast_protocol::{
    NegotiateReason,
    timing::{CONNECT_TIMEOUT_MS, DISCONNECTED_GRACE_MS, RESTART_RETRY_MS},
};
use serde::{Deserialize, Serialize};

/// `RTCIceConnectionState` (W3C WebRTC §5.6.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the W3C's own words")]
pub enum IceState {
    New,
    Checking,
    Connected,
    Completed,
    Disconnected,
    Failed,
    Closed,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "kebab-case")]
pub enum Input {
    /// A new connection was created.
    Opened,
    /// ICE of the current connection changed its state. `connected` and `completed` count only with DTLS up too, so
    /// they are fed when `RTCPeerConnection.connectionState` is `connected`: a handshake that hangs over a good path
    /// must not look like a connection.
    Ice {
        /// The new state.
        state: IceState,
    },
    /// The current connection died without a word.
    Lost,
    /// The hub says that the other side's socket is lost.
    PeerAway,
    /// It is back.
    PeerBack,
    /// The own socket to the hub is lost.
    HubAway,
    /// It is back.
    HubBack,
    /// The time of [`Recovery::deadline_ms`] has come.
    Tick,
}

/// What to ask [`crate::negotiation`] for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub enum Effect {
    /// An ICE restart.
    Restart {
        /// Why.
        reason: NegotiateReason,
    },
    /// A new connection.
    Rebuild {
        /// Why.
        reason: NegotiateReason,
    },
}

/// What is shown of a pair.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairState {
    /// Not connected yet.
    Connecting,
    /// Connected.
    Connected,
    /// It was connected and will be again.
    Reconnecting,
    /// Not connected, and the other side's socket is lost too.
    PeerDisconnected,
}

/// The recovery of one pair; made anew when the other side's incarnation rises.
#[derive(Debug)]
pub struct Recovery {
    phase: Phase,
    peer_away: bool,
    hub_away: bool,
    was_connected: bool,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// A new connection has until then to connect.
    Connecting { until_ms: u64 },
    /// ICE is connected.
    Connected,
    /// ICE is not connected; a restart is due then, for this reason.
    Down { restart_at_ms: u64, reason: NegotiateReason },
    /// The connection is dead; a new one is due.
    Lost { rebuild_at_ms: u64 },
}

impl Recovery {
    /// A pair that met at `now_ms`.
    pub fn new(now_ms: u64) -> Self {
        let phase = Phase::Connecting { until_ms: now_ms + CONNECT_TIMEOUT_MS };
        Self { phase, peer_away: false, hub_away: false, was_connected: false }
    }

    /// Takes one input at `now_ms` (any clock that does not go back) and returns what to ask for.
    pub fn handle(&mut self, now_ms: u64, input: Input) -> Vec<Effect> {
        match input {
            Input::Opened => self.phase = Phase::Connecting { until_ms: now_ms + CONNECT_TIMEOUT_MS },
            Input::Ice { state } => self.ice(now_ms, state),
            Input::Lost => self.phase = Phase::Lost { rebuild_at_ms: now_ms },
            Input::PeerAway => self.peer_away = true,
            Input::HubAway => self.hub_away = true,
            Input::PeerBack => {
                self.peer_away = false;
                self.back(now_ms);
            }
            Input::HubBack => {
                self.hub_away = false;
                self.back(now_ms);
            }
            Input::Tick => {}
        }
        self.ask_if_due(now_ms).into_iter().collect()
    }

    /// When to feed [`Input::Tick`], if at all.
    pub fn deadline_ms(&self) -> Option<u64> {
        match self.phase {
            _ if self.peer_away || self.hub_away => None,
            Phase::Connecting { until_ms } => Some(until_ms),
            Phase::Down { restart_at_ms, .. } => Some(restart_at_ms),
            Phase::Lost { rebuild_at_ms } => Some(rebuild_at_ms),
            Phase::Connected => None,
        }
    }

    /// What to show.
    pub fn state(&self) -> PairState {
        match self.phase {
            Phase::Connected => PairState::Connected,
            _ if self.peer_away => PairState::PeerDisconnected,
            _ if self.was_connected => PairState::Reconnecting,
            _ => PairState::Connecting,
        }
    }

    fn ice(&mut self, now_ms: u64, state: IceState) {
        match (state, self.phase) {
            (IceState::Connected | IceState::Completed, Phase::Connecting { .. } | Phase::Down { .. }) => {
                (self.phase, self.was_connected) = (Phase::Connected, true);
            }
            (IceState::Disconnected, Phase::Connected) => {
                let restart_at_ms = now_ms + DISCONNECTED_GRACE_MS;
                self.phase = Phase::Down { restart_at_ms, reason: NegotiateReason::IceDisconnected };
            }
            (
                IceState::Failed,
                Phase::Connected | Phase::Down { reason: NegotiateReason::IceDisconnected, .. },
            ) => {
                self.phase = Phase::Down { restart_at_ms: now_ms, reason: NegotiateReason::IceFailed };
            }
            // Checks that failed before the first connection: a new one now, not at the end of its time.
            (IceState::Failed, Phase::Connecting { .. }) => {
                self.phase = Phase::Connecting { until_ms: now_ms }
            }
            (IceState::Closed, _) => self.phase = Phase::Lost { rebuild_at_ms: now_ms },
            _ => {}
        }
    }

    /// Signals get through again: a connection being set up has its whole time before it, a restart under way is
    /// repeated at once, since its offer may be lost.
    fn back(&mut self, now_ms: u64) {
        if self.peer_away || self.hub_away {
            return;
        }
        match &mut self.phase {
            Phase::Connecting { until_ms } => *until_ms = now_ms + CONNECT_TIMEOUT_MS,
            Phase::Down { restart_at_ms, reason: NegotiateReason::RestartTimedOut } => {
                *restart_at_ms = now_ms;
            }
            Phase::Down { .. } | Phase::Lost { .. } | Phase::Connected => {}
        }
    }

    fn ask_if_due(&mut self, now_ms: u64) -> Option<Effect> {
        if self.deadline_ms().is_none_or(|deadline| now_ms < deadline) {
            return None;
        }
        match self.phase {
            Phase::Connected => None,
            Phase::Connecting { .. } => {
                self.phase = Phase::Connecting { until_ms: now_ms + CONNECT_TIMEOUT_MS };
                Some(Effect::Rebuild { reason: NegotiateReason::NeverConnected })
            }
            Phase::Lost { .. } => {
                self.phase = Phase::Connecting { until_ms: now_ms + CONNECT_TIMEOUT_MS };
                Some(Effect::Rebuild { reason: NegotiateReason::ConnectionLost })
            }
            Phase::Down { reason, .. } => {
                let restart_at_ms = now_ms + RESTART_RETRY_MS;
                self.phase = Phase::Down { restart_at_ms, reason: NegotiateReason::RestartTimedOut };
                Some(Effect::Restart { reason })
            }
        }
    }
}
