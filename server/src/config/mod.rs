//! The settings: flag, environment variable and default of each in one place, read once and checked once.
//! `docs/operations.md` lists them; a test holds the list to this file. What is checked is in [`check`].

mod calls;
mod check;
mod keeping;
mod strangers;
mod tls;

pub use calls::DirectoryMode;
pub use check::ConfigError;
pub use keeping::{ApiSettings, LogAge, StoreKind, StoreSettings};
pub use strangers::{LimitsMode, ProxyHeader};
pub use tls::{TlsMode, TlsSettings};

use crate::credentials::HubKey;
use clap::{CommandFactory, FromArgMatches, Parser, ValueEnum};
use holdfast_protocol::{DisconnectPolicy, Heartbeat, Limits, Secret, limits};
use ipnet::IpNet;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// The Holdfast hub: introduces the participants of video calls to each other and serves the page. Media goes
/// from peer to peer and never through the hub.
#[derive(Clone, Debug, Parser)]
#[command(name = "holdfast-server", version, max_term_width = 100)]
pub struct Config {
    /// Address and port to listen on; repeatable. Browsers give camera and microphone only to pages from
    /// localhost or over TLS
    #[arg(
        long,
        env = "HOLDFAST_LISTEN",
        value_name = "ADDR",
        value_delimiter = ',',
        default_value = "127.0.0.1:8080"
    )]
    pub listen: Vec<SocketAddr>,
    /// Directory for what must outlive the process (made when absent)
    #[arg(long, env = "HOLDFAST_DATA_DIR", value_name = "DIR", default_value = "./holdfast-data")]
    pub data_dir: PathBuf,
    /// Further origins whose pages may open a WebSocket, with scheme and without a path; repeatable. The hub's
    /// own host always may
    #[arg(long = "origin", env = "HOLDFAST_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub origins: Vec<String>,
    /// How long a planned stop waits for its clients
    #[arg(long, env = "HOLDFAST_SHUTDOWN_GRACE", value_name = "DURATION", value_parser = duration, default_value = "5s")]
    pub shutdown_grace: Duration,
    /// When clients shall come back after a planned stop
    #[arg(long, env = "HOLDFAST_RETRY_AFTER", value_name = "DURATION", value_parser = duration, default_value = "1s")]
    pub retry_after: Duration,

    /// Where calls are kept, and for how long.
    #[command(flatten)]
    pub store: StoreSettings,
    /// Who may ask the API for what.
    #[command(flatten)]
    pub api: ApiSettings,

    /// How the hub speaks TLS.
    #[command(flatten)]
    pub tls: TlsSettings,

    /// Reverse proxy, as an address or network, whose word about the client's address is believed; repeatable
    #[arg(long = "trusted-proxy", env = "HOLDFAST_TRUSTED_PROXY", value_name = "ADDR[/BITS]", value_delimiter = ',', value_parser = strangers::network, help_heading = "Reverse proxy")]
    pub trusted_proxies: Vec<IpNet>,
    /// Header in which that proxy names the client. It must set or append to it itself; any other is ignored
    #[arg(
        long,
        env = "HOLDFAST_TRUSTED_PROXY_HEADER",
        value_name = "HEADER",
        value_enum,
        default_value = "x-forwarded-for",
        help_heading = "Reverse proxy"
    )]
    pub trusted_proxy_header: ProxyHeader,

    /// Address and port for `/metrics` alone, without TLS; then no other listener has it
    #[arg(long, env = "HOLDFAST_METRICS_LISTEN", value_name = "ADDR", help_heading = "Metrics")]
    pub metrics_listen: Option<SocketAddr>,
    /// Token that `/metrics` asks for (`Authorization: Bearer TOKEN`). Without one only this machine gets them
    #[arg(long, env = "HOLDFAST_METRICS_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = secret, help_heading = "Metrics")]
    pub metrics_token: Option<Secret>,

    /// STUN URL handed to clients, as in stun:stun.example.org:3478; repeatable
    #[arg(
        long = "stun-url",
        env = "HOLDFAST_STUN_URL",
        value_name = "URL",
        value_delimiter = ',',
        help_heading = "STUN and TURN"
    )]
    pub stun_urls: Vec<String>,
    /// TURN URL handed to clients, as in turn:turn.example.org:3478?transport=udp; repeatable
    #[arg(
        long = "turn-url",
        env = "HOLDFAST_TURN_URL",
        value_name = "URL",
        value_delimiter = ',',
        help_heading = "STUN and TURN"
    )]
    pub turn_urls: Vec<String>,
    /// Secret shared with the TURN servers (coturn: static-auth-secret)
    #[arg(long, env = "HOLDFAST_TURN_SECRET", value_name = "SECRET", hide_env_values = true, value_parser = secret, conflicts_with = "turn_secret_file", help_heading = "STUN and TURN")]
    pub turn_secret: Option<Secret>,
    /// File whose first line is that secret
    #[arg(long, env = "HOLDFAST_TURN_SECRET_FILE", value_name = "FILE", help_heading = "STUN and TURN")]
    pub turn_secret_file: Option<PathBuf>,
    /// Life of a TURN credential
    #[arg(long, env = "HOLDFAST_TURN_TTL", value_name = "DURATION", value_parser = duration, default_value = "10m", help_heading = "STUN and TURN")]
    pub turn_ttl: Duration,

    /// What happens in a room when a participant is away: `phone`, `event`, `support`, `patient`, or numbers as in `away=45s,then=leave,all-away=10m` (`then` is `end` or `leave`), alone or after a preset
    #[arg(long, env = "HOLDFAST_ROOM_POLICY", value_name = "POLICY", value_parser = calls::policy, default_value = "patient", help_heading = "Calls")]
    pub room_policy: DisconnectPolicy,
    /// The same for direct calls
    #[arg(long, env = "HOLDFAST_DIRECT_POLICY", value_name = "POLICY", value_parser = calls::policy, default_value = "support", help_heading = "Calls")]
    pub direct_policy: DisconnectPolicy,
    /// How long a call rings
    #[arg(long, env = "HOLDFAST_RING_TIMEOUT", value_name = "DURATION", value_parser = duration, default_value = "45s", help_heading = "Calls")]
    pub ring_timeout: Duration,
    /// How long a call may be; without it, for ever
    #[arg(long, env = "HOLDFAST_MAX_DURATION", value_name = "DURATION", value_parser = duration, help_heading = "Calls")]
    pub max_duration: Option<Duration>,
    /// How long the seat of an absent participant is safe while its call is full
    #[arg(long, env = "HOLDFAST_SEAT_KEPT", value_name = "DURATION", value_parser = duration, default_value = "60s", help_heading = "Calls")]
    pub seat_kept: Duration,
    /// Whether everyone who is connected may search for everyone else who is. In open mode those are strangers
    #[arg(
        long = "directory",
        env = "HOLDFAST_DIRECTORY",
        value_name = "MODE",
        value_enum,
        default_value = "off",
        help_heading = "Calls"
    )]
    pub directory: DirectoryMode,

    /// How long a session that is in no call waits for its client
    #[arg(long, env = "HOLDFAST_IDLE_RESUME_WINDOW", value_name = "DURATION", value_parser = duration, default_value = "10s", help_heading = "Timing")]
    pub idle_resume_window: Duration,
    /// How often clients show that they are alive
    #[arg(long, env = "HOLDFAST_HEARTBEAT_INTERVAL", value_name = "DURATION", value_parser = duration, default_value = "5s", help_heading = "Timing")]
    pub heartbeat_interval: Duration,
    /// Silence after which a socket is taken for dead
    #[arg(long, env = "HOLDFAST_HEARTBEAT_TIMEOUT", value_name = "DURATION", value_parser = duration, default_value = "12s", help_heading = "Timing")]
    pub heartbeat_timeout: Duration,
    /// How long a new socket may take to say hello
    #[arg(long, env = "HOLDFAST_HELLO_TIMEOUT", value_name = "DURATION", value_parser = duration, default_value = "5s", help_heading = "Timing")]
    pub hello_timeout: Duration,
    /// How long a connection may take over a request's head, the TLS handshake included, or stay without one
    #[arg(long, env = "HOLDFAST_HEAD_TIMEOUT", value_name = "DURATION", value_parser = duration, default_value = "15s", help_heading = "Timing")]
    pub head_timeout: Duration,
    /// How long a connection may take nothing of what is written to it
    #[arg(long, env = "HOLDFAST_WRITE_TIMEOUT", value_name = "DURATION", value_parser = duration, default_value = "30s", help_heading = "Timing")]
    pub write_timeout: Duration,

    /// Whether the limits hold that keep strangers in check; `off` lifts rates, counts and bans, for benchmarks only
    #[arg(
        long = "limits",
        env = "HOLDFAST_LIMITS",
        value_name = "MODE",
        value_enum,
        default_value = "on",
        help_heading = "Limits"
    )]
    pub limits_mode: LimitsMode,
    /// How long an address that goes on abusing the hub is kept out
    #[arg(long, env = "HOLDFAST_BAN", value_name = "DURATION", value_parser = duration, default_value = "11m", help_heading = "Limits")]
    pub ban: Duration,
    /// Participants of one call, the absent ones that still hold a place included
    #[arg(long, env = "HOLDFAST_PARTICIPANTS_MAX", value_name = "COUNT", default_value_t = limits::PARTICIPANTS_MAX, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Limits")]
    pub participants_max: u32,
    /// Calls that one session may be in at a time
    #[arg(long, env = "HOLDFAST_CALLS_MAX", value_name = "COUNT", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Limits")]
    pub calls_max: u32,
    /// Rooms with a call going on
    #[arg(long, env = "HOLDFAST_ROOMS_MAX", value_name = "COUNT", default_value_t = 10_000, value_parser = positive(), help_heading = "Limits")]
    pub rooms_max: u64,
    /// Sessions, the ones that wait for their client included
    #[arg(long, env = "HOLDFAST_SESSIONS_MAX", value_name = "COUNT", default_value_t = 20_000, value_parser = positive(), help_heading = "Limits")]
    pub sessions_max: u64,
    /// Open WebSockets
    #[arg(long, env = "HOLDFAST_SOCKETS_MAX", value_name = "COUNT", default_value_t = 20_000, value_parser = positive(), help_heading = "Limits")]
    pub sockets_max: u64,
    /// Open WebSockets per address. Every IPv6 /64 network counts as one address
    #[arg(long, env = "HOLDFAST_SOCKETS_PER_ADDRESS_MAX", value_name = "COUNT", default_value_t = 256, value_parser = positive(), help_heading = "Limits")]
    pub sockets_per_address_max: u64,
    /// Sessions per address, the ones that wait for their client included
    #[arg(long, env = "HOLDFAST_SESSIONS_PER_ADDRESS_MAX", value_name = "COUNT", default_value_t = 512, value_parser = positive(), help_heading = "Limits")]
    pub sessions_per_address_max: u64,
    /// Places in calls per address, the absent ones included
    #[arg(long, env = "HOLDFAST_PLACES_PER_ADDRESS_MAX", value_name = "COUNT", default_value_t = 512, value_parser = positive(), help_heading = "Limits")]
    pub places_per_address_max: u64,
    /// Calls per minute that an address may begin on average, half of them at once
    #[arg(long, env = "HOLDFAST_CALLS_PER_MINUTE_MAX", value_name = "COUNT", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Limits")]
    pub calls_per_minute_max: u32,
    /// HTTP connections per address, those of a trusted proxy excepted; further ones are dropped
    #[arg(long, env = "HOLDFAST_HTTP_CONNECTIONS_PER_ADDRESS_MAX", value_name = "COUNT", default_value_t = 512, value_parser = positive(), help_heading = "Limits")]
    pub http_connections_per_address_max: u64,
    /// HTTP connections that are not, or not yet, WebSockets; further ones wait
    #[arg(long, env = "HOLDFAST_HTTP_CONNECTIONS_MAX", value_name = "COUNT", default_value_t = 4_096, value_parser = positive(), help_heading = "Limits")]
    pub http_connections_max: u64,
    /// Largest message read, in bytes
    #[arg(long, env = "HOLDFAST_FRAME_BYTES_MAX", value_name = "BYTES", default_value_t = 65_536, value_parser = clap::value_parser!(u32).range(4_096..=16_777_216), help_heading = "Limits")]
    pub frame_bytes_max: u32,
    /// Frames kept for a client until it has acknowledged them
    #[arg(long, env = "HOLDFAST_QUEUE_FRAMES_MAX", value_name = "COUNT", default_value_t = 256, value_parser = positive(), help_heading = "Limits")]
    pub queue_frames_max: u64,
    /// Bytes kept for a client until it has acknowledged them
    #[arg(long, env = "HOLDFAST_QUEUE_BYTES_MAX", value_name = "BYTES", default_value_t = 1_048_576, value_parser = positive(), help_heading = "Limits")]
    pub queue_bytes_max: u64,
    /// Bytes kept for all clients together. Beyond it, whoever has more than 16 KiB waiting is closed
    #[arg(long, env = "HOLDFAST_QUEUE_BYTES_TOTAL_MAX", value_name = "BYTES", default_value_t = 268_435_456, value_parser = positive(), help_heading = "Limits")]
    pub queue_bytes_total_max: u64,
    /// Commands that wait in a room; senders wait when it is full
    #[arg(long, env = "HOLDFAST_ROOM_QUEUE_MAX", value_name = "COUNT", default_value_t = 64, value_parser = positive(), help_heading = "Limits")]
    pub room_queue_max: u64,
    /// Frames per second that a session may send on average
    #[arg(long, env = "HOLDFAST_FRAMES_PER_SECOND", value_name = "COUNT", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Limits")]
    pub frames_per_second: u32,
    /// Frames that a session may send at once
    #[arg(long, env = "HOLDFAST_FRAMES_BURST", value_name = "COUNT", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Limits")]
    pub frames_burst: u32,
    /// Refused frames per minute before the socket is closed
    #[arg(long, env = "HOLDFAST_REFUSALS_PER_MINUTE", value_name = "COUNT", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Limits")]
    pub refusals_per_minute: u32,

    /// How the log is written
    #[arg(
        long,
        env = "HOLDFAST_LOG_FORMAT",
        value_name = "FORMAT",
        value_enum,
        default_value = "auto",
        help_heading = "Log"
    )]
    pub log_format: LogFormat,
    /// What is logged: a level (error, warn, info, debug, trace), or target=level pairs with commas between
    #[arg(long, env = "HOLDFAST_LOG", value_name = "FILTER", default_value = "info", help_heading = "Log")]
    pub log: String,

    /// The hub's key instead of the one in the data directory; a hub that has it, and
    /// [`StoreSettings::given`] or a store in memory, touches no disk.
    #[arg(skip)]
    pub hub_key: Option<HubKey>,
    /// The development CA's certificate, served at `/ca.pem`; never its key.
    #[arg(skip)]
    pub dev_ca_pem: Option<String>,
}

