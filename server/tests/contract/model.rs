//! Random commits, restarts and questions, against a model plain enough to be read.

use crate::{
    Kind, Subject,
    samples::{call_id, direct, ended, user},
};
use holdfast_protocol::{CallId, CallStatus, UserId};
use holdfast_server::store::{Committed, LogQuery, Retention, Store, StoredCall, Version};
use proptest::prelude::*;
use std::collections::BTreeMap;

const CALLS: u32 = 6;
const USERS: u32 = 4;

/// What is done to a store.
#[derive(Clone, Debug)]
enum Step {
    /// Commits a call; `behind` the present version by so much, claiming these users, ended or not.
    Commit { call: u32, behind: u64, claims: Vec<u32>, over: bool, at: u64 },
    /// Forgets what ended before.
    Prune { before: u64 },
    /// Starts the process again.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let commit = (0..CALLS, 0_u64..8, prop::collection::vec(0..USERS, 0..3), any::<bool>(), 0_u64..5);
    let commit = commit.prop_map(|(call, behind, claims, over, at)| Step::Commit {
        call,
        behind: behind.saturating_sub(6),
        claims,
        over,
        at,
    });
    prop_oneof![12 => commit, 1 => (0_u64..6).prop_map(|before| Step::Prune { before }), 1 => Just(Step::Restart)]
}

/// All that a store is, without a thought for speed.
#[derive(Default)]
struct Model(BTreeMap<CallId, (Version, StoredCall)>);

impl Model {
    fn commit(&mut self, expected: Version, call: StoredCall) -> Committed {
        let id = call.log.id;
        if self.0.get(&id).map_or(0, |(version, _)| *version) != expected {
            return Committed::Stale;
        }
        for user in &call.claims {
            if let Some(by) = self.claim(*user).filter(|by| *by != id) {
                return Committed::Claimed { user: *user, by };
            }
        }
        self.0.insert(id, (expected + 1, call));
        Committed::Done(expected + 1)
    }

    fn claim(&self, user: UserId) -> Option<CallId> {
        self.0.values().find(|(_, call)| call.claims.contains(&user)).map(|(_, call)| call.log.id)
    }

    fn newest_first(&self, user: Option<UserId>, status: Option<CallStatus>) -> Vec<CallId> {
        let mut calls: Vec<_> = self.0.values().map(|(_, call)| call).collect();
        calls.retain(|call| user.is_none_or(|user| call.users.contains(&user)));
        calls.retain(|call| status.is_none_or(|status| call.log.status == status));
        calls.sort_by_key(|call| std::cmp::Reverse((call.log.began_unix_ms, call.log.id)));
        calls.iter().map(|call| call.log.id).collect()
    }
}

/// Does one step to both; the answers must be the same.
async fn apply(store: Subject, model: &mut Model, step: Step) -> Subject {
    match step {
        Step::Commit { call, behind, claims, over, at } => {
            let version = model.0.get(&call_id(call)).map_or(0, |(version, _)| *version);
            let Some(expected) = version.checked_sub(behind) else { return store };
            let mut sample = direct(call, u64::from(call % 3), [call % USERS, 99]);
            sample.claims = claims.into_iter().map(user).collect();
            sample.deadline_unix_ms = Some(at);
            let sample = if over { ended(sample, at) } else { sample };
            let expectation = model.commit(expected, sample.clone());
            assert_eq!(store.commit(expected, sample).await.unwrap(), expectation);
        }
        Step::Prune { before } => {
            let retention = Retention { ended_before_unix_ms: Some(before), ended_max: None };
            let count = model.0.len();
            model.0.retain(|_, (_, call)| call.log.ended_unix_ms.is_none_or(|at| at >= before));
            assert_eq!(store.prune(retention, 100).await.unwrap(), count - model.0.len());
        }
        Step::Restart => return store.reopened().await,
    }
    store
}

async fn assert_same(store: &dyn Store, model: &Model) {
    for number in 0..CALLS {
        assert_eq!(store.call(call_id(number)).await.unwrap(), model.0.get(&call_id(number)).cloned());
    }
    for number in 0..USERS {
        assert_eq!(store.claim(user(number)).await.unwrap(), model.claim(user(number)));
    }
    for user in [None, Some(user(1)), Some(user(99))] {
        for status in [None, Some(CallStatus::Ringing), Some(CallStatus::Ended)] {
            let query = LogQuery { user, status, before: None, limit: 100 };
            let found: Vec<_> = store.log(query).await.unwrap().calls.iter().map(|call| call.id).collect();
            assert_eq!(found, model.newest_first(user, status));
        }
    }
    let open = store.open_calls().await.unwrap().len();
    assert_eq!(open, model.newest_first(None, Some(CallStatus::Ringing)).len());
}

fn run(kind: Kind, steps: Vec<Step>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (mut store, mut model) = (Subject::new(kind).await, Model::default());
        for step in steps {
            store = apply(store, &mut model, step).await;
            assert_same(&**store, &model).await;
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn memory_is_as_the_model(steps in prop::collection::vec(step(), 1..40)) {
        run(Kind::Memory, steps);
    }

    #[test]
    fn sqlite_is_as_the_model(steps in prop::collection::vec(step(), 1..40)) {
        run(Kind::Sqlite, steps);
    }
}
