//! The hub as a program: reads the settings, opens the listeners, prints where to go, runs.

use axum::serve::ListenerExt;
use clap::Parser;
use holdfast_protocol::RoomName;
use holdfast_server::{Config, OsEntropy, Shutdown, Signals, SystemClock, banner, log, run};
use std::{error::Error, path::PathBuf, process::ExitCode, sync::Arc};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    match start(Config::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("holdfast-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn start(config: Config) -> Result<(), Box<dyn Error + Send + Sync>> {
    log::start(&config)?;
    config.validate()?;
    let signals = Signals::install()?;
    let mut listeners = Vec::new();
    for address in &config.listen {
        let listener = TcpListener::bind(address).await.map_err(|error| format!("{address}: {error}"))?;
        listeners.push(listener);
    }
    let addresses = listeners.iter().map(TcpListener::local_addr).collect::<Result<Vec<_>, _>>()?;
    let room = RoomName::generate(&OsEntropy);
    print!("\n{}\n", banner(&addresses, &room, peer_program().as_deref(), &config.ice_servers()?));
    // Signals are small and each waits for its answer: collecting them into larger packets only adds delay.
    let listeners =
        listeners.into_iter().map(|listener| listener.tap_io(|io| drop(io.set_nodelay(true)))).collect();
    let shutdown = Shutdown::default();
    let hub = run(config, listeners, Arc::new(SystemClock), Arc::new(OsEntropy), shutdown.clone());
    tokio::spawn(signals.drive(shutdown));
    Ok(hub.await?)
}

/// The headless peer's program, when it is beside this one.
fn peer_program() -> Option<PathBuf> {
    let path = std::env::current_exe()
        .ok()?
        .with_file_name(format!("holdfast-peer{}", std::env::consts::EXE_SUFFIX));
    path.exists().then_some(path)
}
