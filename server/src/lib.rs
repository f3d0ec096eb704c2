//! The Holdfast hub: introduces the participants of calls to each other, keeps their places while a socket is
//! lost, and serves the page. Media never comes here.
//!
//! [`run`] is the whole hub. It is given its settings, listeners, clock, randomness and stop signal, so that it
//! runs the same in a product, in a test on port 0 and in a simulated world; dropping its future ends everything
//! it started. What decides lives in pure files (`call/core.rs`, `socket/conversation.rs`, `session/outbox.rs`,
//! `rate.rs`); the rest waits, sends and stores for them.

mod abuse;
mod arrival;
mod banner;
mod call;
pub mod clock;
pub mod config;
pub mod credentials;
mod data_dir;
mod description;
mod directory;
mod entropy;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod gate;
mod http;
mod hub;
pub mod ice;
pub mod log;
mod metrics;
mod network;
mod outgoing;
mod rate;
mod rates;
mod restart;
mod session;
mod shutdown;
mod socket;
pub mod store;
mod tasks;
pub mod tls;

pub use arrival::{Arrival, Door, Entrance, Stream};
pub use banner::Banner;
pub use clock::{Clock, SystemClock};
pub use config::{Config, ConfigError, DirectoryMode, LimitsMode, LogAge};
pub use credentials::HubKey;
pub use data_dir::{DataDirError, HUB_KEY_FILE, load_or_create_key};
pub use entropy::OsEntropy;
pub use http::API_CODES;
pub use metrics::METRICS;
pub use shutdown::{Hangups, Shutdown, Signals};

use axum::serve::Listener;
use clock::Timeline;
use futures_util::future::join_all;
use gate::Gate;
use holdfast_protocol::Entropy;
use hub::Hub;
use std::sync::Arc;
use store::Store as _;
use tokio::sync::Semaphore;

/// Why the hub could not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The settings contradict each other.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data directory is not usable.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The database is not usable.
    #[error(transparent)]
    Database(#[from] store::sqlite::OpenError),
    /// The store does not say what it has.
    #[error(transparent)]
    Store(#[from] store::StoreError),
}

/// Serves on `listeners` until `shutdown` asks to stop and everyone has been told. Dropping the future stops at
/// once, like a crash.
///
/// # Errors
/// When the settings, the data directory or the store are not usable; never once it serves.
pub async fn run<L>(
    config: Config,
    listeners: Vec<L>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    shutdown: Shutdown,
) -> Result<(), RunError>
where
    L: Listener,
    L::Addr: Into<Arrival>,
{
    config.validate()?;
    let config = config.in_force();
    if config.limits_mode == LimitsMode::Off {
        tracing::warn!("limits are off: strangers can take this hub down (--limits)");
    }
    let ice = config.ice_servers()?;
    let key = match &config.hub_key {
        Some(key) => key.clone(),
        None => load_or_create_key(&config.data_dir, &*entropy)?,
    };
    let admin_token = config.admin_token()?;
    let (store, timeline, plan) = wake(&config, &*clock).await?;
    // Its guard cuts every task when this future ends or is dropped.
    let cut = shutdown.cut.child_token();
    let _guard = cut.clone().drop_guard();
    let metrics = metrics::Metrics::new();
    let hub = Arc::new(Hub {
        timeline,
        key,
        ice,
        page: http::page::Page::built(),
        store: Arc::new(store::watched::Watched::new(store, &metrics)),
        sessions: session::table::SessionTable::new(config.sessions_max),
        calls: call::CallTable::new(config.rooms_max),
        directory: directory::Directory::new(config.directory == DirectoryMode::On, clock.now_unix_ms()),
        gate: Gate::new(config.sockets_max, config.sockets_per_address_max),
        connections: Gate::new(u64::MAX, config.http_connections_per_address_max),
        openings: Gate::new(u64::MAX, config.sessions_per_address_max),
        places: Gate::new(u64::MAX, config.places_per_address_max),
        beginnings: rates::Rates::new(config.calls_per_minute_max, (config.calls_per_minute_max / 2).max(1)),
        goodbyes: Gate::new(hub::GOODBYES_MAX, 1),
        api: http::ApiAccess::new(admin_token, config.api.requests_per_minute),
        budget: session::Budget::new(metrics.queue_bytes.clone(), config.queue_bytes_total_max),
        abuse: Hub::abuse(&config),
        metrics,
        tasks: tasks::Tasks::new(cut),
        config,
        clock,
        entropy,
        shutdown,
    });
    restart::go_on(&hub, plan);
    if hub.directory.is_open {
        hub.tasks.spawn(directory::keep_told(Arc::clone(&hub)));
    }
    hub.tasks.spawn(store::upkeep::keep_up(Arc::clone(&hub)));
    let places = usize::try_from(hub.config.http_connections_max).unwrap_or(usize::MAX);
    let places = Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
    let routers = http::Routers::new(&hub);
    tracing::info!(page = hub.page.is_built(), turn = hub.ice.turn.is_some(), "hub starts");
    let serving = join_all(
        listeners
            .into_iter()
            .map(|listener| http::accept(Arc::clone(&hub), listener, routers.clone(), Arc::clone(&places))),
    );
    tokio::select! {
        _ = serving => {}
        () = drained(&hub) => {}
        () = hub.shutdown.cut.cancelled() => tracing::warn!("cut"),
    }
    note_end(&hub).await;
    Ok(())
}

/// Opens the store, goes on in its time, and puts what the last life left behind in order.
async fn wake(
    config: &Config,
    clock: &dyn Clock,
) -> Result<(Arc<dyn store::Store>, Timeline, restart::Plan), RunError> {
    let store = store::start::open(config).await?;
    let last_alive_unix_ms = store.last_alive().await?;
    let timeline = Timeline::start(clock, last_alive_unix_ms);
    let ahead_ms = timeline.now_unix_ms().saturating_sub(clock.now_unix_ms());
    if ahead_ms > 0 {
        tracing::warn!(
            ahead_ms,
            "the clock was set back: the hub's time goes on from when it was last alive"
        );
    }
    let plan = restart::take_over(&*store, last_alive_unix_ms, timeline.now_unix_ms()).await?;
    Ok((store, timeline, plan))
}

/// From here on it is down.
async fn note_end(hub: &Hub) {
    if let Err(error) = hub.store.alive(hub.timeline.now_unix_ms()).await {
        tracing::warn!(%error, "the store does not know when the hub stopped");
    }
}

/// Waits for the first stage of a stop, and for the sockets to be closed. Health checks are answered meanwhile.
async fn drained(hub: &Hub) {
    hub.shutdown.drain.cancelled().await;
    tracing::info!("stopping: clients are told");
    if tokio::time::timeout(hub.config.shutdown_grace, hub.gate.emptied()).await.is_err() {
        tracing::warn!("some clients did not close in time");
    }
}
