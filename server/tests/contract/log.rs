//! The log: order, pages, what is forgotten.

use crate::{
    Subject,
    samples::{call_id, direct, ended, put, user},
};
use holdfast_protocol::{CallId, CallStatus};
use holdfast_server::store::{LogQuery, Retention, Store, StoreError};

/// Every call that a query finds, by pages of `limit`.
async fn pages(store: &dyn Store, mut query: LogQuery, limit: usize) -> Vec<CallId> {
    query.limit = limit;
    let mut all = Vec::new();
    loop {
        let page = store.log(query.clone()).await.unwrap();
        assert!(page.calls.len() == limit || (page.calls.len() < limit && page.next.is_none()));
        assert!(!page.calls.is_empty() || all.is_empty(), "no page is empty but the only one");
        all.extend(page.calls.iter().map(|call| call.id));
        query.before = page.next;
        if query.before.is_none() {
            return all;
        }
    }
}

pub(crate) async fn pages_follow_each_other_without_gap_or_repeat(store: Subject) {
    // Ten began at the same time.
    let began = |number: u32| if number < 10 { 1_000 } else { u64::from(2_000 - number) };
    for number in [3, 19, 0, 12, 7, 1, 16, 9, 10, 2, 4, 18, 11, 5, 13, 8, 17, 6, 14, 15] {
        put(&**store, 0, &ended(direct(number, began(number), [number, 99]), 5_000)).await;
    }
    let expected: Vec<_> = (10..20).chain((0..10).rev()).map(call_id).collect();
    for limit in [1, 2, 3, 7, 10, 19, 20, 21, 1_000] {
        assert_eq!(pages(&**store, LogQuery::default(), limit).await, expected, "{limit}");
        let of_99 = LogQuery { user: Some(user(99)), ..LogQuery::default() };
        assert_eq!(pages(&**store, of_99.clone(), limit).await, expected, "{limit}");
        let ended = LogQuery { status: Some(CallStatus::Ended), ..LogQuery::default() };
        assert_eq!(pages(&**store, ended.clone(), limit).await, expected, "{limit}");
        assert_eq!(pages(&**store, LogQuery { user: Some(user(99)), ..ended }, limit).await, expected);
    }
    assert_eq!(store.log(LogQuery::default()).await.unwrap().calls.len(), 1, "a limit of 0 counts as 1");
}

pub(crate) async fn a_user_sees_its_own_and_a_status_is_chosen(store: Subject) {
    put(&**store, 0, &ended(direct(1, 1_000, [1, 2]), 2_000)).await;
    put(&**store, 0, &direct(2, 3_000, [1, 3])).await;
    let mut third = direct(3, 4_000, [2, 4]);
    put(&**store, 0, &third).await;
    let found = async |number: Option<u32>, status| {
        let query = LogQuery { user: number.map(user), status, ..LogQuery::default() };
        pages(&**store, query, 10).await
    };
    let (ringing, active) = (Some(CallStatus::Ringing), Some(CallStatus::Active));
    assert_eq!(found(Some(1), None).await, [call_id(2), call_id(1)]);
    assert_eq!(found(Some(2), None).await, [call_id(3), call_id(1)]);
    assert_eq!(found(Some(9), None).await, []);
    assert_eq!(found(None, ringing).await, [call_id(3), call_id(2)]);
    assert_eq!(found(Some(2), ringing).await, [call_id(3)]);
    assert_eq!(found(None, active).await, []);

    third.log.status = CallStatus::Active;
    third.users.push(user(9));
    put(&**store, 1, &third).await;
    assert_eq!(found(None, ringing).await, [call_id(2)]);
    assert_eq!(found(Some(9), active).await, [call_id(3)], "and whoever joins has it too");
    put(&**store, 1, &ended(direct(2, 3_000, [1, 3]), 5_000)).await;
    assert_eq!(found(None, ringing).await, []);
}

pub(crate) async fn calls_that_begin_meanwhile_do_not_shift_the_pages(store: Subject) {
    for number in 0..4 {
        put(&**store, 0, &direct(number, 1_000 + u64::from(number), [2 * number, 2 * number + 1])).await;
    }
    let first = store.log(LogQuery { limit: 2, ..LogQuery::default() }).await.unwrap();
    put(&**store, 0, &direct(9, 9_000, [90, 91])).await;
    let second = LogQuery { limit: 2, before: first.next, ..LogQuery::default() };
    let second = store.log(second).await.unwrap();
    let ids: Vec<_> = second.calls.iter().map(|call| call.id).collect();
    assert_eq!(ids, [call_id(1), call_id(0)]);
}

