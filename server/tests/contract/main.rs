//! What every store must do: one suite, run against each. A further implementation needs a line in [`Kind`].

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod clock;
mod commits;
mod format;
mod log;
mod model;
mod rest;
mod samples;

use holdfast_server::store::{Store, memory::MemoryStore, sqlite::SqliteStore};
use std::sync::Arc;

/// The implementations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Memory,
    Sqlite,
}

/// A store of some kind, empty at first.
pub(crate) struct Subject {
    kind: Kind,
    dir: tempfile::TempDir,
    store: Arc<dyn Store>,
}

impl Subject {
    pub(crate) async fn new(kind: Kind) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = match kind {
            Kind::Memory => Arc::new(MemoryStore::default()),
            Kind::Sqlite => Arc::new(SqliteStore::open(dir.path()).await.unwrap()),
        };
        Self { kind, dir, store }
    }

    /// As after a restart, for stores that outlive one.
    pub(crate) async fn reopened(self) -> Self {
        match self.kind {
            Kind::Memory => self,
            Kind::Sqlite => {
                let Self { kind, dir, store } = self;
                drop(store);
                let store = Arc::new(SqliteStore::open(dir.path()).await.unwrap());
                Self { kind, dir, store }
            }
        }
    }
}

impl std::ops::Deref for Subject {
    type Target = Arc<dyn Store>;
    fn deref(&self) -> &Self::Target {
        &self.store
    }
}

/// Names every case once, and runs it against every kind.
macro_rules! suite {
    ($($module:ident :: $case:ident),* $(,)?) => {
        mod memory {
            $( #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { super::$module::$case(super::Subject::new(super::Kind::Memory).await).await; } )*
        }
        mod sqlite {
            $( #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { super::$module::$case(super::Subject::new(super::Kind::Sqlite).await).await; } )*
        }
    };
}

suite! {
    commits::a_call_is_what_was_committed_last,
    commits::only_the_version_before_may_be_changed,
    commits::claims_and_call_are_stored_together_or_not_at_all,
    commits::of_many_who_claim_a_user_at_once_one_wins,
    commits::of_many_who_change_a_call_at_once_one_wins,
    commits::a_room_has_the_call_that_goes_on_in_it,
    commits::open_calls_are_those_that_have_not_ended,
    commits::a_deadline_is_given_to_one_asker_until_the_lease_is_over,
    commits::many_askers_share_the_deadlines,
    log::pages_follow_each_other_without_gap_or_repeat,
    log::a_user_sees_its_own_and_a_status_is_chosen,
    log::calls_that_begin_meanwhile_do_not_shift_the_pages,
    log::a_place_that_is_none_is_refused,
    log::old_calls_go_and_open_ones_stay,
    log::calls_beyond_so_many_go_oldest_first,
    log::calls_that_one_user_was_alone_in_make_room_for_others,
    rest::sessions_are_kept_as_they_were_put,
    rest::the_latest_sign_of_life_counts,
    rest::everything_is_there_again_after_a_restart,
    rest::numbers_at_the_edge,
}