/// How the log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum LogFormat {
    /// `pretty` on a terminal, `json` otherwise
    Auto,
    /// Lines for people
    Pretty,
    /// One JSON object per line
    Json,
}

impl Default for Config {
    /// The defaults alone: neither arguments nor environment are read.
    fn default() -> Self {
        Self::from_arguments(&[]).expect("every setting has a valid default")
    }
}

impl Config {
    /// Reads `arguments`, and not the environment.
    ///
    /// # Errors
    /// With what to print when they are not settings.
    pub fn from_arguments(arguments: &[&str]) -> Result<Self, clap::Error> {
        let command = Self::command().mut_args(|arg| arg.env(None::<&str>));
        let matches = command.try_get_matches_from(["holdfast-server"].iter().chain(arguments))?;
        Self::from_arg_matches(&matches)
    }

    /// What `welcome` tells about heartbeats.
    pub fn heartbeat(&self) -> Heartbeat {
        Heartbeat {
            interval_ms: crate::clock::millis(self.heartbeat_interval),
            timeout_ms: crate::clock::millis(self.heartbeat_timeout),
        }
    }

    /// What `welcome` tells about limits.
    pub fn limits(&self) -> Limits {
        Limits {
            frame_bytes_max: self.frame_bytes_max,
            participants_max: self.participants_max,
            calls_max: self.calls_max,
        }
    }
}

