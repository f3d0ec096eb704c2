//! The half that makes every offer.

use super::{Connection, Effect, Input, Negotiation, Phase, State};
use holdfast_protocol::{ConnectionId, NegotiateReason, Signal};

impl Negotiation {
    pub(super) fn as_offerer(&mut self, now_ms: u64, input: Input) -> Vec<Effect> {
        match input {
            Input::Start | Input::Rebuild { .. } => self.want_connection(),
            Input::Open { connection } => self.open(connection),
            Input::Restart { .. } => self.restart(),
            Input::Remote { signal: Signal::Answer { connection, generation, sdp } } => {
                self.take_answer(connection, generation, sdp)
            }
            Input::Remote { signal: Signal::Negotiate { connection, generation, reason } } => {
                self.asked(connection, generation, reason)
            }
            Input::Tick => self.offer_timed_out(now_ms),
            // An offer is never taken from the side that must not make one.
            _ => vec![],
        }
    }

    fn want_connection(&mut self) -> Vec<Effect> {
        let replaced = match &self.state {
            State::Wanting(_) => return vec![],
            State::Open(connection) => Some(connection.id),
            State::Unmet | State::Expecting { .. } => None,
        };
        self.state = State::Wanting(replaced);
        vec![Effect::WantConnection]
    }

    fn open(&mut self, connection: ConnectionId) -> Vec<Effect> {
        let State::Wanting(replaced) = self.state else { return vec![] };
        self.superseded = replaced;
        self.state = State::Open(Connection::new(connection, 1, Phase::Offering));
        let close = replaced.map(|connection| Effect::CloseConnection { connection });
        let create = [
            Effect::CreateConnection { connection },
            Effect::MakeOffer { connection, generation: 1, ice_restart: false },
        ];
        close.into_iter().chain(create).collect()
    }

    fn restart(&mut self) -> Vec<Effect> {
        match &mut self.state {
            State::Open(connection) if matches!(connection.phase, Phase::Stable { .. }) => {
                let generation = connection.generation + 1;
                connection.next_generation(generation, Phase::Offering);
                vec![Effect::MakeOffer { connection: connection.id, generation, ice_restart: true }]
            }
            // The offer in flight, or the one about to be made, is as good.
            State::Open(_) | State::Wanting(_) => vec![],
            State::Unmet | State::Expecting { .. } => self.want_connection(),
        }
    }

    fn take_answer(&mut self, id: ConnectionId, generation: u32, sdp: String) -> Vec<Effect> {
        match self.current(id, generation) {
            Some(connection) if matches!(connection.phase, Phase::Offered { .. }) => {
                connection.phase = Phase::Stable { answer: None };
                vec![Effect::ApplyAnswer { connection: id, generation, sdp }]
            }
            _ => vec![],
        }
    }

    /// `negotiate`: what the other side has seen tells whether a later offer is on its way to it already.
    fn asked(&mut self, seen: Option<ConnectionId>, generation: u32, reason: NegotiateReason) -> Vec<Effect> {
        let State::Open(connection) = &self.state else {
            return if matches!(self.state, State::Wanting(_)) { vec![] } else { self.want_connection() };
        };
        let stable = matches!(connection.phase, Phase::Stable { .. });
        let up_to_date = seen == Some(connection.id) && generation == connection.generation;
        match seen {
            _ if reason.wants_new_connection() && (up_to_date || (seen.is_none() && stable)) => {
                self.want_connection()
            }
            _ if !reason.wants_new_connection() && up_to_date => self.restart(),
            _ => vec![],
        }
    }

    fn offer_timed_out(&mut self, now_ms: u64) -> Vec<Effect> {
        match &mut self.state {
            State::Open(connection) => match &connection.phase {
                Phase::Offered { sdp, resent: false, .. } => {
                    let sdp = sdp.clone();
                    connection.offer(now_ms, sdp, true)
                }
                Phase::Offered { resent: true, .. } | Phase::Broken { .. } => self.want_connection(),
                _ => vec![],
            },
            _ => vec![],
        }
    }
}
