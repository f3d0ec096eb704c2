//! A WebSocket client (RFC 6455) for load: frames are masked once and sent many times, and what comes back is
//! counted by its headers. The usual client library spends as much on a message as the server does, so one core of it
//! could not show what one core of server can do.

use std::{
    io::{Cursor, Error, ErrorKind, Result},
    net::SocketAddr,
    ops::Range,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Data, OpCode},
};

/// The longest frame header.
const HEADER_BYTES_MAX: usize = 14;
/// Nothing that is relayed is shorter.
const RELAYED_BYTES_MIN: u64 = 64;
/// The largest answer to the opening request that is read.
const HEAD_BYTES_MAX: usize = 8 * 1024;
/// Any key but zero, which would be no mask.
const MASK: [u8; 4] = [0x5a, 0xc3, 0x17, 0x9e];

/// A text message as a client's bytes on the wire.
pub fn frame(text: &str) -> Vec<u8> {
    let header = FrameHeader { opcode: OpCode::Data(Data::Text), mask: Some(MASK), ..FrameHeader::default() };
    let mut bytes = Vec::with_capacity(text.len() + HEADER_BYTES_MAX);
    header.format(text.len() as u64, &mut bytes).expect("a vector takes every write");
    bytes.extend(text.bytes().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A message that is sent many times, each time with the next number in the same place.
#[derive(Debug)]
pub struct Numbered {
    frame: Vec<u8>,
    /// Where the digits are in the text, and where the text is in the frame.
    digits: Range<usize>,
    header_bytes: usize,
    next: u32,
}

impl Numbered {
    /// `text`, with `first` where it is found in it.
    pub fn new(text: &str, first: u32) -> Option<Self> {
        let number = first.to_string();
        let at = text.find(&number)?;
        let frame = frame(text);
        let header_bytes = frame.len() - text.len();
        Some(Self { frame, digits: at..at + number.len(), header_bytes, next: first })
    }

    /// Writes it once more.
    pub fn append_to(&mut self, bytes: &mut Vec<u8>) {
        let mut number = self.next;
        for at in self.digits.clone().rev() {
            let digit = u8::try_from(number % 10).unwrap_or_default();
            self.frame[self.header_bytes + at] = (b'0' + digit) ^ MASK[at % MASK.len()];
            number /= 10;
        }
        self.next += 1;
        bytes.extend_from_slice(&self.frame);
    }
}

/// An open WebSocket and what was read from it but not taken yet.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Client {
    /// Opens a WebSocket at `path`.
    ///
    /// # Errors
    /// When nobody answers, or with anything but a WebSocket.
    pub async fn open(address: SocketAddr, path: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let key = tungstenite::handshake::client::generate_key();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut unread = Vec::with_capacity(512);
        let end = loop {
            if let Some(at) = unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if unread.len() > HEAD_BYTES_MAX || stream.read_buf(&mut unread).await? == 0 {
                return Err(Error::new(ErrorKind::UnexpectedEof, "no answer to the opening request"));
            }
        };
        if !unread.starts_with(b"HTTP/1.1 101 ") {
            return Err(Error::other(String::from_utf8_lossy(&unread[..end]).into_owned()));
        }
        unread.drain(..end);
        Ok(Self { stream, unread })
    }

    /// Sends one text message.
    ///
    /// # Errors
    /// When the socket is lost.
    pub async fn send(&mut self, text: &str) -> Result<()> {
        self.stream.write_all(&frame(text)).await
    }

    /// The next text message. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// When the socket is lost or closed.
    pub async fn next(&mut self) -> Result<String> {
        loop {
            let mut cursor = Cursor::new(&self.unread[..]);
            if let Some((header, length)) = parse(&mut cursor)? {
                let start = cursor_at(&cursor);
                let end = start + usize::try_from(length).map_err(Error::other)?;
                if self.unread.len() >= end {
                    let text = String::from_utf8_lossy(&self.unread[start..end]).into_owned();
                    self.unread.drain(..end);
                    match header.opcode {
                        OpCode::Data(Data::Text) => return Ok(text),
                        OpCode::Control(_) => {
                            return Err(Error::new(ErrorKind::ConnectionAborted, "a control frame"));
                        }
                        OpCode::Data(_) => return Err(Error::other("not a text frame")),
                    }
                }
            }
            if self.stream.read_buf(&mut self.unread).await? == 0 {
                return Err(Error::new(ErrorKind::UnexpectedEof, "the server closed the socket"));
            }
        }
    }

    /// The bare socket. Everything that was sent to it must have been taken before.
    ///
    /// # Errors
    /// When something was not.
    pub fn into_stream(self) -> Result<TcpStream> {
        if self.unread.is_empty() { Ok(self.stream) } else { Err(Error::other("unread bytes")) }
    }

    /// Gives back the memory of the reading buffer.
    pub fn rest(&mut self) {
        self.unread.shrink_to_fit();
    }
}

/// Counts text messages in a stream of bytes without keeping them. Short ones are the hub's own, which acknowledges the
/// commands.
#[derive(Debug, Default)]
pub struct Counter {
    head: Vec<u8>,
    skip: u64,
    is_short: bool,
}

impl Counter {
    /// Takes in the next bytes; the number of messages that end in them.
    ///
    /// # Errors
    /// When one is not a text message, such as a refusal's close.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<usize> {
        let mut ended = 0;
        while !bytes.is_empty() {
            if self.skip > 0 {
                let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
                bytes = &bytes[skipped..];
                self.skip -= skipped as u64;
                ended += usize::from(self.skip == 0 && !self.is_short);
                continue;
            }
            let had = self.head.len();
            let take = bytes.len().min(HEADER_BYTES_MAX - had);
            self.head.extend_from_slice(&bytes[..take]);
            let mut cursor = Cursor::new(&self.head[..]);
            let Some((header, length)) = parse(&mut cursor)? else { break };
            if header.opcode != OpCode::Data(Data::Text) || length == 0 {
                return Err(Error::other(format!("an unexpected frame: {header:?}")));
            }
            bytes = &bytes[cursor_at(&cursor) - had..];
            self.skip = length;
            self.is_short = length < RELAYED_BYTES_MIN;
            self.head.clear();
        }
        Ok(ended)
    }
}

