//! One HTTP request at a time, for the hub's API: no more than a test needs.

use std::{io, net::SocketAddr};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};

/// The body of what `path` gives to who has the operator's token.
///
/// # Errors
/// When the answer is not 200.
pub async fn get(hub: SocketAddr, path: &str, token: &str) -> io::Result<String> {
    get_over(TcpStream::connect(hub).await?, hub, path, token).await
}

/// The same over a connection that is open.
///
/// # Errors
/// When the answer is not 200.
pub async fn get_over(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    hub: SocketAddr,
    path: &str,
    token: &str,
) -> io::Result<String> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {hub}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    if head.starts_with("HTTP/1.1 200 ") {
        Ok(body.to_owned())
    } else {
        Err(io::Error::other(head.to_owned()))
    }
}
