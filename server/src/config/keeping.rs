//! Settings about what is kept, and about who may look it up: the store, the call log, the API.

use super::{Config, ConfigError, duration};
use crate::store::Store;
use clap::{Args, ValueEnum};
use holdfast_protocol::Secret;
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Fewest characters of an admin token: a guess must not be worth a try.
const ADMIN_TOKEN_CHARS_MIN: usize = 16;

/// Where calls are kept, and for how long.
#[derive(Clone, Debug, Args)]
pub struct StoreSettings {
    /// Where calls and sessions are kept; with `memory` a restart ends every call, and the log begins anew
    #[arg(
        id = "store",
        long = "store",
        env = "HOLDFAST_STORE",
        value_name = "STORE",
        value_enum,
        default_value = "sqlite",
        help_heading = "Call log"
    )]
    pub kind: StoreKind,
    /// How long a call stays in the log after its end; `off` keeps it for good
    #[arg(
        id = "log-retention",
        long = "log-retention",
        env = "HOLDFAST_LOG_RETENTION",
        value_name = "DURATION|off",
        value_parser = log_age,
        default_value = "90d",
        help_heading = "Call log"
    )]
    pub log_age: LogAge,
    /// Ended calls in the log; beyond it, those that ended first are forgotten, and before them those that one user alone was in
    #[arg(id = "log-calls-max", long = "log-calls-max", env = "HOLDFAST_LOG_CALLS_MAX", value_name = "COUNT", default_value_t = 250_000, value_parser = super::positive(), help_heading = "Call log")]
    pub log_calls_max: u64,
    /// A store instead of the one in the data directory.
    #[arg(skip)]
    pub given: Option<Arc<dyn Store>>,
}

/// The stores.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum StoreKind {
    /// A file in the data directory
    Sqlite,
    /// Nothing outlives the process
    Memory,
}

/// How long a call stays in the log after its end; None: for good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogAge(pub Option<Duration>);

fn log_age(text: &str) -> Result<LogAge, String> {
    if text == "off" { Ok(LogAge(None)) } else { duration(text).map(|age| LogAge(Some(age))) }
}

/// Who may ask the API for everything, and how often anyone may ask.
#[derive(Clone, Debug, Args)]
pub struct ApiSettings {
    /// Token with which the API shows every call (`Authorization: Bearer TOKEN`). Without one it shows users their own
    #[arg(id = "admin-token", long = "admin-token", env = "HOLDFAST_ADMIN_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = super::secret, conflicts_with = "admin-token-file", help_heading = "API")]
    pub admin_token: Option<Secret>,
    /// File whose first line is that token
    #[arg(
        id = "admin-token-file",
        long = "admin-token-file",
        env = "HOLDFAST_ADMIN_TOKEN_FILE",
        value_name = "FILE",
        help_heading = "API"
    )]
    pub admin_token_file: Option<PathBuf>,
    /// API requests per minute and address on average, a fifth of them at once
    #[arg(id = "api-requests-per-minute", long = "api-requests-per-minute", env = "HOLDFAST_API_REQUESTS_PER_MINUTE", value_name = "COUNT", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..), help_heading = "API")]
    pub requests_per_minute: u32,
}

impl Config {
    /// The admin token, if there is one; reads its file when there is one.
    ///
    /// # Errors
    /// When it is unreadable, or short enough to be guessed.
    pub fn admin_token(&self) -> Result<Option<Secret>, ConfigError> {
        let token = match (&self.api.admin_token, &self.api.admin_token_file) {
            (Some(token), _) => token.clone(),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|cause| ConfigError::AdminTokenFile { path: path.clone(), cause })?;
                Secret::new(text.lines().next().unwrap_or_default().trim())
            }
            (None, None) => return Ok(None),
        };
        if token.expose().chars().count() < ADMIN_TOKEN_CHARS_MIN {
            return Err(ConfigError::AdminTokenShort(ADMIN_TOKEN_CHARS_MIN));
        }
        Ok(Some(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_kept_for_a_time_or_for_good() {
        let age = |text: &str| Config::from_arguments(&["--log-retention", text]).map(|c| c.store.log_age.0);
        assert_eq!(age("30d").unwrap(), Some(Duration::from_hours(30 * 24)));
        assert_eq!(age("off").unwrap(), None);
        assert!(age("0s").is_err() && age("never").is_err());
        assert_eq!(Config::default().store.log_age.0, Some(Duration::from_hours(90 * 24)));
    }

    #[test]
    fn an_admin_token_comes_from_flag_or_file_is_long_and_never_printed() {
        let token = |arguments: &[&str]| Config::from_arguments(arguments).unwrap().admin_token();
        assert!(token(&[]).unwrap().is_none(), "no default");
        let long = "correct-horse-battery";
        assert_eq!(token(&["--admin-token", long]).unwrap().unwrap().expose(), long);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        let from_file = ["--admin-token-file", file.to_str().unwrap()];
        assert!(matches!(token(&from_file), Err(ConfigError::AdminTokenFile { .. })));
        std::fs::write(&file, format!("{long}\nnot this")).unwrap();
        assert_eq!(token(&from_file).unwrap().unwrap().expose(), long);
        for short in ["", "fifteen-letters"] {
            std::fs::write(&file, short).unwrap();
            let error = token(&from_file).unwrap_err().to_string();
            assert!(error.contains("16 characters"), "{error}");
        }
        let printed = format!("{:?}", Config::from_arguments(&["--admin-token", long]).unwrap());
        assert!(!printed.contains(long));
        assert!(Config::from_arguments(&["--admin-token", long, from_file[0], from_file[1]]).is_err());
    }
}