fn parse(cursor: &mut Cursor<&[u8]>) -> Result<Option<(FrameHeader, u64)>> {
    FrameHeader::parse(cursor).map_err(Error::other)
}

fn cursor_at(cursor: &Cursor<&[u8]>) -> usize {
    usize::try_from(cursor.position()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_server(text: &str) -> Vec<u8> {
        let header = FrameHeader { opcode: OpCode::Data(Data::Text), ..FrameHeader::default() };
        let mut bytes = Vec::new();
        header.format(text.len() as u64, &mut bytes).unwrap();
        bytes.extend(text.bytes());
        bytes
    }

    #[test]
    fn messages_are_counted_however_they_are_cut() {
        let lengths = [64, 125, 126, 5_500, 70_000];
        let stream: Vec<u8> = lengths.iter().flat_map(|length| from_server(&"x".repeat(*length))).collect();
        for size in [1, 2, 3, 7, 100, 4_096, stream.len()] {
            let mut counter = Counter::default();
            let ended: usize = stream.chunks(size).map(|chunk| counter.feed(chunk).unwrap()).sum();
            assert_eq!(ended, lengths.len(), "in pieces of {size}");
        }
        assert_eq!(Counter::default().feed(&from_server("short")).unwrap(), 0);
    }

    #[test]
    fn a_numbered_message_counts() {
        let mut numbered = Numbered::new(r#"{"id":1000000009,"x":1}"#, 1_000_000_009).unwrap();
        for number in ["1000000009", "1000000010", "1000000011"] {
            let mut bytes = Vec::new();
            numbered.append_to(&mut bytes);
            assert_eq!(bytes, frame(&format!(r#"{{"id":{number},"x":1}}"#)));
        }
    }

    #[test]
    fn a_close_is_not_a_message() {
        assert!(Counter::default().feed(&[0x88, 2, 0x03, 0xe8]).is_err());
    }
}
