//! `holdfast-bench measure` takes the signaling figures; `report` writes them and the browser's into
//! `docs/benchmarks.md`; `bare-relay` is the server to compare with. `run.sh` beside this file does it all in order.

use clap::{Parser, Subcommand};
use holdfast_bench::{
    bare, clock,
    figures::{Idle, Latency, PER_MILLES, Relay, Signaling, Throughput, load_average},
    idle, latency,
    load::{self, Plan},
    pair::{Kind, Load, meet},
    report,
    server::{Server, processor_time},
};
use std::{
    error::Error,
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// The server's core; `run.sh` holds this program to another one.
const SERVER_CORE: usize = 0;

#[derive(Parser)]
#[command(name = "holdfast-bench", about = "Measures the hub beside a bare relay")]
enum Arguments {
    /// Takes the signaling figures
    Measure(Measure),
    /// Writes the tables and plots
    Report {
        /// The project's folder
        #[arg(long, default_value = ".")]
        root: PathBuf,
    },
    /// Serves as a bare relay
    BareRelay {
        /// Where to listen
        address: SocketAddr,
    },
}

#[derive(clap::Args)]
struct Measure {
    /// The hub's program
    #[arg(long)]
    hub: PathBuf,
    /// The yardstick's program, which takes its address as only argument; the own bare relay without it
    #[arg(long)]
    bare: Option<PathBuf>,
    /// Where the result goes
    #[arg(long)]
    out: PathBuf,
    /// Which parts
    #[arg(long, value_delimiter = ',', default_value = "candidates,offers,latency,idle")]
    only: Vec<Part>,
    /// Rounds of throughput and latency; hub and bare relay in turn
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Rooms of two
    #[arg(long, default_value_t = 100)]
    rooms: usize,
    /// Candidates under way from each side
    #[arg(long, default_value_t = 12)]
    candidates: usize,
    /// Offers under way from each side
    #[arg(long, default_value_t = 4)]
    offers: usize,
    /// Seconds that each throughput or latency round counts
    #[arg(long, default_value_t = 8)]
    seconds: u32,
    /// Messages per second for the latency
    #[arg(long, default_value_t = 1_000)]
    rate: u32,
    /// Idle sockets
    #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
    idle: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Subcommand, clap::ValueEnum)]
enum Part {
    Candidates,
    Offers,
    Latency,
    Idle,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    match Arguments::parse() {
        Arguments::Measure(plan) => measure(&plan).await?,
        Arguments::Report { root } => report::write(&root)?,
        Arguments::BareRelay { address } => {
            bare::serve(tokio::net::TcpListener::bind(address).await?).await?;
        }
    }
    Ok(())
}

async fn measure(plan: &Measure) -> io::Result<()> {
    let started = clock::now();
    let mut result = Signaling {
        yardstick: plan
            .bare
            .as_ref()
            .map_or("the own bare relay (tests/bench/bare.rs)", |_| "the relay given as YARDSTICK")
            .to_owned(),
        load_average: [load_average(); 2],
        ..Signaling::default()
    };
    println!("compared with {}", result.yardstick);
    for part in &plan.only {
        let rounds = if *part == Part::Idle { plan.idle.len() } else { plan.rounds };
        for round in 0..rounds {
            for kind in [Kind::Bare, Kind::Hub] {
                let figures = if kind == Kind::Hub { &mut result.hub } else { &mut result.bare };
                let line = one(plan, *part, round, kind, figures).await?;
                println!("[{:>4.0} s] {kind:?} {line}", seconds_since(started));
            }
        }
    }
    result.load_average[1] = load_average();
    if let Some(folder) = plan.out.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&plan.out, serde_json::to_string_pretty(&result)? + "\n")?;
    println!("written to {}", plan.out.display());
    Ok(())
}

