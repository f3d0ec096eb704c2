//! Time stands still in a simulated world while the disk is at work.

use crate::{
    Kind, Subject,
    samples::{direct, put},
};
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinSet, time::Instant};

#[tokio::test(start_paused = true)]
async fn a_paused_clock_does_not_move_while_something_is_stored() {
    let store = Subject::new(Kind::Sqlite).await;
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0..50 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let call = direct(number, 1_000, [2 * number, 2 * number + 1]);
            let stored = put(&*store, 0, &call);
            tokio::time::timeout(Duration::from_millis(1), stored).await.unwrap();
        });
    }
    tasks.join_all().await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}
