//! The operating system as a client's [`Environment`]: real entropy, TCP and TLS, real interfaces.

use crate::{
    environment::{Dial, Environment, Io, LocalAddresses},
    url::Hub,
};
use async_trait::async_trait;
use holdfast_protocol::Entropy;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use webrtc::runtime::TokioRuntime;

/// The environment of a real client of a hub, named by itself or by the link of a room.
///
/// # Errors
/// When the hub's host cannot be a TLS server's name.
pub fn environment(hub: &impl AsRef<Hub>) -> io::Result<Environment> {
    environment_trusting(hub, None)
}

/// The same, where a hub may also show a certificate that one of the PEM file's certificates vouches for.
///
/// # Errors
/// As above, and when the file has no usable certificate.
pub fn environment_trusting(hub: &impl AsRef<Hub>, ca: Option<&Path>) -> io::Result<Environment> {
    let hub = hub.as_ref();
    let extra = ca.map(read_ca).transpose()?.unwrap_or_default();
    Ok(Environment {
        runtime: Arc::new(TokioRuntime),
        dial: Arc::new(TcpDial::new(hub, extra)?),
        entropy: Arc::new(OsEntropy),
        addresses: Arc::new(Interfaces { with_loopback: hub.is_loopback() }),
    })
}

/// Random bytes of the operating system.
struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place where this crate takes real randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("without the operating system's randomness nothing here is safe to do");
    }
}

/// Every interface of the machine; loopback only when the hub is reached through it, as in tests.
struct Interfaces {
    with_loopback: bool,
}

impl LocalAddresses for Interfaces {
    fn for_connection(&self) -> Vec<SocketAddr> {
        let mut addresses = vec![SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))];
        if self.with_loopback {
            addresses.push(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        }
        addresses
    }
}

/// The certificates in a PEM file.
fn read_ca(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let bad = |why: &dyn std::fmt::Display| io::Error::other(format!("{}: {why}", path.display()));
    let all = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let all = all.map_err(|error| bad(&error))?;
    if all.is_empty() { Err(bad(&"no certificate in it")) } else { Ok(all) }
}

/// TCP, with TLS for `https`.
struct TcpDial {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl TcpDial {
    fn new(hub: &Hub, extra: Vec<CertificateDer<'static>>) -> io::Result<Self> {
        let tls = hub.is_secure().then(|| {
            let name = ServerName::try_from(hub.host().to_owned()).map_err(io::Error::other)?;
            let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
            for certificate in extra {
                roots.add(certificate).map_err(io::Error::other)?;
            }
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = rustls::ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map_err(io::Error::other)?
                .with_root_certificates(roots)
                .with_no_client_auth();
            Ok::<_, io::Error>((TlsConnector::from(Arc::new(config)), name))
        });
        Ok(Self { host: hub.host().to_owned(), port: hub.port(), tls: tls.transpose()? })
    }
}

#[async_trait]
impl Dial for TcpDial {
    async fn dial(&self) -> io::Result<Box<dyn Io>> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        // Else a small frame waits for the acknowledgement of the one before it.
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Ok(Box::new(stream)),
            Some((connector, name)) => Ok(Box::new(connector.connect(name.clone(), stream).await?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::HubUrl;

    /// A server whose certificate a CA of its own vouches for; the CA's file is what is returned beside its port.
    async fn server(dir: &Path) -> (std::path::PathBuf, u16) {
        let ca_key = rcgen::KeyPair::generate().unwrap();
        let mut ca_params = rcgen::CertificateParams::default();
        ca_params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let file = dir.join("ca.pem");
        std::fs::write(&file, ca_params.self_signed(&ca_key).unwrap().pem()).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let issuer = rcgen::Issuer::new(ca_params, ca_key);
        let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap())
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let _ = acceptor.accept(stream).await;
            }
        });
        (file, port)
    }

    #[tokio::test]
    async fn a_hub_is_trusted_with_its_ca_and_not_without() {
        let dir = tempfile::tempdir().unwrap();
        let (ca, port) = server(dir.path()).await;
        let dial = async |host: &str, ca: Option<&Path>| {
            let url: HubUrl = format!("https://{host}:{port}/r/a").parse().unwrap();
            environment_trusting(&url, ca).unwrap().dial.dial().await.map(drop)
        };
        dial("127.0.0.1", Some(&ca)).await.unwrap();
        assert!(dial("127.0.0.1", None).await.is_err(), "nobody vouches for it");
        assert!(dial("localhost", Some(&ca)).await.is_err(), "it is for another name");
    }

    #[test]
    fn a_file_that_is_no_certificate_is_refused() {
        let url: HubUrl = "https://localhost:8443/r/a".parse().unwrap();
        assert!(environment_trusting(&url, None).is_ok());
        let refused =
            |file: &str| environment_trusting(&url, Some(Path::new(file))).err().unwrap().to_string();
        assert!(refused("/nowhere/ca.pem").contains("/nowhere/ca.pem"));
        assert!(refused(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).contains("no certificate"));
    }
}
