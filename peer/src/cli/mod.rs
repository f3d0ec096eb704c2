//! The command line: what it takes, and which command runs. Exit codes are in [`exit`].

mod args;
mod entrance;
pub mod exit;
mod expect;
mod lines;
mod prompt;
mod session;

pub use args::Args;
pub use exit::Exit;

/// Runs a command to its end.
pub async fn run(args: Args) -> Exit {
    match session::run(args).await {
        Ok(()) => Exit::Ok,
        Err(failure) if failure.exit == Exit::Ok => Exit::Ok,
        Err(failure) => {
            eprintln!("holdfast-peer: {}", failure.message);
            failure.exit
        }
    }
}
