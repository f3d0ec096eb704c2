//! What no single setting can be checked for alone, and what is read from files that settings name.

use super::Config;
use crate::ice::{IceServers, Turn};
use holdfast_protocol::Secret;
use std::path::PathBuf;

/// Why the settings do not make sense together.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A TURN URL without the secret that its credentials are signed with.
    #[error("--turn-url needs --turn-secret or --turn-secret-file")]
    TurnWithoutSecret,
    /// A secret with no TURN server to use it.
    #[error("--turn-secret is set, but no --turn-url")]
    SecretWithoutTurn,
    /// The secret's file is unreadable.
    #[error("--turn-secret-file: {}: {cause}", path.display())]
    TurnSecretFile {
        /// The file.
        path: PathBuf,
        /// Why it is unreadable.
        cause: std::io::Error,
    },
    /// An empty secret is no secret.
    #[error("the TURN secret is empty")]
    EmptyTurnSecret,
    /// The admin token's file is unreadable.
    #[error("--admin-token-file: {}: {cause}", path.display())]
    AdminTokenFile {
        /// The file.
        path: PathBuf,
        /// Why it is unreadable.
        cause: std::io::Error,
    },
    /// An admin token that could be guessed.
    #[error("the admin token needs at least {0} characters; `openssl rand -hex 32` makes a good one")]
    AdminTokenShort(usize),
    /// A URL of another kind.
    #[error("{url:?} is not a {expected} URL")]
    Url {
        /// The URL.
        url: String,
        /// What was expected.
        expected: &'static str,
    },
    /// An origin that no browser would send.
    #[error("--origin {0:?}: expected scheme://host or scheme://host:port, without a path")]
    Origin(String),
    /// A client that keeps to the interval would be taken for dead.
    #[error("--heartbeat-timeout must be longer than --heartbeat-interval")]
    Heartbeat,
    /// A certificate that no listener shows.
    #[error("--tls, --tls-cert and --tls-key need --tls-listen")]
    TlsWithoutListener,
    /// No certificate, half of one, or two.
    #[error("--tls-listen needs either --tls dev, or --tls-cert and --tls-key")]
    TlsCertificate,
    /// A frame as long as allowed would overflow an empty queue.
    #[error("--queue-bytes-max must hold at least two frames of --frame-bytes-max")]
    Queue,
}

impl Config {
    /// Checks what no single setting can check alone.
    ///
    /// # Errors
    /// With what is wrong, naming the flags.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let wrong_url = |urls: &[String], schemes: &[&str], expected| {
            let wrong = urls
                .iter()
                .find(|url| !schemes.iter().any(|s| url.strip_prefix(s).is_some_and(|r| !r.is_empty())));
            wrong.map_or(Ok(()), |url| Err(ConfigError::Url { url: url.clone(), expected }))
        };
        wrong_url(&self.stun_urls, &["stun:", "stuns:"], "stun:")?;
        wrong_url(&self.turn_urls, &["turn:", "turns:"], "turn: or turns:")?;
        match (self.turn_urls.is_empty(), self.turn_secret.is_some() || self.turn_secret_file.is_some()) {
            (false, false) => return Err(ConfigError::TurnWithoutSecret),
            (true, true) => return Err(ConfigError::SecretWithoutTurn),
            _ => {}
        }
        if let Some(origin) = self.origins.iter().find(|origin| !crate::http::origin::is_origin(origin)) {
            return Err(ConfigError::Origin(origin.clone()));
        }
        super::tls::validate(self)?;
        if self.heartbeat_timeout <= self.heartbeat_interval {
            return Err(ConfigError::Heartbeat);
        }
        if self.queue_bytes_max < 2 * u64::from(self.frame_bytes_max) {
            return Err(ConfigError::Queue);
        }
        Ok(())
    }

    /// The servers for clients; reads the secret's file when there is one.
    ///
    /// # Errors
    /// When there is a TURN server without a usable secret.
    pub fn ice_servers(&self) -> Result<IceServers, ConfigError> {
        let stun_urls = self.stun_urls.clone();
        if self.turn_urls.is_empty() {
            return Ok(IceServers { stun_urls, turn: None });
        }
        let secret = match (&self.turn_secret, &self.turn_secret_file) {
            (Some(secret), _) => secret.clone(),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|cause| ConfigError::TurnSecretFile { path: path.clone(), cause })?;
                Secret::new(text.lines().next().unwrap_or_default().trim())
            }
            (None, None) => return Err(ConfigError::TurnWithoutSecret),
        };
        if secret.expose().is_empty() {
            return Err(ConfigError::EmptyTurnSecret);
        }
        let turn = Turn { urls: self.turn_urls.clone(), secret, ttl: self.turn_ttl };
        Ok(IceServers { stun_urls, turn: Some(turn) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Config {
        Config::from_arguments(args).unwrap()
    }

    #[test]
    fn nonsense_is_refused_with_the_flag_to_mend() {
        for (args, expected) in [
            (&["--turn-url", "turn:a"][..], "--turn-secret"),
            (&["--turn-secret", "x"], "--turn-url"),
            (&["--stun-url", "http://a"], "stun:"),
            (&["--turn-url", "stun:a", "--turn-secret", "x"], "turn:"),
            (&["--origin", "example.org"], "--origin"),
            (&["--origin", "https://example.org/x"], "--origin"),
            (&["--tls", "dev"], "--tls-listen"),
            (&["--tls-listen", "[::]:1"], "--tls dev"),
            (&["--tls-listen", "[::]:1", "--tls-cert", "x"], "--tls-key"),
            (&["--tls-listen", "[::]:1", "--tls-cert", "x", "--tls-key", "y", "--tls", "dev"], "either"),
            (&["--heartbeat-timeout", "5s"], "--heartbeat-timeout"),
            (&["--queue-bytes-max", "65536"], "--queue-bytes-max"),
        ] {
            let error = parse(args).validate().unwrap_err().to_string();
            assert!(error.contains(expected), "{args:?}: {error}");
        }
        for args in [["--resume-window", "0s"], ["--resume-window", "soon"], ["--participants-max", "0"]] {
            assert!(Config::from_arguments(&args).is_err(), "{args:?}");
        }
    }

    #[test]
    fn the_turn_secret_comes_from_flag_or_file_and_is_never_printed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        std::fs::write(&file, "from-file\nnot this").unwrap();
        let from_file =
            parse(&["--turn-url", "turn:a,turns:b", "--turn-secret-file", file.to_str().unwrap()]);
        from_file.validate().unwrap();
        let turn = from_file.ice_servers().unwrap().turn.unwrap();
        assert_eq!((turn.secret.expose(), turn.urls.len()), ("from-file", 2));
        let from_flag = parse(&["--turn-url", "turn:a", "--turn-secret", "hunter2"]);
        assert!(!format!("{from_flag:?}").contains("hunter2"));
        std::fs::write(&file, "\n").unwrap();
        assert!(matches!(from_file.ice_servers(), Err(ConfigError::EmptyTurnSecret)));
    }
}