pub(crate) async fn a_place_that_is_none_is_refused(store: Subject) {
    for place in ["", "nonsense", "0.", "'; DROP TABLE calls; --"] {
        let query = LogQuery { before: Some(place.into()), limit: 5, ..LogQuery::default() };
        assert!(matches!(store.log(query).await, Err(StoreError::BadPlace)), "{place:?}");
    }
}

pub(crate) async fn old_calls_go_and_open_ones_stay(store: Subject) {
    for number in 0..10 {
        put(&**store, 0, &ended(direct(number, 1_000, [1, 2]), 10_000 + u64::from(number))).await;
    }
    put(&**store, 0, &direct(50, 1, [1, 2])).await;
    let before = |at| Retention { ended_before_unix_ms: Some(at), ended_max: None };
    assert_eq!(store.prune(Retention::default(), 100).await.unwrap(), 0);
    assert_eq!(store.prune(before(10_000), 100).await.unwrap(), 0, "at that time is not before it");
    assert_eq!(store.prune(before(10_006), 4).await.unwrap(), 4, "a few at a time");
    assert_eq!(store.prune(before(10_006), 4).await.unwrap(), 2);
    assert_eq!(store.prune(before(10_006), 4).await.unwrap(), 0);
    let left: Vec<_> = [9, 8, 7, 6, 50].map(call_id).into();
    assert_eq!(pages(&**store, LogQuery::default(), 3).await, left);
    let of_user = LogQuery { user: Some(user(1)), ..LogQuery::default() };
    assert_eq!(pages(&**store, of_user, 3).await, left, "for each of its users, too");
    assert_eq!(store.call(call_id(0)).await.unwrap(), None);
    assert_eq!(store.prune(before(u64::MAX), 100).await.unwrap(), 4);
    assert_eq!(store.claim(user(1)).await.unwrap(), Some(call_id(50)));
}

pub(crate) async fn calls_beyond_so_many_go_oldest_first(store: Subject) {
    for number in 0..10 {
        put(&**store, 0, &ended(direct(number, 9_000, [1, 2]), 20_000 - u64::from(number))).await;
    }
    put(&**store, 0, &direct(50, 1, [1, 2])).await;
    let most = |max| Retention { ended_before_unix_ms: None, ended_max: Some(max) };
    assert_eq!(store.prune(most(10), 100).await.unwrap(), 0);
    assert_eq!(store.prune(most(7), 2).await.unwrap(), 2);
    assert_eq!(store.prune(most(7), 2).await.unwrap(), 1);
    let left: Vec<_> = [6, 5, 4, 3, 2, 1, 0, 50].map(call_id).into();
    assert_eq!(pages(&**store, LogQuery::default(), 3).await, left, "those that ended first are gone");
    let both = Retention { ended_before_unix_ms: Some(19_996), ended_max: Some(6) };
    assert_eq!(store.prune(both, 100).await.unwrap(), 2, "whichever asks for more");
    assert_eq!(store.prune(most(0), 100).await.unwrap(), 5);
    assert_eq!(pages(&**store, LogQuery::default(), 3).await, [call_id(50)]);
}

/// Whoever opens room after room fills the log with what matters least.
pub(crate) async fn calls_that_one_user_was_alone_in_make_room_for_others(store: Subject) {
    for number in 0..4 {
        put(&**store, 0, &ended(direct(number, 9_000, [1, 2]), 10_000 + u64::from(number))).await;
    }
    for number in 4..8 {
        put(&**store, 0, &ended(direct(number, 9_000, [9, 9]), 10_000 + u64::from(number))).await;
    }
    // With somebody else in it a call counts like any other.
    let mut met = ended(direct(8, 9_000, [9, 9]), 9_999);
    put(&**store, 0, &met).await;
    met.users = vec![user(9), user(3)];
    put(&**store, 1, &met).await;
    let most = |max| Retention { ended_before_unix_ms: None, ended_max: Some(max) };
    assert_eq!(store.prune(most(6), 2).await.unwrap(), 2);
    assert_eq!(store.prune(most(6), 2).await.unwrap(), 1);
    let left: Vec<_> = [8, 7, 3, 2, 1, 0].map(call_id).into();
    assert_eq!(pages(&**store, LogQuery::default(), 9).await, left);
    let both = Retention { ended_before_unix_ms: Some(10_000), ended_max: Some(5) };
    assert_eq!(store.prune(both, 100).await.unwrap(), 2, "one that was alone, and an old one");
    assert_eq!(store.prune(most(2), 100).await.unwrap(), 2);
    assert_eq!(pages(&**store, LogQuery::default(), 9).await, [3, 2].map(call_id));
}
