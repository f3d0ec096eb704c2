//! The headless peer as a program: reads the command line, runs it, ends with its exit code.

use clap::Parser;
use holdfast_peer::cli::{self, Args};
use std::{io, process::ExitCode};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error,holdfast_peer=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    cli::run(args).await.into()
}
