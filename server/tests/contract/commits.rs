//! Commits, claims, deadlines.

use crate::{
    Subject,
    samples::{call_id, direct, ended, put, room, user},
};
use holdfast_protocol::RoomName;
use holdfast_server::store::Committed;
use std::{collections::BTreeSet, sync::Arc};
use tokio::task::JoinSet;

pub(crate) async fn a_call_is_what_was_committed_last(store: Subject) {
    assert_eq!(store.call(call_id(1)).await.unwrap(), None);
    let first = direct(1, 1_000, [1, 2]);
    put(&**store, 0, &first).await;
    assert_eq!(store.call(call_id(1)).await.unwrap(), Some((1, first.clone())));
    let second = ended(first, 2_000);
    put(&**store, 1, &second).await;
    assert_eq!(store.call(call_id(1)).await.unwrap(), Some((2, second)));
}

pub(crate) async fn only_the_version_before_may_be_changed(store: Subject) {
    let first = direct(1, 1_000, [1, 2]);
    assert_eq!(store.commit(1, first.clone()).await.unwrap(), Committed::Stale, "not there yet");
    put(&**store, 0, &first).await;
    let other = ended(first.clone(), 2_000);
    for expected in [0, 2, u64::MAX] {
        assert_eq!(store.commit(expected, other.clone()).await.unwrap(), Committed::Stale, "{expected}");
    }
    assert_eq!(store.call(call_id(1)).await.unwrap(), Some((1, first)));
    assert_eq!(store.claim(user(1)).await.unwrap(), Some(call_id(1)), "nothing of it is stored");
}

pub(crate) async fn claims_and_call_are_stored_together_or_not_at_all(store: Subject) {
    let first = direct(1, 1_000, [1, 2]);
    put(&**store, 0, &first).await;
    // User 3 is free and user 2 is not: neither is claimed.
    let second = direct(2, 1_001, [3, 2]);
    let claimed = Committed::Claimed { user: user(2), by: call_id(1) };
    assert_eq!(store.commit(0, second.clone()).await.unwrap(), claimed);
    assert_eq!(store.call(call_id(2)).await.unwrap(), None);
    assert_eq!(store.claim(user(3)).await.unwrap(), None);
    assert_eq!(store.log(holdfast_server::store::LogQuery::default()).await.unwrap().calls.len(), 1);

    let mut third = direct(3, 1_002, [3, 4]);
    put(&**store, 0, &third).await;
    third.claims = vec![user(4), user(1)];
    let claimed = Committed::Claimed { user: user(1), by: call_id(1) };
    assert_eq!(store.commit(1, third.clone()).await.unwrap(), claimed);
    assert_eq!(store.claim(user(3)).await.unwrap(), Some(call_id(3)), "the claims from before stay");
    put(&**store, 1, &direct(3, 1_002, [3, 4])).await;

    put(&**store, 1, &ended(first, 2_000)).await;
    assert_eq!(store.claim(user(2)).await.unwrap(), None, "an end sets free");
    put(&**store, 2, &direct(3, 1_002, [4, 4])).await;
    assert_eq!(store.claim(user(3)).await.unwrap(), None, "so does another choice");
    put(&**store, 0, &second).await;
    for (number, by) in [(2, 2), (3, 2), (4, 3)] {
        assert_eq!(store.claim(user(number)).await.unwrap(), Some(call_id(by)));
    }
}

pub(crate) async fn of_many_who_claim_a_user_at_once_one_wins(store: Subject) {
    let mut tasks = JoinSet::new();
    for number in 1..=40 {
        let store = Arc::clone(&store);
        tasks.spawn(
            async move { (number, store.commit(0, direct(number, 1_000, [0, number])).await.unwrap()) },
        );
    }
    let outcomes = tasks.join_all().await;
    let winners: Vec<_> =
        outcomes.iter().filter(|(_, it)| *it == Committed::Done(1)).map(|(n, _)| *n).collect();
    let [winner] = winners[..] else { panic!("{outcomes:?}") };
    let lost = Committed::Claimed { user: user(0), by: call_id(winner) };
    assert!(outcomes.iter().all(|(number, it)| *number == winner || *it == lost), "{outcomes:?}");
    assert_eq!(store.claim(user(0)).await.unwrap(), Some(call_id(winner)));
    assert_eq!(store.open_calls().await.unwrap().len(), 1);
    for number in 1..=40 {
        let claim = store.claim(user(number)).await.unwrap();
        assert_eq!(claim, (number == winner).then(|| call_id(winner)));
    }
}

