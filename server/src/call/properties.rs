//! Random events against several calls that share users, held to [`super::model`].

use super::model::{AWAY_MS, CLIENTS, POLICIES, Step, World};
use proptest::prelude::*;

fn step() -> impl Strategy<Value = (usize, Step)> {
    let direct = any::<bool>;
    let wait = prop_oneof![Just(1), Just(AWAY_MS - 1), Just(AWAY_MS), 1..15_000_u64, 1..2 * AWAY_MS];
    let step = prop_oneof![
        5 => Just(Step::Join),
        4 => (0..3_usize).prop_map(|user| Step::Call { user }),
        4 => Just(Step::Accept),
        1 => Just(Step::Decline),
        2 => direct().prop_map(|direct| Step::Leave { direct }),
        1 => direct().prop_map(|direct| Step::End { direct }),
        2 => direct().prop_map(|direct| Step::Rejoin { direct }),
        1 => direct().prop_map(|direct| Step::EndByAdmin { direct }),
        1 => any::<bool>().prop_map(Step::Media),
        2 => Just(Step::MediaAlive),
        5 => prop::bool::weighted(0.2).prop_map(|late| Step::Lost { late }),
        5 => (any::<bool>(), prop::bool::weighted(0.2)).prop_map(|(reloaded, late)| Step::Back { reloaded, late }),
        2 => Just(Step::Confirm),
        1 => Just(Step::Gone),
        1 => (wait.clone(), any::<bool>()).prop_map(|(down_ms, loses)| Step::Restart { down_ms, loses }),
        4 => wait.clone().prop_map(Step::Wait),
        1 => wait.prop_map(Step::Stall),
    ];
    (0..CLIENTS, step)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_client_believes_what_is_true(policy in 0..POLICIES, steps in prop::collection::vec(step(), 1..100)) {
        let mut world = World::new(policy);
        world.run(&steps);
        world.settle();
    }
}
