//! Two clients in one room, and what they say to each other: offers of a usual size and trickled candidates.

use crate::wire::Client;
use futures_util::{StreamExt, TryStreamExt, stream};
use holdfast_protocol::{
    CallId, ClientFrame, CommandId, ConnectionId, DisplayName, Hello, HubFrame, IceCandidate, InstanceId,
    MediaState, PROTOCOL_VERSION, ParticipantId, RoomName, Seq, Signal, limits::ACK_FRAMES,
};
use std::{
    io::{Error, Result},
    net::SocketAddr,
};

/// Pairs that are set up at the same time.
const AT_ONCE: usize = 32;
/// Bytes of the offers' SDP, a browser's with one video and one audio section.
pub const OFFER_BYTES: usize = 5_500;
/// The number of the first command of a load: every later one has as many digits.
pub const FIRST_COMMAND: u32 = 1_000_000_000;
/// How a numbered frame of the hub begins, and how its acknowledgement of commands does.
const NUMBERED: &str = "{\"seq\":";
const HUB_ACK: &str = "{\"type\":\"ack\"";
const MEDIA: MediaState = MediaState { audio: true, camera: true, screen: false, screen_audio: false };

/// What kind of server is under test.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The hub: `hello`, `join`, and frames addressed to a participant.
    Hub,
    /// A relay that passes every text frame to the others of the room named in the query.
    Bare,
}

/// What is relayed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Load {
    /// Trickled ICE candidates.
    Candidates,
    /// Session descriptions.
    Offers,
}

/// One side of a pair.
#[derive(Debug)]
pub struct Side {
    /// Its socket.
    pub client: Client,
    address: Address,
    /// What it tells the hub of what it has taken in; a bare relay asks for nothing.
    pub acks: Option<Acks>,
}

/// Numbered frames that a side has taken in.
#[derive(Clone, Copy, Debug)]
pub struct Acks {
    taken: u32,
}

impl Acks {
    /// Takes `count` more in; the acknowledgement, when one is due.
    pub fn take(&mut self, count: u32) -> Option<String> {
        let before = self.taken;
        self.taken += count;
        (before / ACK_FRAMES != self.taken / ACK_FRAMES).then(|| self.text())
    }

    /// The acknowledgement of everything until now.
    pub fn text(self) -> String {
        ClientFrame::Ack { seq: Seq(self.taken) }.encode()
    }
}

/// Whom a side's frames go to.
#[derive(Clone, Copy, Debug)]
struct Address {
    call: CallId,
    to: ParticipantId,
}

impl Side {
    /// The next text that was relayed to it. The hub is told on the way.
    ///
    /// # Errors
    /// When the socket is lost.
    pub async fn next(&mut self) -> Result<String> {
        loop {
            let text = self.client.next().await?;
            if text.starts_with(HUB_ACK) {
                continue;
            }
            let ack = self.acks.as_mut().filter(|_| text.starts_with(NUMBERED)).and_then(|acks| acks.take(1));
            if let Some(ack) = ack {
                self.client.send(&ack).await?;
            }
            return Ok(text);
        }
    }

    /// The text of a frame to the other side; `number` can be read from it again with [`number_of`].
    pub fn text(&self, load: Load, number: u32) -> String {
        let connection = id::<ConnectionId>(3);
        let signal = match load {
            Load::Candidates => Signal::Candidate {
                connection,
                generation: 1,
                candidate: IceCandidate {
                    candidate: format!(
                        "candidate:{number:010} 1 udp 2122260223 192.168.178.23 56143 typ host generation 0 \
                         ufrag 9aXk network-id 1 network-cost 10"
                    ),
                    sdp_mid: Some("0".into()),
                    sdp_mline_index: Some(0),
                    username_fragment: Some("9aXk".into()),
                },
            },
            Load::Offers => Signal::Offer { connection, generation: 1, sdp: sdp() },
        };
        let Address { call, to } = self.address;
        ClientFrame::Signal { id: CommandId(FIRST_COMMAND + number), call, to, to_incarnation: 1, signal }
            .encode()
    }
}

/// The number in a relayed candidate.
pub fn number_of(text: &str) -> Option<u32> {
    let at = text.find("\"candidate:")? + "\"candidate:".len();
    text.get(at..at + 10)?.parse().ok()
}

