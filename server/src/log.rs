//! Sets up the log: lines for people on a terminal, JSON otherwise.

use crate::config::{Config, LogFormat};
use std::io::IsTerminal;
use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer, filter::filter_fn, fmt::layer, layer::SubscriberExt, util::SubscriberInitExt,
};

/// Crates that write whole messages to their trace, secrets included.
const TALKATIVE: [&str; 3] = ["tungstenite", "tokio_tungstenite", "hyper"];

/// Starts logging to standard error as the settings say.
///
/// # Errors
/// When the filter is not one, or logging has been set up before.
pub fn start(config: &Config) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let filter = EnvFilter::try_new(&config.log)?;
    let terminal = std::io::stderr().is_terminal();
    let lines = match config.log_format {
        LogFormat::Pretty => layer().with_writer(std::io::stderr).with_ansi(terminal).boxed(),
        LogFormat::Auto if terminal => layer().with_writer(std::io::stderr).boxed(),
        LogFormat::Auto | LogFormat::Json => {
            layer().with_writer(std::io::stderr).json().flatten_event(true).boxed()
        }
    };
    tracing_subscriber::registry().with(lines).with(filter).with(filter_fn(keeps_secrets)).try_init()?;
    Ok(())
}

/// Whatever the filter says, no message is logged whole.
fn keeps_secrets(metadata: &Metadata<'_>) -> bool {
    let from = metadata.target().split("::").next().unwrap_or_default();
    !TALKATIVE.contains(&from) || *metadata.level() <= Level::INFO
}
