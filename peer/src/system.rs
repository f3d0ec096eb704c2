//! The operating system as a client's [`Environment`]: real entropy, TCP and TLS, real interfaces.

use crate::{
    environment::{Dial, Environment, Io, LocalAddresses},
    url::HubUrl,
};
use async_trait::async_trait;
use holdfast_protocol::Entropy;
use rustls::pki_types::ServerName;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use webrtc::runtime::TokioRuntime;

/// The environment of a real client of the hub at `url`.
///
/// # Errors
/// When the URL's host cannot be a TLS server's name.
pub fn environment(url: &HubUrl) -> io::Result<Environment> {
    Ok(Environment {
        runtime: Arc::new(TokioRuntime),
        dial: Arc::new(TcpDial::new(url)?),
        entropy: Arc::new(OsEntropy),
        addresses: Arc::new(Interfaces { with_loopback: url.is_loopback() }),
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

/// TCP, with TLS for `https`.
struct TcpDial {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl TcpDial {
    fn new(url: &HubUrl) -> io::Result<Self> {
        let tls = url.is_secure().then(|| {
            let name = ServerName::try_from(url.host().to_owned()).map_err(io::Error::other)?;
            let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = rustls::ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map_err(io::Error::other)?
                .with_root_certificates(roots)
                .with_no_client_auth();
            Ok::<_, io::Error>((TlsConnector::from(Arc::new(config)), name))
        });
        Ok(Self { host: url.host().to_owned(), port: url.port(), tls: tls.transpose()? })
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
