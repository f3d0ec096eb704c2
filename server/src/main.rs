//! The hub as a program: reads the settings, opens the listeners, prints where to go, runs.

use axum::serve::ListenerExt;
use clap::Parser;
use holdfast_protocol::RoomName;
use holdfast_server::{
    Banner, Clock, Config, Door, Entrance, Hangups, OsEntropy, Shutdown, Signals, SystemClock, log, run,
    tls::{CA_FILE, Names, TlsKeys},
};
use std::{
    error::Error, io::IsTerminal, net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc,
    time::Duration,
};
use tokio::net::{TcpListener, TcpStream};

/// Gives back what a flood took: the platform's own keeps it, scattered over its arenas.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How often a development certificate is held against the machine's present names.
const DEV_CHECK_INTERVAL: Duration = Duration::from_mins(5);

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

async fn start(mut config: Config) -> Result<(), Box<dyn Error + Send + Sync>> {
    log::start(&config)?;
    config.validate()?;
    let signals = Signals::install()?;
    let names = Names::of_this_machine();
    let keys = TlsKeys::load(&config.tls, &names, SystemClock.now_unix_ms())?;
    config.dev_ca_pem = keys.as_ref().and_then(|keys| keys.dev_ca_pem());
    let http = bind(&config.listen).await?;
    let https = bind(&config.tls.listen).await?;
    let metrics = bind(config.metrics_listen.as_slice()).await?;
    tell(&config, &names, &local(&http)?, &local(&https)?)?;
    for address in local(&metrics)? {
        println!("  Metrics at   http://{address}/metrics\n");
    }

    // Signals are small and each waits for its answer: collecting them into larger packets only adds delay.
    let quick = |listener: TcpListener| listener.tap_io(|io: &mut TcpStream| drop(io.set_nodelay(true)));
    let plain = |door| move |listener| Entrance::plain(quick(listener), door);
    let mut listeners: Vec<_> = http.into_iter().map(plain(Door::Http)).collect();
    listeners.extend(metrics.into_iter().map(plain(Door::Metrics)));
    if let Some(keys) = keys {
        let acceptor = keys.acceptor()?;
        listeners.extend(https.into_iter().map(|it| Entrance::tls(quick(it), acceptor.clone())));
        // Before anyone can know that the hub runs: SIGHUP would end it.
        tokio::spawn(renew(keys, Hangups::install()));
    }
    let shutdown = Shutdown::default();
    let hub = run(config, listeners, Arc::new(SystemClock), Arc::new(OsEntropy), shutdown.clone());
    tokio::spawn(signals.drive(shutdown));
    Ok(hub.await?)
}

async fn bind(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, String> {
    let mut listeners = Vec::new();
    for address in addresses {
        let listener = TcpListener::bind(address).await.map_err(|error| format!("{address}: {error}"))?;
        listeners.push(listener);
    }
    Ok(listeners)
}

fn local(listeners: &[TcpListener]) -> Result<Vec<SocketAddr>, std::io::Error> {
    listeners.iter().map(TcpListener::local_addr).collect()
}

fn tell(
    config: &Config,
    names: &Names,
    http: &[SocketAddr],
    https: &[SocketAddr],
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let (room, peer, ice) = (RoomName::generate(&OsEntropy), peer_program(), config.ice_servers()?);
    let ca_file = config.tls.dev_dir.join(CA_FILE);
    let banner = Banner {
        http,
        https,
        dev_ca: config.dev_ca_pem.as_ref().map(|_| ca_file.as_path()),
        lan: names.lan_address(),
        proxied: !config.trusted_proxies.is_empty(),
        terminal: std::io::stdout().is_terminal(),
        room: &room,
        peer: peer.as_deref(),
        ice: &ice,
    };
    print!("\n{}\n", banner.text());
    if let Some(address) = banner.unprotected() {
        tracing::warn!(%address, "no TLS: browsers refuse camera and microphone to everyone but this machine");
    }
    Ok(())
}

/// Puts a new certificate in the place of the old one: when SIGHUP says that the files have changed, and for a
/// development certificate also when the machine's names have, or its end nears.
async fn renew(keys: Arc<TlsKeys>, mut asked: Hangups) {
    let mut interval = tokio::time::interval(DEV_CHECK_INTERVAL);
    loop {
        let by_signal = tokio::select! {
            () = asked.next() => true,
            _ = interval.tick(), if keys.is_dev() => false,
        };
        match keys.reload(&Names::of_this_machine(), SystemClock.now_unix_ms()) {
            Ok(()) if by_signal => tracing::info!("certificate read again"),
            Ok(()) => {}
            Err(error) => tracing::error!(%error, "the certificate from before stays"),
        }
    }
}

/// The headless peer's program, when it is beside this one.
fn peer_program() -> Option<PathBuf> {
    let path = std::env::current_exe()
        .ok()?
        .with_file_name(format!("holdfast-peer{}", std::env::consts::EXE_SUFFIX));
    path.exists().then_some(path)
}
