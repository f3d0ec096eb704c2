//! Random events against one room, held to [`super::model`].

use super::{
    event::{Effect, Event, Sender},
    model::{SESSIONS, Step, WINDOW_MS, World},
};
use proptest::prelude::*;

fn step() -> impl Strategy<Value = (usize, Step)> {
    let step = prop_oneof![
        4 => Just(Step::Join),
        1 => Just(Step::Leave),
        1 => any::<bool>().prop_map(Step::Media),
        3 => prop::bool::weighted(0.2).prop_map(|late| Step::Lost { late }),
        3 => (any::<bool>(), prop::bool::weighted(0.2)).prop_map(|(reloaded, late)| Step::Back { reloaded, late }),
        1 => Just(Step::Gone),
        2 => prop_oneof![Just(1), Just(WINDOW_MS - 1), Just(WINDOW_MS), 1..WINDOW_MS].prop_map(Step::Wait),
    ];
    (0..SESSIONS, step)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_client_believes_what_is_true(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new();
        for (who, step) in &steps {
            world.take(*who, step);
            world.check();
        }
        world.settle();
    }
}

#[test]
fn a_place_is_kept_to_the_last_millisecond_and_not_longer() {
    for (wait_ms, kept) in [(WINDOW_MS - 1, true), (WINDOW_MS, false)] {
        let mut world = World::new();
        for who in [0, 1] {
            world.take(who, &Step::Join);
        }
        world.take(1, &Step::Lost { late: false });
        world.now += wait_ms;
        let sender = world.clients[1].sender;
        let effects = world.room.apply(world.now, Event::Back { sender: Sender { attachment: 2, ..sender } });
        let resynced = effects.iter().any(|effect| matches!(effect, Effect::Resync { .. }));
        assert_eq!((resynced, world.room.len()), (kept, 1 + usize::from(kept)), "even before the tick");
    }
}
