//! Owns every task of one hub, so that none outlives it: axum's and hyper's upgrades live on their own.

use std::future::Future;
use tokio_util::sync::CancellationToken;

/// Spawns tasks that end when they are cut.
#[derive(Clone, Debug)]
pub(crate) struct Tasks {
    cut: CancellationToken,
}

impl Tasks {
    /// `cut` ends every task.
    pub(crate) fn new(cut: CancellationToken) -> Self {
        Self { cut }
    }

    /// Runs `future` until it ends or is cut.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        let cut = self.cut.clone();
        // Boxed, because a future handed on by value is kept once per hand: four times a socket's state.
        let future = Box::pin(future);
        tokio::spawn(async move {
            // Cut before anything else: what is ready by then must not run, as little as after a crash.
            tokio::select! {
                biased;
                () = cut.cancelled() => {}
                () = future => {}
            }
        });
    }
}