/// One round of one part with a server of its own; what to say about it.
async fn one(plan: &Measure, part: Part, round: usize, kind: Kind, to: &mut Relay) -> io::Result<String> {
    let server = start(plan, kind).await?;
    match part {
        Part::Candidates | Part::Offers => {
            let (load, window, list) = match part {
                Part::Offers => (Load::Offers, plan.offers, &mut to.offers),
                _ => (Load::Candidates, plan.candidates, &mut to.candidates),
            };
            let figure = throughput(plan, &server, kind, load, window).await?;
            list.push(figure);
            Ok(format!(
                "{load:?}: {:.0}/s, {:.0} per second of processor time (server {:.2}, load {:.2} of a core)",
                figure.per_second, figure.per_processor_second, figure.server_share, figure.load_share
            ))
        }
        Part::Latency => {
            let figure = steady(plan, &server, kind).await?;
            let line = format!(
                "at {:.0}/s: p50 {:.3} ms, p99 {:.3} ms, slowest {:.1} ms",
                figure.rate, figure.p50_ms, figure.p99_ms, figure.max_ms
            );
            to.latency.push(figure);
            Ok(line)
        }
        Part::Idle => {
            let figure = hold(&server, kind, plan.idle[round]).await?;
            to.idle.push(figure);
            Ok(format!("{} idle sockets: {:.1} KB each", figure.sockets, figure.kb_per_socket()))
        }
    }
}

async fn start(plan: &Measure, kind: Kind) -> io::Result<Server> {
    match (kind, &plan.bare) {
        (Kind::Hub, _) => Server::hub(&plan.hub, SERVER_CORE).await,
        (Kind::Bare, Some(program)) => Server::bare(program, &[], SERVER_CORE).await,
        (Kind::Bare, None) => {
            Server::bare(Path::new(&std::env::current_exe()?), &["bare-relay"], SERVER_CORE).await
        }
    }
}

async fn throughput(
    plan: &Measure,
    server: &Server,
    kind: Kind,
    load: Load,
    window: usize,
) -> io::Result<Throughput> {
    let pairs = meet(kind, server.address, 0, plan.rooms).await?;
    let measure = Duration::from_secs(plan.seconds.into());
    let plan = Plan { load, window, warm_up: Duration::from_secs(1), measure };
    let used = || Ok::<_, io::Error>((server.processor_time()?, processor_time("self")?));
    let (mut before, mut after) = (Ok(Default::default()), Ok(Default::default()));
    let counted = load::run(plan, pairs, || before = used(), || after = used()).await?;
    let (before, after) = (before?, after?);
    let used_s = |before: Duration, after: Duration| after.saturating_sub(before).as_secs_f64();
    let (server_s, load_s) = (used_s(before.0, after.0), used_s(before.1, after.1));
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let messages = counted.messages as f64;
    Ok(Throughput {
        per_second: messages / counted.seconds,
        per_processor_second: messages / server_s,
        server_share: server_s / counted.seconds,
        load_share: load_s / counted.seconds,
    })
}

async fn steady(plan: &Measure, server: &Server, kind: Kind) -> io::Result<Latency> {
    let every = Duration::from_secs(1) / plan.rate;
    let pairs = meet(kind, server.address, 0, plan.rooms).await?;
    let started = clock::now();
    let all = latency::run(pairs, every, plan.rate * plan.seconds).await?;
    let ms = |per_mille| latency::quantile(&all, per_mille).as_secs_f64() * 1_000.0;
    Ok(Latency {
        rate: f64::from(plan.rate * plan.seconds) / seconds_since(started),
        p50_ms: ms(500),
        p99_ms: ms(990),
        max_ms: ms(1_000),
        curve_ms: PER_MILLES.map(ms).to_vec(),
    })
}

async fn hold(server: &Server, kind: Kind, sockets: usize) -> io::Result<Idle> {
    let before_bytes = server.resident_bytes()?;
    let pairs = idle::open(kind, server.address, sockets).await?;
    // What was in the making when the last socket opened is done, and what is freed has been given back.
    sleep(Duration::from_secs(2)).await;
    let with_bytes = server.resident_bytes()?;
    drop(pairs);
    Ok(Idle { sockets, before_bytes, with_bytes })
}

fn seconds_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64()
}
