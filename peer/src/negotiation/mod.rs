//! Who offers, who answers, and when an offer is made again: one pure machine per pair of participants.
//!
//! One side of each pair, the participant with the smaller id, makes every offer; the other asks for one
//! (`negotiate`). So there is no glare and no rollback, by construction. Every offer opens or restarts ICE, hence
//! an offer in flight satisfies every wish for one that is older.
//!
//! The machine is told the time and returns what to do; whoever drives it runs the effects in order and drops the
//! events of any connection but the current one. `web/src/call/negotiation.ts` is the same machine, and the golden
//! vectors in `tests/vectors/negotiation/` hold the two together.

mod answerer;
mod offerer;

use holdfast_protocol::{ConnectionId, IceCandidate, NegotiateReason, Signal};
use serde::{Deserialize, Serialize};

/// Local candidates kept per offer or answer; more than any host gathers.
const CANDIDATES_MAX: usize = 64;

/// Which half of the pair this is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The participant with the smaller id: makes every offer.
    Offerer,
    /// The other one: answers, and asks when it needs an offer.
    Answerer,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "kebab-case")]
pub enum Input {
    /// The two met.
    Start,
    /// A fresh id, in answer to [`Effect::WantConnection`].
    Open {
        /// The id of the connection to build.
        connection: ConnectionId,
    },
    /// Recovery wants an ICE restart.
    Restart {
        /// Why.
        reason: NegotiateReason,
    },
    /// Recovery wants a new connection.
    Rebuild {
        /// Why.
        reason: NegotiateReason,
    },
    /// The local description that [`Effect::MakeOffer`] or [`Effect::ApplyOffer`] asked for is set.
    Described {
        /// The connection.
        connection: ConnectionId,
        /// The generation of the offer.
        generation: u32,
        /// The local description.
        sdp: String,
    },
    /// An effect on a description could not be done.
    Failed {
        /// The connection.
        connection: ConnectionId,
        /// The generation of the offer.
        generation: u32,
    },
    /// A local candidate was gathered.
    LocalCandidate {
        /// The connection.
        connection: ConnectionId,
        /// The candidate.
        candidate: IceCandidate,
    },
    /// The other side said something.
    Remote {
        /// What it said.
        signal: Signal,
    },
    /// Signals do not get through at the moment: the own socket or the other's session is away.
    Pause,
    /// They do again.
    Resume,
    /// The time of [`Negotiation::deadline_ms`] has come.
    Tick,
}

/// What to do, in order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub enum Effect {
    /// Mint a connection id and feed [`Input::Open`].
    WantConnection,
    /// Build the peer connection, with every media section it will ever have.
    CreateConnection {
        /// Its id.
        connection: ConnectionId,
    },
    /// Close it; nothing of it counts any more.
    CloseConnection {
        /// Its id.
        connection: ConnectionId,
    },
    /// Create an offer and set it as local description, then feed [`Input::Described`].
    MakeOffer {
        /// The connection.
        connection: ConnectionId,
        /// The offer's generation.
        generation: u32,
        /// Whether to restart ICE, with the freshest TURN credentials to be had.
        ice_restart: bool,
    },
    /// Set the offer as remote description, create an answer and set it as local description, then feed
    /// [`Input::Described`].
    ApplyOffer {
        /// The connection.
        connection: ConnectionId,
        /// The offer's generation.
        generation: u32,
        /// The offer.
        sdp: String,
    },
    /// Set the answer as remote description.
    ApplyAnswer {
        /// The connection.
        connection: ConnectionId,
        /// The offer's generation.
        generation: u32,
        /// The answer.
        sdp: String,
    },
    /// Add a remote candidate.
    AddCandidate {
        /// The connection.
        connection: ConnectionId,
        /// The candidate.
        candidate: IceCandidate,
    },
    /// Say this to the other side.
    Send {
        /// What to say.
        signal: Signal,
    },
}

/// The negotiation of one pair; made anew when the other side's incarnation rises.
#[derive(Debug)]
pub struct Negotiation {
    role: Role,
    paused: bool,
    state: State,
    /// The connection before the current one: what is still said of it is old news.
    superseded: Option<ConnectionId>,
}

#[derive(Debug)]
enum State {
    /// Before [`Input::Start`].
    Unmet,
    /// Offerer: an id was asked for; the connection that it replaces, if any.
    Wanting(Option<ConnectionId>),
    /// Answerer: no connection yet; asks at the deadline.
    Expecting { ask_at_ms: u64 },
    /// There is a connection.
    Open(Connection),
}

#[derive(Debug)]
struct Connection {
    id: ConnectionId,
    generation: u32,
    phase: Phase,
    /// Local candidates of this generation, to send with the description and again when it is sent again.
    candidates: Vec<IceCandidate>,
}

#[derive(Debug)]
enum Phase {
    /// Offerer: the offer is being made.
    Offering,
    /// Offerer: the offer is out.
    Offered { sdp: String, resend_at_ms: u64, resent: bool },
    /// Answerer: the answer is being made.
    Answering,
    /// Offer and answer are done; the answerer keeps its answer in case it was lost.
    Stable { answer: Option<String> },
    /// A description could not be applied: a new connection is wanted at the deadline, not in a hot loop.
    Broken { rebuild_at_ms: u64 },
}

impl Negotiation {
    /// A pair that is about to meet.
    pub fn new(role: Role) -> Self {
        Self { role, paused: false, state: State::Unmet, superseded: None }
    }

