//! Two negotiation machines over a network that loses signals, with restarts, rebuilds, pauses and failures at any
//! time: once the network is whole again both must hold the same connection in the same generation.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use holdfast_peer::negotiation::{Effect, Input, Negotiation, Role};
use holdfast_protocol::{ConnectionId, NegotiateReason, Signal};
use proptest::prelude::*;
use std::collections::VecDeque;

const STEP_MS: u64 = 50;
const TROUBLE_STEPS: usize = 400;
/// Offers resent and connections built anew until all is well: more than any schedule needs.
const HEALING_STEPS: u64 = 1_000;

/// One side with what a peer connection would have done so far.
struct Side {
    machine: Negotiation,
    /// Effects that the peer connection has under way: what it will report.
    under_way: VecDeque<Input>,
    /// The connection and generation for which both descriptions are set here.
    agreed: Option<(ConnectionId, u32)>,
    open: Option<ConnectionId>,
}

struct World {
    now_ms: u64,
    sides: [Side; 2],
    /// Signals on their way to the side of that index.
    wires: [VecDeque<Signal>; 2],
    next_id: u64,
}

/// What goes wrong in one step.
#[derive(Clone, Debug)]
enum Trouble {
    Nothing,
    LoseSignals(usize),
    Restart(usize),
    Rebuild(usize),
    FailDescription(usize),
    Pause(usize),
    Resume(usize),
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let side = 0..2_usize;
    prop_oneof![
        12 => Just(Trouble::Nothing),
        2 => side.clone().prop_map(Trouble::LoseSignals),
        1 => side.clone().prop_map(Trouble::Restart),
        1 => side.clone().prop_map(Trouble::Rebuild),
        1 => side.clone().prop_map(Trouble::FailDescription),
        1 => side.clone().prop_map(Trouble::Pause),
        1 => side.prop_map(Trouble::Resume),
    ]
}

impl World {
    fn new() -> Self {
        let side = |role| Side {
            machine: Negotiation::new(role),
            under_way: VecDeque::new(),
            agreed: None,
            open: None,
        };
        let sides = [side(Role::Offerer), side(Role::Answerer)];
        Self { now_ms: 0, sides, wires: [VecDeque::new(), VecDeque::new()], next_id: 0 }
    }

    fn feed(&mut self, index: usize, input: Input) {
        let effects = self.sides[index].machine.handle(self.now_ms, input);
        for effect in effects {
            self.run(index, effect);
        }
    }

    fn run(&mut self, index: usize, effect: Effect) {
        let side = &mut self.sides[index];
        match effect {
            Effect::WantConnection => {
                self.next_id += 1;
                let connection = format!("{:08x}-0000-4000-8000-000000000000", self.next_id).parse().unwrap();
                side.under_way.push_back(Input::Open { connection });
            }
            Effect::CreateConnection { connection } => {
                assert!(side.open.is_none(), "a second connection beside the first");
                side.open = Some(connection);
            }
            Effect::CloseConnection { connection } => {
                assert_eq!(side.open.take(), Some(connection), "only the current one is closed");
            }
            Effect::MakeOffer { connection, generation, ice_restart } => {
                assert_eq!(ice_restart, generation > 1);
                side.under_way.push_back(Input::Described { connection, generation, sdp: "offer".into() });
            }
            Effect::ApplyOffer { connection, generation, .. } => {
                assert_eq!(side.open, Some(connection));
                side.under_way.push_back(Input::Described { connection, generation, sdp: "answer".into() });
            }
            Effect::ApplyAnswer { connection, generation, .. } => {
                side.agreed = Some((connection, generation));
            }
            Effect::AddCandidate { .. } => {}
            Effect::Send { signal } => {
                if let Signal::Answer { connection, generation, .. } = &signal {
                    side.agreed = Some((*connection, *generation));
                }
                let offers = matches!(signal, Signal::Offer { .. });
                assert!(!offers || index == 0, "only the offerer offers");
                self.wires[1 - index].push_back(signal);
            }
        }
    }

    fn step(&mut self, trouble: &Trouble) {
        self.now_ms += STEP_MS;
        match *trouble {
            Trouble::Nothing => {}
            Trouble::LoseSignals(to) => self.wires[to].clear(),
            Trouble::Restart(index) => {
                self.feed(index, Input::Restart { reason: NegotiateReason::IceFailed });
            }
            Trouble::Rebuild(index) => {
                self.feed(index, Input::Rebuild { reason: NegotiateReason::ConnectionLost });
            }
            Trouble::FailDescription(index) => self.fail_description(index),
            Trouble::Pause(index) => self.feed(index, Input::Pause),
            Trouble::Resume(index) => self.feed(index, Input::Resume),
        }
        for index in [0, 1] {
            if let Some(report) = self.sides[index].under_way.pop_front() {
                self.feed(index, report);
            }
            if let Some(signal) = self.wires[index].pop_front() {
                self.feed(index, Input::Remote { signal });
            }
            if self.sides[index].machine.deadline_ms().is_some_and(|deadline| deadline <= self.now_ms) {
                self.feed(index, Input::Tick);
            }
        }
    }

    fn fail_description(&mut self, index: usize) {
        if let Some(Input::Described { connection, generation, .. }) = self.sides[index].under_way.front() {
            let failed = Input::Failed { connection: *connection, generation: *generation };
            self.sides[index].under_way[0] = failed;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn both_sides_agree_once_signals_get_through(
        troubles in proptest::collection::vec(trouble(), 1..TROUBLE_STEPS)
    ) {
        let mut world = World::new();
        world.feed(0, Input::Start);
        world.feed(1, Input::Start);
        for trouble in &troubles {
            world.step(trouble);
        }
        world.step(&Trouble::Resume(0));
        world.step(&Trouble::Resume(1));
        for _ in 0..HEALING_STEPS {
            world.step(&Trouble::Nothing);
        }
        let [offerer, answerer] = &world.sides;
        prop_assert!(offerer.agreed.is_some());
        prop_assert_eq!(offerer.agreed, answerer.agreed);
        prop_assert_eq!(offerer.open, offerer.agreed.map(|(connection, _)| connection));
        prop_assert_eq!(offerer.open, answerer.open);
        prop_assert_eq!(world.wires.iter().map(VecDeque::len).sum::<usize>(), 0, "and then there is silence");
    }
}