pub(crate) async fn of_many_who_change_a_call_at_once_one_wins(store: Subject) {
    put(&**store, 0, &room(1, 1_000, "team")).await;
    let mut tasks = JoinSet::new();
    for number in 0..40 {
        let store = Arc::clone(&store);
        let mut call = room(1, 1_000, "team");
        call.log.talk_ms = number;
        tasks.spawn(async move { (number, store.commit(1, call).await.unwrap()) });
    }
    let outcomes = tasks.join_all().await;
    let (done, stale): (Vec<_>, Vec<_>) = outcomes.iter().partition(|(_, it)| *it == Committed::Done(2));
    assert!(stale.iter().all(|(_, it)| *it == Committed::Stale));
    let [(winner, _)] = done[..] else { panic!("{done:?}") };
    assert_eq!(store.call(call_id(1)).await.unwrap().unwrap().1.log.talk_ms, winner);
}

pub(crate) async fn a_room_has_the_call_that_goes_on_in_it(store: Subject) {
    let team = RoomName::new("team").unwrap();
    assert_eq!(store.call_in(&team).await.unwrap(), None);
    put(&**store, 0, &room(1, 1_000, "team")).await;
    put(&**store, 0, &room(2, 1_000, "team-2")).await;
    assert_eq!(store.call_in(&team).await.unwrap(), Some(call_id(1)));
    put(&**store, 1, &ended(room(1, 1_000, "team"), 2_000)).await;
    assert_eq!(store.call_in(&team).await.unwrap(), None);
    put(&**store, 0, &room(3, 3_000, "team")).await;
    assert_eq!(store.call_in(&team).await.unwrap(), Some(call_id(3)), "the name is used again");
}

pub(crate) async fn open_calls_are_those_that_have_not_ended(store: Subject) {
    let (ringing, active) = (direct(1, 1_000, [1, 2]), room(2, 1_000, "team"));
    put(&**store, 0, &ringing).await;
    put(&**store, 0, &active).await;
    put(&**store, 1, &active).await;
    put(&**store, 0, &ended(room(3, 1_000, "over"), 2_000)).await;
    let mut open = store.open_calls().await.unwrap();
    open.sort_by_key(|(_, call)| call.log.id);
    assert_eq!(open, [(1, ringing), (2, active)]);
}

pub(crate) async fn a_deadline_is_given_to_one_asker_until_the_lease_is_over(store: Subject) {
    let at = |number, deadline_unix_ms| {
        let mut call = room(number, 1_000, "team");
        call.deadline_unix_ms = deadline_unix_ms;
        call
    };
    for (number, deadline) in [(1, Some(300)), (2, Some(100)), (3, Some(200)), (4, Some(501)), (5, None)] {
        put(&**store, 0, &at(number, deadline)).await;
    }
    let due = async |now, limit| store.claim_due(now, 1_000, limit).await.unwrap();
    assert_eq!(due(99, 9).await, []);
    assert_eq!(due(500, 2).await, [call_id(2), call_id(3)], "the earliest first");
    assert_eq!(due(500, 9).await, [call_id(1)]);
    assert_eq!(due(500, 9).await, []);
    put(&**store, 1, &at(3, Some(400))).await;
    assert_eq!(due(500, 9).await, [call_id(3)], "a commit ends the lease");
    put(&**store, 2, &at(3, None)).await;
    assert_eq!(due(1_499, 9).await, [call_id(4)]);
    assert_eq!(due(1_500, 9).await, [call_id(2), call_id(1)], "the asker has died");
}

pub(crate) async fn many_askers_share_the_deadlines(store: Subject) {
    for number in 0..60 {
        put(&**store, 0, &direct(number, 0, [2 * number, 2 * number + 1])).await;
    }
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let store = Arc::clone(&store);
        tasks.spawn(async move { store.claim_due(45_000, 1_000, 5).await.unwrap() });
    }
    let given = tasks.join_all().await.concat();
    assert_eq!((given.len(), BTreeSet::from_iter(given).len()), (60, 60), "each once");
}
