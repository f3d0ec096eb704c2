//! Sessions, signs of life, restarts.

use crate::{
    Subject,
    samples::{call_id, direct, ended, put, room, session, session_id, user},
};
use holdfast_server::store::{LogQuery, Retention};

pub(crate) async fn sessions_are_kept_as_they_were_put(store: Subject) {
    assert_eq!(store.sessions().await.unwrap(), []);
    store.remove_session(session_id(9)).await.unwrap();
    let (first, mut second) = (session(1), session(2));
    store.put_session(first.clone()).await.unwrap();
    store.put_session(second.clone()).await.unwrap();
    second.attempt += 1;
    second.token_before = None;
    second.calls.clear();
    store.put_session(second.clone()).await.unwrap();
    let all = async || {
        let mut all = store.sessions().await.unwrap();
        all.sort_by_key(|session| session.id);
        all
    };
    assert_eq!(all().await, [first, second.clone()]);
    store.remove_session(session_id(1)).await.unwrap();
    assert_eq!(all().await, [second]);
}

pub(crate) async fn the_latest_sign_of_life_counts(store: Subject) {
    assert_eq!(store.last_alive().await.unwrap(), None);
    for (now, last) in [(0, 0), (5_000, 5_000), (4_000, 5_000), (6_000, 6_000)] {
        store.alive(now).await.unwrap();
        assert_eq!(store.last_alive().await.unwrap(), Some(last));
    }
}

pub(crate) async fn everything_is_there_again_after_a_restart(store: Subject) {
    let (ringing, active, over) =
        (direct(1, 1_000, [1, 2]), room(2, 2_000, "team"), ended(direct(3, 3_000, [3, 4]), 4_000));
    for call in [&ringing, &active, &over] {
        put(&**store, 0, call).await;
    }
    put(&**store, 1, &active).await;
    store.put_session(session(1)).await.unwrap();
    store.alive(7_000).await.unwrap();
    assert_eq!(store.claim_due(46_000, 500, 9).await.unwrap(), [call_id(1)]);

    let store = store.reopened().await;
    let mut open = store.open_calls().await.unwrap();
    open.sort_by_key(|(_, call)| call.log.id);
    assert_eq!(open, [(1, ringing.clone()), (2, active.clone())]);
    assert_eq!(store.call(call_id(3)).await.unwrap(), Some((1, over)));
    assert_eq!(store.call_in(active.log.kind.room().unwrap()).await.unwrap(), Some(call_id(2)));
    assert_eq!(store.claim(user(2)).await.unwrap(), Some(call_id(1)));
    assert_eq!(store.sessions().await.unwrap(), [session(1)]);
    assert_eq!(store.last_alive().await.unwrap(), Some(7_000));
    assert_eq!(store.log(LogQuery { limit: 9, ..LogQuery::default() }).await.unwrap().calls.len(), 3);
    assert_eq!(store.claim_due(46_499, 500, 9).await.unwrap(), [], "a lease lasts as long as it lasts");
    put(&**store, 1, &ended(ringing, 8_000)).await;
}

pub(crate) async fn numbers_at_the_edge(store: Subject) {
    let mut call = direct(1, u64::from(u32::MAX) << 21, [1, 2]);
    call.deadline_unix_ms = Some(u64::MAX);
    put(&**store, 0, &call).await;
    assert_eq!(store.call(call_id(1)).await.unwrap(), Some((1, call)));
    assert_eq!(store.claim_due(1 << 53, u64::MAX, usize::MAX).await.unwrap(), []);
    let everything = Retention { ended_before_unix_ms: Some(u64::MAX), ended_max: Some(u64::MAX) };
    assert_eq!(store.prune(everything, usize::MAX).await.unwrap(), 0);
    assert_eq!(
        store.log(LogQuery { limit: usize::MAX, ..LogQuery::default() }).await.unwrap().calls.len(),
        1
    );
}