fn positive() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..)
}

/// A duration such as `30s` or `10m`; zero is refused, it would make every deadline immediate.
fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("must be longer than nothing".into()),
        Ok(duration) if duration <= Duration::from_hours(24 * 365) => Ok(duration),
        Ok(_) => Err("must be at most a year".into()),
        Err(error) => Err(format!("{error}; as in 500ms, 30s, 10m")),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the form that clap asks for")]
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_protocol::timing;

    #[test]
    fn the_defaults_are_valid_and_those_of_the_protocol() {
        let config = Config::default();
        config.validate().unwrap();
        Config::command().debug_assert();
        let ms = |duration: Duration| crate::clock::millis(duration);
        assert_eq!(config.limits(), Limits::default());
        assert_eq!(config.limits().frame_bytes_max as usize, limits::FRAME_BYTES_MAX);
        assert_eq!(config.heartbeat().interval_ms, timing::HEARTBEAT_INTERVAL_MS);
        assert_eq!(config.heartbeat().timeout_ms, timing::HEARTBEAT_TIMEOUT_MS);
        assert_eq!(ms(config.hello_timeout), timing::HELLO_TIMEOUT_MS);
        assert_eq!(ms(config.shutdown_grace), timing::SHUTDOWN_GRACE_MS);
        assert_eq!(ms(config.turn_ttl), timing::TURN_TTL_MS);
    }
}
