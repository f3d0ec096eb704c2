//! `holdfast-sim SCENARIO --seed N [--log FILE]`: runs one scenario and prints what came of it on one line.
//!
//! One run per process, because the seed decides the process's "random" bytes from its start. Exit status: 0 when
//! every assertion of the scenario held, 1 when one did not, 2 for a usage error.

mod interpose;

use clap::Parser;
use holdfast_tests::scenario::{self, Scenario};
use std::{fs, io, path::PathBuf, process::ExitCode};

/// Runs one scenario of the simulated world.
#[derive(Parser)]
#[command(name = "holdfast-sim")]
struct Arguments {
    /// Which one.
    scenario: Scenario,
    /// What decides everything in it.
    #[arg(long)]
    seed: u64,
    /// Where to write the event log.
    #[arg(long)]
    log: Option<PathBuf>,
}

fn main() -> io::Result<ExitCode> {
    let arguments = Arguments::parse();
    if !interpose::seed(arguments.seed) {
        eprintln!("this platform has no deterministic runs: another run of this seed will differ");
    }
    let report = scenario::run(arguments.scenario, arguments.seed);
    if let Some(path) = arguments.log {
        fs::write(path, report.log.to_text())?;
    }
    println!(
        "seed={} events={} log_hash={:016x} datagrams={} lost={} tcp_bytes={} result={}",
        arguments.seed,
        report.log.len(),
        report.log.hash(),
        report.traffic.datagrams_sent,
        report.traffic.datagrams_lost,
        report.traffic.tcp_bytes,
        if report.result.is_ok() { "ok" } else { "failed" },
    );
    Ok(match report.result {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("seed {}: {reason}", arguments.seed);
            ExitCode::FAILURE
        }
    })
}
