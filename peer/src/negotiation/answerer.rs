//! The half that answers, and asks when it needs an offer.

use super::{Connection, Effect, Input, Negotiation, Phase, State};
use holdfast_protocol::{ConnectionId, NegotiateReason, Signal, timing::CONNECT_TIMEOUT_MS};

impl Negotiation {
    pub(super) fn as_answerer(&mut self, now_ms: u64, input: Input) -> Vec<Effect> {
        match input {
            Input::Start => {
                if matches!(self.state, State::Unmet) {
                    self.state = State::Expecting { ask_at_ms: now_ms + CONNECT_TIMEOUT_MS };
                }
                vec![]
            }
            Input::Restart { reason } | Input::Rebuild { reason } => vec![self.ask(reason)],
            Input::Remote { signal: Signal::Offer { connection, generation, sdp } } => {
                self.take_offer(connection, generation, sdp)
            }
            Input::Tick => self.waited_in_vain(now_ms),
            _ => vec![],
        }
    }

    fn ask(&self, reason: NegotiateReason) -> Effect {
        let (connection, generation) = match &self.state {
            State::Open(connection) => (Some(connection.id), connection.generation),
            _ => (None, 0),
        };
        Effect::Send { signal: Signal::Negotiate { connection, generation, reason } }
    }

    fn take_offer(&mut self, id: ConnectionId, generation: u32, sdp: String) -> Vec<Effect> {
        let apply = Effect::ApplyOffer { connection: id, generation, sdp };
        let replaced = match &mut self.state {
            State::Open(connection) if connection.id == id => {
                return if generation > connection.generation {
                    connection.next_generation(generation, Phase::Answering);
                    vec![apply]
                } else {
                    Self::answer_again(connection, generation)
                };
            }
            State::Open(connection) => Some(connection.id),
            State::Unmet | State::Expecting { .. } | State::Wanting(_) => None,
        };
        if self.superseded == Some(id) {
            return vec![];
        }
        if generation != 1 {
            // A restart of a connection that this side does not have.
            return vec![self.ask(NegotiateReason::ConnectionLost)];
        }
        self.superseded = replaced;
        self.state = State::Open(Connection::new(id, generation, Phase::Answering));
        let close = replaced.map(|connection| Effect::CloseConnection { connection });
        close.into_iter().chain([Effect::CreateConnection { connection: id }, apply]).collect()
    }

    /// The same offer again means that the answer was lost.
    fn answer_again(connection: &mut Connection, generation: u32) -> Vec<Effect> {
        match &connection.phase {
            Phase::Stable { answer: Some(sdp) } if generation == connection.generation => {
                let sdp = sdp.clone();
                connection.answer(sdp)
            }
            _ => vec![],
        }
    }

    fn waited_in_vain(&mut self, now_ms: u64) -> Vec<Effect> {
        let reason = match &mut self.state {
            State::Expecting { ask_at_ms } => {
                *ask_at_ms = now_ms + CONNECT_TIMEOUT_MS;
                NegotiateReason::NoOffer
            }
            State::Open(Connection { phase: Phase::Broken { rebuild_at_ms }, .. }) => {
                *rebuild_at_ms = now_ms + CONNECT_TIMEOUT_MS;
                NegotiateReason::ConnectionLost
            }
            _ => return vec![],
        };
        vec![self.ask(reason)]
    }
}
