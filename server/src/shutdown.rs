//! The two stages of a stop, the signals that ask for them, and the one that asks to read files again.

use std::io;
use tokio_util::sync::CancellationToken;

/// Asks a running hub to stop.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    /// Stop in order: take no new sockets, tell every client, close, return.
    pub drain: CancellationToken,
    /// Stop at once.
    pub cut: CancellationToken,
}

/// The operating system's requests to stop.
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    /// Takes SIGTERM and SIGINT over from now on. To be called before anyone can know that the hub runs.
    ///
    /// # Errors
    /// When the operating system lets no handler be installed.
    pub fn install() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Turns the first signal into `drain` and the second into `cut`.
    pub async fn drive(mut self, shutdown: Shutdown) {
        self.next().await;
        tracing::info!("signal: stopping");
        shutdown.drain.cancel();
        self.next().await;
        tracing::info!("second signal: stopping at once");
        shutdown.cut.cancel();
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Requests to read files again.
#[derive(Debug)]
pub struct Hangups {
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
}

impl Hangups {
    /// Takes SIGHUP over from now on; where that is not possible, nothing is ever asked.
    pub fn install() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let hangup = signal(SignalKind::hangup());
            if let Err(error) = &hangup {
                tracing::error!(%error, "SIGHUP will not make the hub read its certificate again");
            }
            Self { hangup: hangup.ok() }
        }
        #[cfg(not(unix))]
        Self {}
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(hangup) = &mut self.hangup {
            hangup.recv().await;
            return;
        }
        std::future::pending::<()>().await;
    }
}