    /// Takes one input at `now_ms` (any clock that does not go back) and returns what to do, in order.
    pub fn handle(&mut self, now_ms: u64, input: Input) -> Vec<Effect> {
        match input {
            Input::Described { connection, generation, sdp } => {
                self.described(now_ms, connection, generation, sdp)
            }
            Input::Failed { connection, generation } => self.failed(now_ms, connection, generation),
            Input::LocalCandidate { connection, candidate } => self.local_candidate(connection, candidate),
            Input::Remote { signal: Signal::Candidate { connection, generation, candidate } } => {
                match self.current(connection, generation) {
                    Some(Connection { phase: Phase::Stable { .. } | Phase::Answering, .. }) => {
                        vec![Effect::AddCandidate { connection, candidate }]
                    }
                    _ => vec![],
                }
            }
            Input::Pause => {
                self.paused = true;
                vec![]
            }
            Input::Resume => {
                self.paused = false;
                self.resume(now_ms)
            }
            Input::Tick if self.deadline_ms().is_none_or(|deadline| now_ms < deadline) => vec![],
            input => match self.role {
                Role::Offerer => self.as_offerer(now_ms, input),
                Role::Answerer => self.as_answerer(now_ms, input),
            },
        }
    }

    /// When to feed [`Input::Tick`], if at all.
    pub fn deadline_ms(&self) -> Option<u64> {
        match &self.state {
            _ if self.paused => None,
            State::Expecting { ask_at_ms } => Some(*ask_at_ms),
            State::Open(connection) => match connection.phase {
                Phase::Offered { resend_at_ms, .. } => Some(resend_at_ms),
                Phase::Broken { rebuild_at_ms } => Some(rebuild_at_ms),
                Phase::Offering | Phase::Answering | Phase::Stable { .. } => None,
            },
            State::Unmet | State::Wanting(_) => None,
        }
    }

    /// The current connection, if it is that one in that generation.
    fn current(&mut self, id: ConnectionId, generation: u32) -> Option<&mut Connection> {
        match &mut self.state {
            State::Open(connection) if connection.id == id && connection.generation == generation => {
                Some(connection)
            }
            _ => None,
        }
    }

    fn described(&mut self, now_ms: u64, id: ConnectionId, generation: u32, sdp: String) -> Vec<Effect> {
        let Some(connection) = self.current(id, generation) else { return vec![] };
        match connection.phase {
            Phase::Offering => connection.offer(now_ms, sdp, false),
            Phase::Answering => connection.answer(sdp),
            Phase::Offered { .. } | Phase::Stable { .. } | Phase::Broken { .. } => vec![],
        }
    }

    fn failed(&mut self, now_ms: u64, id: ConnectionId, generation: u32) -> Vec<Effect> {
        if let Some(connection) = self.current(id, generation) {
            connection.phase =
                Phase::Broken { rebuild_at_ms: now_ms + holdfast_protocol::timing::OFFER_TIMEOUT_MS };
        }
        vec![]
    }

    fn local_candidate(&mut self, id: ConnectionId, candidate: IceCandidate) -> Vec<Effect> {
        let State::Open(connection) = &mut self.state else { return vec![] };
        if connection.id != id || connection.candidates.len() >= CANDIDATES_MAX {
            return vec![];
        }
        connection.candidates.push(candidate.clone());
        match connection.phase {
            // It goes out after the description it belongs to.
            Phase::Offering | Phase::Answering | Phase::Broken { .. } => vec![],
            Phase::Offered { .. } | Phase::Stable { .. } => vec![connection.send_candidate(candidate)],
        }
    }

    /// What may have been lost while signals did not get through is said again.
    fn resume(&mut self, now_ms: u64) -> Vec<Effect> {
        match &mut self.state {
            State::Open(Connection { phase: Phase::Offered { resend_at_ms, resent, .. }, .. }) => {
                (*resend_at_ms, *resent) = (now_ms, false);
                self.as_offerer(now_ms, Input::Tick)
            }
            State::Expecting { ask_at_ms } => {
                *ask_at_ms = now_ms + holdfast_protocol::timing::CONNECT_TIMEOUT_MS;
                vec![]
            }
            _ => vec![],
        }
    }
}

impl Connection {
    fn new(id: ConnectionId, generation: u32, phase: Phase) -> Self {
        Self { id, generation, phase, candidates: Vec::new() }
    }

    /// Moves on to the next offer.
    fn next_generation(&mut self, generation: u32, phase: Phase) {
        (self.generation, self.phase) = (generation, phase);
        self.candidates.clear();
    }

    /// Sends the offer and the candidates known by now.
    fn offer(&mut self, now_ms: u64, sdp: String, resent: bool) -> Vec<Effect> {
        let signal = Signal::Offer { connection: self.id, generation: self.generation, sdp: sdp.clone() };
        let resend_at_ms = now_ms + holdfast_protocol::timing::OFFER_TIMEOUT_MS;
        self.phase = Phase::Offered { sdp, resend_at_ms, resent };
        self.with_candidates(signal)
    }

    /// Sends the answer and the candidates known by now.
    fn answer(&mut self, sdp: String) -> Vec<Effect> {
        let signal = Signal::Answer { connection: self.id, generation: self.generation, sdp: sdp.clone() };
        self.phase = Phase::Stable { answer: Some(sdp) };
        self.with_candidates(signal)
    }

    fn with_candidates(&self, description: Signal) -> Vec<Effect> {
        let candidates = self.candidates.iter().map(|candidate| self.send_candidate(candidate.clone()));
        std::iter::once(Effect::Send { signal: description }).chain(candidates).collect()
    }

    fn send_candidate(&self, candidate: IceCandidate) -> Effect {
        Effect::Send {
            signal: Signal::Candidate { connection: self.id, generation: self.generation, candidate },
        }
    }
}
