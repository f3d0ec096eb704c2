//! The certificate that the hub shows: read from files, or made with a development CA of its own ([`dev`]).
//! It is replaced while listeners run, and a bad replacement leaves the old one in place.

mod dev;
mod machine;

pub use dev::{CA_FILE, Issued};
pub use machine::Names;

use crate::{config::TlsSettings, data_dir::DataDirError};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};
use tokio_rustls::TlsAcceptor;

/// Why there is no usable certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is unreadable or is not PEM.
    #[error("{}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: rustls::pki_types::pem::Error,
    },
    /// A file has no certificate in it.
    #[error("{}: no certificate in it", .0.display())]
    NoCertificate(PathBuf),
    /// The key is of an unknown kind, or not the certificate's.
    #[error("{}: {cause}", path.display())]
    Key {
        /// The key's file.
        path: PathBuf,
        /// What is wrong with it.
        cause: rustls::Error,
    },
    /// The development CA's directory is not usable.
    #[error(transparent)]
    Dir(#[from] DataDirError),
    /// The development CA's files are damaged.
    #[error("{}: {cause}; delete the directory to get a new CA, which devices must be told to trust again", dir.display())]
    DevCa {
        /// The directory.
        dir: PathBuf,
        /// What is wrong.
        cause: rcgen::Error,
    },
    /// TLS itself could not be set up.
    #[error("TLS: {0}")]
    Setup(rustls::Error),
}

/// The certificate and key that are shown now.
#[derive(Debug)]
pub struct TlsKeys {
    source: Source,
    current: RwLock<Arc<CertifiedKey>>,
}

#[derive(Debug)]
enum Source {
    Files { cert: PathBuf, key: PathBuf },
    Dev { dir: PathBuf },
}

impl TlsKeys {
    /// What the settings ask for; None without TLS. `names` is what a development certificate is made for.
    ///
    /// # Errors
    /// When there is no usable certificate.
    pub fn load(
        settings: &TlsSettings,
        names: &Names,
        now_unix_ms: u64,
    ) -> Result<Option<Arc<Self>>, TlsError> {
        if settings.listen.is_empty() {
            return Ok(None);
        }
        let source = match (&settings.cert, &settings.key) {
            (Some(cert), Some(key)) => Source::Files { cert: cert.clone(), key: key.clone() },
            _ => Source::Dev { dir: settings.dev_dir.clone() },
        };
        let current = RwLock::new(source.read(names, now_unix_ms)?);
        Ok(Some(Arc::new(Self { source, current })))
    }

    /// Reads the files again, or renews the development certificate when it is due.
    ///
    /// # Errors
    /// When there is nothing usable; the certificate from before stays.
    pub fn reload(&self, names: &Names, now_unix_ms: u64) -> Result<(), TlsError> {
        let next = self.source.read(names, now_unix_ms)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    /// Whether the certificate is of the hub's own making.
    pub fn is_dev(&self) -> bool {
        matches!(self.source, Source::Dev { .. })
    }

    /// The development CA's certificate, PEM.
    pub fn dev_ca_pem(&self) -> Option<String> {
        let Source::Dev { dir } = &self.source else { return None };
        std::fs::read_to_string(dir.join(CA_FILE)).ok()
    }

    /// What does the handshakes.
    ///
    /// # Errors
    /// When the library has no usable cipher.
    pub fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, TlsError> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl ResolvesServerCert for TlsKeys {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Source {
    fn read(&self, names: &Names, now_unix_ms: u64) -> Result<Arc<CertifiedKey>, TlsError> {
        match self {
            Self::Files { cert, key } => read(cert, key),
            Self::Dev { dir } => {
                let Issued { cert, key } = dev::issue(dir, names, now_unix_ms)?;
                read(&cert, &key)
            }
        }
    }
}

/// A certificate chain and its key, which must belong together.
fn read(cert: &Path, key: &Path) -> Result<Arc<CertifiedKey>, TlsError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |cause| TlsError::File { path, cause }
    };
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(at(cert))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(cert.to_owned()));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(at(key))?;
    let certified = CertifiedKey::from_der(chain, secret, &ring::default_provider())
        .map_err(|cause| TlsError::Key { path: key.to_owned(), cause })?;
    Ok(Arc::new(certified))
}

#[cfg(test)]
mod tests;
