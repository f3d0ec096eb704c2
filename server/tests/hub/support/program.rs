//! The hub as a program, and requests to it.

use super::soon;
use std::{net::SocketAddr, path::Path, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

/// A hub that runs as a program.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
}

impl Program {
    /// Starts it, on a port of its own.
    pub(crate) async fn start(dir: &Path, arguments: &[&str]) -> Self {
        let mut child = spawn(dir, arguments);
        let address = serving(&mut child).await;
        Self { child, address }
    }
}

/// Starts it, without waiting.
pub(crate) fn spawn(dir: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_holdfast-server"))
        .args(["--listen", "127.0.0.1:0", "--log", "warn", "--data-dir"])
        .arg(dir)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Waits until it answers; where.
pub(crate) async fn serving(program: &mut Child) -> SocketAddr {
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let address = loop {
        let line = soon("the link", lines.next_line()).await.unwrap().unwrap();
        if let Some((_, rest)) = line.split_once("http://") {
            break rest.split('/').next().unwrap().to_owned();
        }
    };
    let address = soon("the address", tokio::net::lookup_host(&address)).await.unwrap().next().unwrap();
    let (status, _, body) = http(address, "GET /readyz HTTP/1.1").await;
    assert_eq!(status, 200, "{body}");
    address
}

/// One HTTP request; status line, headers (lower case), body.
pub(crate) async fn http(address: SocketAddr, request: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("{request}\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    soon("an HTTP answer", stream.read_to_end(&mut answer)).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), body.to_owned())
}
