//! The arguments.

use super::exit::{self, Exit, Failure};
use crate::{
    media::Clip,
    url::{Hub, HubUrl},
};
use clap::{Parser, Subcommand};
use holdfast_protocol::DisplayName;
use std::{path::PathBuf, time::Duration};

/// A headless participant of Holdfast calls.
#[derive(Parser, Debug)]
#[command(name = "holdfast-peer", version, after_help = exit::HELP)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Join a call, send a picture and a sound, and receive what the others send
    #[command(after_help = exit::HELP)]
    Join(Join),
    /// Join a call and send back to each participant what it sends: pictures, sound and messages
    #[command(after_help = exit::HELP)]
    Echo(Echo),
    /// Ring a user, and be in the call when it is accepted
    #[command(after_help = exit::HELP)]
    Call(Call),
    /// Wait for calls: on standard input, `accept` or `decline` answers the one that rings
    #[command(after_help = exit::HELP)]
    Answer(Answer),
}

/// Arguments of `join`.
#[derive(clap::Args, Debug)]
pub struct Join {
    /// The room's link, of the form `http://HOST:PORT/r/ROOM`
    #[arg(value_name = "URL")]
    pub url: HubUrl,
    /// What is sent.
    #[command(flatten)]
    pub sources: Sources,
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
}

/// Arguments of `echo`.
#[derive(clap::Args, Debug)]
pub struct Echo {
    /// The room's link, of the form `http://HOST:PORT/r/ROOM`
    #[arg(value_name = "URL")]
    pub url: HubUrl,
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
}

/// Arguments of `call`.
#[derive(clap::Args, Debug)]
pub struct Call {
    /// Whom: a user's id, or the name of one user that is online
    #[arg(value_name = "USER")]
    pub to: String,
    /// The hub, of the form `http://HOST:PORT`
    #[arg(long, value_name = "URL")]
    pub hub: Hub,
    /// What is sent.
    #[command(flatten)]
    pub sources: Sources,
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
}

/// Arguments of `answer`.
#[derive(clap::Args, Debug)]
pub struct Answer {
    /// The hub, of the form `http://HOST:PORT`
    #[arg(long, value_name = "URL")]
    pub hub: Hub,
    /// Accept every call at once
    #[arg(long)]
    pub auto: bool,
    /// End when the first call is over, in whatever way
    #[arg(long)]
    pub once: bool,
    /// What is sent.
    #[command(flatten)]
    pub sources: Sources,
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
}

/// What is sent.
#[derive(clap::Args, Debug)]
pub struct Sources {
    /// The picture: an IVF file with VP8, played in a loop; `test` for the built-in pattern; `none`
    #[arg(long, value_name = "FILE.ivf|test|none", default_value = "test")]
    pub video: Source,
    /// The sound: an Ogg file with Opus, played in a loop; `tone` for the built-in tone; `none`
    #[arg(long, value_name = "FILE.ogg|tone|none", default_value = "tone")]
    pub audio: Source,
}

/// Arguments of every command.
#[derive(clap::Args, Debug)]
pub struct Common {
    /// PEM file of a CA that may vouch for the hub, beside the public ones: `certs/dev/ca.pem` for a development hub
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// The name that the others see
    #[arg(long, default_value = "Bot")]
    pub name: DisplayName,
    /// Keep the session in this file (mode 0600), and come back to the one in it: a process that was killed takes its
    /// place in the call again. Removed on leaving
    #[arg(long, value_name = "FILE")]
    pub resume_file: Option<PathBuf>,
    /// Record what the others send into this folder: one playable file per participant and section
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
    /// Leave after this time in the call, such as 30s or 5m
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub duration: Option<Duration>,
    /// Print events as JSON lines, each with `at_ms`
    #[arg(long)]
    pub events: bool,
    /// Print the counters of every pair as often as this
    #[arg(long, value_name = "DURATION", value_parser = interval)]
    pub stats_every: Option<Duration>,
    /// Fail unless media flowed both ways with at least one participant, and with every one present for 5 s
    #[arg(long)]
    pub expect_media: bool,
    /// How long to try to reach the hub at first
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = humantime::parse_duration)]
    pub connect_timeout: Duration,
    /// Do not restart ICE or rebuild connections: to show what happens without
    #[arg(long)]
    pub no_recovery: bool,
}

/// A time between two of something.
fn interval(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("must be longer than nothing".to_owned()),
        other => other.map_err(|error| error.to_string()),
    }
}

/// Where media comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// Nowhere.
    None,
    /// Built in.
    BuiltIn,
    /// A file.
    File(PathBuf),
}

impl std::str::FromStr for Source {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "none" => Self::None,
            "test" | "tone" => Self::BuiltIn,
            file => Self::File(file.into()),
        })
    }
}

impl Source {
    /// Loads a picture.
    pub(super) fn video(&self) -> Result<Option<Clip>, Failure> {
        self.load(Clip::test_pattern, |bytes| Clip::from_ivf(&bytes).map_err(|error| error.to_string()))
    }

    /// Loads a sound.
    pub(super) fn audio(&self) -> Result<Option<Clip>, Failure> {
        self.load(Clip::tone, |bytes| Clip::from_ogg(&bytes).map_err(|error| error.to_string()))
    }

    fn load(
        &self,
        built_in: fn() -> Clip,
        parse: fn(bytes::Bytes) -> Result<Clip, String>,
    ) -> Result<Option<Clip>, Failure> {
        match self {
            Self::None => Ok(None),
            Self::BuiltIn => Ok(Some(built_in())),
            Self::File(path) => std::fs::read(path)
                .map_err(|error| error.to_string())
                .and_then(|bytes| parse(bytes.into()))
                .map(Some)
                .map_err(|error| Failure::new(Exit::File, format!("{}: {error}", path.display()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn files_that_are_not_media_are_refused_with_their_code() {
        let exit = |source: &str| source.parse::<Source>().unwrap().video().unwrap_err().exit;
        assert_eq!(exit("/nowhere/at/all.ivf"), Exit::File);
        assert_eq!(exit(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")), Exit::File);
        assert_eq!("none".parse::<Source>().unwrap().audio().unwrap(), None);
        assert!("test".parse::<Source>().unwrap().video().unwrap().is_some());
    }
}
