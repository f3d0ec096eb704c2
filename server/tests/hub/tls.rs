//! TLS as a client sees it: the program with a development CA, and with files that are replaced while it runs.

use crate::support::{config, ms, soon};
use futures_util::{SinkExt, StreamExt};
use holdfast_server::{
    Config, Entrance, OsEntropy, Shutdown, SystemClock, run,
    tls::{Names, TlsKeys},
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use std::{fs, net::SocketAddr, path::Path, process::Stdio, sync::Arc};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStderr, Command},
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{client_async, tungstenite::Message};

struct Program {
    process: Child,
    http: SocketAddr,
    https: SocketAddr,
    log: Lines<BufReader<ChildStderr>>,
}

impl Program {
    async fn start(data: &Path, arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_holdfast-server"))
            .args(["--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut address = async || loop {
            let line = soon("the address", lines.next_line()).await.unwrap().unwrap();
            if let Some(address) = line.trim().strip_prefix("Listening on") {
                break address.trim().trim_end_matches(" (TLS)").parse().unwrap();
            }
        };
        let (http, https) = (address().await, address().await);
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let log = BufReader::new(process.stderr.take().unwrap()).lines();
        Self { process, http, https, log }
    }

    /// Asks it to read its files again, and waits for what it says about that.
    async fn hang_up(&mut self, answer: &str) {
        let pid = self.process.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-HUP", &pid]).status().await.unwrap().success());
        loop {
            let line = soon(answer, self.log.next_line()).await.unwrap().unwrap();
            if line.contains(answer) {
                return;
            }
        }
    }
}

async fn connect(address: SocketAddr, ca: &Path) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::from(address.ip());
    soon("the handshake", TlsConnector::from(Arc::new(config)).connect(name, stream)).await
}

async fn get(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: 192.168.1.5\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = soon("an answer", stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_development_hub_serves_page_socket_and_ca() {
    let dir = tempfile::tempdir().unwrap();
    let certs = dir.path().join("certs");
    let hub = Program::start(dir.path(), &["--tls", "dev", "--tls-dev-dir", certs.to_str().unwrap()]).await;
    let ca = certs.join("ca.pem");
    let tls = async || connect(hub.https, &ca).await.unwrap();

    let answer = get(tls().await, "/healthz").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("cross-origin-opener-policy: same-origin"));
    assert!(!answer.contains("strict-transport-security"), "{answer}");
    let plain = get(TcpStream::connect(hub.http).await.unwrap(), "/healthz").await;
    assert!(!plain.contains("cross-origin-opener-policy"), "browsers do not honour it there: {plain}");

    let served = get(tls().await, "/ca.pem").await;
    assert!(served.contains("content-type: application/x-x509-ca-cert"), "{served}");
    assert!(served.ends_with(&fs::read_to_string(&ca).unwrap()) && !served.contains("PRIVATE"), "{served}");
    for secret in ["/ca.key", "/hub.key", "/certs/dev/ca.key"] {
        assert!(get(tls().await, secret).await.starts_with("HTTP/1.1 404"), "{secret}");
    }

    let url = format!("wss://{}/ws", hub.https);
    let (mut socket, _) = client_async(url, tls().await).await.unwrap();
    let hello =
        r#"{"type":"hello","protocol":2,"instance":"00001257-0000-4000-8000-000000000001","name":"Ada"}"#;
    socket.send(Message::Text(hello.into())).await.unwrap();
    let welcome = soon("welcome", socket.next()).await.unwrap().unwrap().into_text().unwrap();
    assert!(welcome.contains(r#""type":"welcome""#), "{welcome}");
}

#[tokio::test]
async fn own_files_are_read_again_and_broken_ones_are_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    let names = Names::new(None, []);
    for dir in [&first, &second] {
        let settings = ["--tls-listen", "[::1]:0", "--tls", "dev", "--tls-dev-dir", dir.to_str().unwrap()];
        let settings = Config::from_arguments(&settings).unwrap().tls;
        TlsKeys::load(&settings, &names, holdfast_server::Clock::now_unix_ms(&SystemClock)).unwrap();
    }
    let own = dir.path().join("own");
    fs::create_dir(&own).unwrap();
    let install = |from: &Path| {
        for file in ["hub.pem", "hub.key"] {
            fs::copy(from.join(file), own.join(file)).unwrap();
        }
    };
    install(&first);
    let [cert, key] = ["hub.pem", "hub.key"].map(|file| own.join(file).to_str().unwrap().to_owned());
    let mut hub = Program::start(dir.path(), &["--tls-cert", &cert, "--tls-key", &key]).await;
    let shows = async |which: &Path, https| connect(https, &which.join("ca.pem")).await;
    let answer = get(shows(&first, hub.https).await.unwrap(), "/ca.pem").await;
    assert!(answer.starts_with("HTTP/1.1 404"), "only in development: {answer}");
    assert!(answer.contains("strict-transport-security: max-age="), "{answer}");

    fs::write(own.join("hub.key"), "broken").unwrap();
    hub.hang_up("the certificate from before stays").await;
    shows(&first, hub.https).await.unwrap();
    install(&second);
    hub.hang_up("certificate read again").await;
    shows(&second, hub.https).await.unwrap();
    assert!(shows(&first, hub.https).await.is_err(), "the old one is gone");
}

#[tokio::test]
async fn half_a_tls_handshake_and_none_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let settings = ["--tls-listen", "[::1]:0", "--tls", "dev", "--tls-dev-dir", dir.path().to_str().unwrap()];
    let settings = Config::from_arguments(&settings).unwrap().tls;
    let now_ms = holdfast_server::Clock::now_unix_ms(&SystemClock);
    let keys = TlsKeys::load(&settings, &Names::new(None, []), now_ms).unwrap().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listeners = vec![Entrance::tls(listener, keys.acceptor().unwrap())];
    let config = Config { head_timeout: ms(300), ..config() };
    let hub =
        tokio::spawn(run(config, listeners, Arc::new(SystemClock), Arc::new(OsEntropy), Shutdown::default()));
    // A handshake's first bytes; plain HTTP; silence.
    for said in [&[0x16, 0x03, 0x01, 0x02, 0x00][..], b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", b""] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut rest = Vec::new();
        let _ = soon("the hub gives up", stream.read_to_end(&mut rest)).await;
        assert!(!rest.starts_with(b"HTTP"), "no answer without TLS");
    }
    let answer = get(connect(address, &dir.path().join("ca.pem")).await.unwrap(), "/healthz").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    hub.abort();
}
