//! What is kept of a call is bounded.

use super::{START, Scene, somebody};
use crate::call::{
    core::Call,
    event::{Effect, Event},
    record::{OUTAGES_MAX, PARTICIPANTS_MAX, USERS_MAX},
};
use holdfast_protocol::{CommandId, HubFrame, PolicyPreset};

#[test]
fn what_the_log_keeps_is_bounded() {
    let mut scene = Scene::room(PolicyPreset::Event.policy(), 2);
    for _ in 0..OUTAGES_MAX + 3 {
        scene.lost(0);
        scene.back(0);
        scene.confirmed(0);
    }
    for _ in 0..PARTICIPANTS_MAX + 5 {
        let guest = somebody();
        scene.event(Event::Join(guest.clone()));
        scene.event(Event::Leave { sender: guest.sender, command: CommandId(2) });
    }
    let stored = scene.call.stored();
    assert_eq!(stored.log.participants.len(), PARTICIPANTS_MAX);
    assert_eq!(stored.log.participants_omitted, 7);
    let first = &stored.log.participants[0];
    assert_eq!(
        (first.id, first.outages.len()),
        (scene.people[0].participant, OUTAGES_MAX),
        "it is still there"
    );
    assert_eq!(first.outages_omitted, 3);
    let bytes = serde_json::to_vec(&stored).unwrap().len();
    assert!(bytes < 40_000, "{bytes}");
}

/// Of many participations the log forgets the oldest; whose call it was it does not.
#[test]
fn who_was_there_before_many_others_still_was_there() {
    let mut scene = Scene::room(PolicyPreset::Event.policy(), 1);
    let first = somebody();
    scene.event(Event::Join(first.clone()));
    scene.event(Event::Leave { sender: first.sender, command: CommandId(2) });
    for _ in 0..USERS_MAX + 5 {
        let guest = somebody();
        scene.event(Event::Join(guest.clone()));
        scene.event(Event::Leave { sender: guest.sender, command: CommandId(2) });
    }
    let stored = scene.call.stored();
    assert!(stored.users.contains(&first.user) && stored.users.len() <= USERS_MAX + PARTICIPANTS_MAX);
    let (mut again, _) = Call::restore(stored, START, 0).unwrap();
    let again = again.apply(START, Event::Rejoin(first));
    let joined = |effect: &Effect| matches!(effect, Effect::Tell { frame: HubFrame::Joined { .. }, .. });
    assert!(again.iter().any(joined), "{again:?}");
}