/// A description as long as a browser's, lines and all: line ends are what JSON has to escape.
fn sdp() -> String {
    let mut sdp = String::from("v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n");
    let lines =
        ["a=rtcp-fb:96 transport-cc", "a=fmtp:97 apt=96", "a=rtpmap:98 VP9/90000", "a=rtcp-fb:98 nack pli"];
    for line in lines.iter().cycle() {
        if sdp.len() + line.len() + 2 > OFFER_BYTES {
            break;
        }
        sdp.push_str(line);
        sdp.push_str("\r\n");
    }
    sdp
}

fn id<T: std::str::FromStr>(number: u32) -> T {
    let text = format!("{number:08x}-0000-4000-8000-000000000001");
    text.parse().unwrap_or_else(|_| unreachable!("the text of a UUID"))
}

/// Sets up `count` pairs; `first` numbers their rooms.
///
/// # Errors
/// When a socket is refused or lost.
pub async fn meet(kind: Kind, server: SocketAddr, first: usize, count: usize) -> Result<Vec<[Side; 2]>> {
    stream::iter((first..first + count).map(|room| one(kind, server, room)))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

async fn one(kind: Kind, server: SocketAddr, room: usize) -> Result<[Side; 2]> {
    match kind {
        Kind::Bare => bare(server, room).await,
        Kind::Hub => hub(server, room).await,
    }
}

async fn bare(server: SocketAddr, room: usize) -> Result<[Side; 2]> {
    let path = format!("/ws?room=bench-{room}");
    let address = Address { call: id(1), to: id(2) };
    let mut first = Client::open(server, &path).await?;
    first.next().await?; // it is in
    let mut second = Client::open(server, &path).await?;
    second.next().await?;
    first.next().await?; // somebody came
    Ok([Side { client: first, address, acks: None }, Side { client: second, address, acks: None }])
}

async fn hub(server: SocketAddr, room: usize) -> Result<[Side; 2]> {
    let name = RoomName::new(&format!("bench-{room}")).map_err(Error::other)?;
    let (mut first, _, own) = enter(server, &name).await?;
    let (second, call, other) = enter(server, &name).await?;
    match decode(&first.next().await?)? {
        HubFrame::PeerJoined { participant, .. } if participant.id == other => {}
        unexpected => return Err(Error::other(format!("instead of peer-joined: {unexpected:?}"))),
    }
    // `joined` and `peer-joined`; `joined` alone.
    let mut pair = [(first, other, 2), (second, own, 1)].map(|(client, to, taken)| Side {
        client,
        address: Address { call, to },
        acks: Some(Acks { taken }),
    });
    for Side { client, acks, .. } in &mut pair {
        if let Some(acks) = acks {
            client.send(&acks.text()).await?;
        }
    }
    Ok(pair)
}

/// A client that has joined the room's call, and its own id there.
async fn enter(server: SocketAddr, room: &RoomName) -> Result<(Client, CallId, ParticipantId)> {
    let mut client = Client::open(server, "/ws").await?;
    let name = DisplayName::new("Load").map_err(Error::other)?;
    let instance = id::<InstanceId>(1);
    let hello = Hello { protocol: PROTOCOL_VERSION, instance, attempt: 0, name, guest: None, resume: None };
    client.send(&ClientFrame::Hello(hello).encode()).await?;
    match decode(&client.next().await?)? {
        HubFrame::Welcome(_) => {}
        unexpected => return Err(Error::other(format!("instead of welcome: {unexpected:?}"))),
    }
    client.send(&ClientFrame::Join { id: CommandId(1), room: room.clone(), media: MEDIA }.encode()).await?;
    match decode(&client.next().await?)? {
        HubFrame::Joined { call, .. } => Ok((client, call.id, call.you)),
        unexpected => Err(Error::other(format!("instead of joined: {unexpected:?}"))),
    }
}

fn decode(text: &str) -> Result<HubFrame> {
    serde_json::from_str(text).map_err(Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_as_long_as_it_says() {
        assert!((OFFER_BYTES - 100..=OFFER_BYTES).contains(&sdp().len()));
    }

    #[test]
    fn a_candidate_tells_its_number() {
        assert_eq!(number_of(r#"{"candidate":{"candidate":"candidate:0000004711 1 udp"}}"#), Some(4_711));
        assert_eq!(number_of(r#"{"type":"welcome"}"#), None);
    }
}
