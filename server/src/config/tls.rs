//! Settings about TLS: which listeners speak it, and whose certificate they show.

use super::{Config, ConfigError};
use clap::{Args, ValueEnum};
use std::{net::SocketAddr, path::PathBuf};

/// How the hub speaks TLS.
#[derive(Clone, Debug, Args)]
pub struct TlsSettings {
    /// Address and port to listen on with TLS; repeatable
    #[arg(
        id = "tls-listen",
        long = "tls-listen",
        env = "HOLDFAST_TLS_LISTEN",
        value_name = "ADDR",
        value_delimiter = ',',
        help_heading = "TLS"
    )]
    pub listen: Vec<SocketAddr>,
    /// Make the certificate: `dev` signs it with a development CA of the hub's own, which each device must be told to trust
    #[arg(
        id = "tls-mode",
        long = "tls",
        env = "HOLDFAST_TLS",
        value_name = "MODE",
        value_enum,
        help_heading = "TLS"
    )]
    pub mode: Option<TlsMode>,
    /// Directory of the development CA (made when absent)
    #[arg(
        id = "tls-dev-dir",
        long = "tls-dev-dir",
        env = "HOLDFAST_TLS_DEV_DIR",
        value_name = "DIR",
        default_value = "./certs/dev",
        help_heading = "TLS"
    )]
    pub dev_dir: PathBuf,
    /// File with the certificate chain, PEM. Read again on SIGHUP
    #[arg(
        id = "tls-cert",
        long = "tls-cert",
        env = "HOLDFAST_TLS_CERT",
        value_name = "FILE",
        help_heading = "TLS"
    )]
    pub cert: Option<PathBuf>,
    /// File with its private key, PEM. Read again on SIGHUP
    #[arg(
        id = "tls-key",
        long = "tls-key",
        env = "HOLDFAST_TLS_KEY",
        value_name = "FILE",
        help_heading = "TLS"
    )]
    pub key: Option<PathBuf>,
}

/// Whose certificate is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum TlsMode {
    /// One of the hub's own development CA
    Dev,
}

impl TlsSettings {
    /// Whether the operator's own certificate is shown.
    pub fn has_own_certificate(&self) -> bool {
        self.cert.is_some()
    }
}

/// Checks that there is one certificate exactly when something shows it.
pub(super) fn validate(config: &Config) -> Result<(), ConfigError> {
    let TlsSettings { listen, mode, cert, key, .. } = &config.tls;
    match (listen.is_empty(), mode, cert, key) {
        (true, None, None, None) | (false, Some(_), None, None) | (false, None, Some(_), Some(_)) => Ok(()),
        (true, ..) => Err(ConfigError::TlsWithoutListener),
        (false, ..) => Err(ConfigError::TlsCertificate),
    }
}
