//! A bot of the peer library in the simulated world. It sends the test pattern and the tone, and remembers what it
//! sees of the others.

use crate::{log::EventLog, net::Host, world::World};
use bytes::Bytes;
use holdfast_peer::{
    Client, ClientError, Event, Options, Playing, Received, ReceivedStream, Stamped, Streams,
    environment::{Dial, Environment, Io, LocalAddresses},
    media::{Clip, Section},
};
use holdfast_protocol::{
    CallId, CallSnapshot, ConnectionId, DisplayName, MediaState, ParticipantId, RoomName, UserId,
    WEBSOCKET_PATH,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

/// A client's first media port; each further connection has the next.
const FIRST_MEDIA_PORT: u16 = 5_000;
/// What a bot sends.
const MEDIA: MediaState = MediaState { audio: true, camera: true, screen: false, screen_audio: false };
/// How long the hub may take for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// A bot in a call.
pub struct Bot {
    /// Its name, also in the log.
    pub name: &'static str,
    /// The machine it runs on.
    pub host: Host,
    /// Its end of the peer library.
    pub client: Client,
    pub(crate) seen: watch::Receiver<Seen>,
    seen_by_all: Arc<watch::Sender<Seen>>,
    playing: Vec<Playing>,
}

/// What a bot has seen so far.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Every event, in order.
    pub events: Vec<Event>,
    /// Its place in the call; another one when the hub has forgotten the call.
    pub you: Option<ParticipantId>,
    /// Whose bot it is, as the hub says.
    pub user: Option<UserId>,
    /// The latest call that rang.
    pub incoming: Option<CallId>,
    /// What everyone it ever met is called.
    pub names: BTreeMap<ParticipantId, String>,
    /// Who is in the call by the bot's own account, itself excluded.
    pub roster: BTreeSet<ParticipantId>,
    /// The peer connections it has built, in order.
    pub connections: Vec<(ParticipantId, ConnectionId)>,
    /// Frames that decode, from whom (by name: ids change) and of which section.
    pub frames: BTreeMap<(String, Section), u64>,
    /// Frames whose bytes are not what the others play.
    pub frames_foreign: u64,
}

impl Seen {
    /// Frames of a section from someone of this name.
    pub fn frames_from(&self, name: &str, section: Section) -> u64 {
        self.frames.get(&(name.to_owned(), section)).copied().unwrap_or(0)
    }
}

impl Bot {
    /// Starts a bot on the host with this number, joins the room and begins to play.
    ///
    /// # Errors
    /// In words, when the hub cannot be reached or refuses.
    pub async fn join(
        world: &World,
        number: u8,
        name: &'static str,
        room: &RoomName,
    ) -> Result<Self, String> {
        let mut bot = Self::connect(world, number, name).await?;
        let joined = bot.client.join(room.clone(), MEDIA).await;
        bot.begin(joined)?;
        Ok(bot)
    }

    /// Calls another bot, which accepts; both begin to play.
    ///
    /// # Errors
    /// In words, when the hub refuses.
    pub async fn call(&mut self, other: &mut Self) -> Result<(), String> {
        other.wait(ANSWER_MAX, "who it is", |seen| seen.user.is_some()).await?;
        let user = other.seen().user.ok_or("nobody")?;
        let ringing = self.client.call(user, MEDIA).await;
        self.begin(ringing)?;
        other.wait(ANSWER_MAX, "a call", |seen| seen.incoming.is_some()).await?;
        let call = other.seen().incoming.ok_or("no call")?;
        let joined = other.client.accept(call, MEDIA).await;
        other.begin(joined)
    }

    fn begin(&mut self, joined: Result<CallSnapshot, ClientError>) -> Result<(), String> {
        let call = joined.map_err(|error| error.to_string())?;
        self.seen_by_all.send_modify(|seen| seen.you = Some(call.you));
        let clips = [(Section::Audio, Clip::tone()), (Section::Camera, Clip::test_pattern())];
        self.playing = clips.into_iter().map(|(section, clip)| self.client.play(section, clip)).collect();
        Ok(())
    }

    /// Starts a bot on the host with this number, in no call.
    ///
    /// # Errors
    /// In words, when the hub cannot be reached or refuses.
    pub async fn connect(world: &World, number: u8, name: &'static str) -> Result<Self, String> {
        let host = world.host(number);
        let url = format!("ws://{}{WEBSOCKET_PATH}", world.hub_address());
        let display_name = DisplayName::new(name).map_err(|error| error.to_string())?;
        let environment = environment(world, &host, name);
        let connecting = Box::pin(Client::connect(environment, Options::new(url, display_name)));
        let (client, Streams { events, received }) = connecting.await.map_err(|error| error.to_string())?;
        let (sender, seen) = watch::channel(Seen::default());
        let sender = Arc::new(sender);
        host.spawn(follow_events(name, world.log.clone(), events, sender.clone()));
        host.spawn(count_frames(received, sender.clone()));
        Ok(Self { name, host, client, seen, seen_by_all: sender, playing: Vec::new() })
    }

    /// What it has seen so far.
    pub fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// Its place in the call.
    pub fn id(&self) -> ParticipantId {
        self.seen.borrow().you.expect("a bot is made by joining")
    }

    /// Waits until it has seen something; `what` names it in the error.
    ///
    /// # Errors
    /// When it does not see it within `patience` of virtual time.
    pub async fn wait(
        &self,
        patience: Duration,
        what: &str,
        ready: impl FnMut(&Seen) -> bool,
    ) -> Result<(), String> {
        let mut seen = self.seen.clone();
        let ended = timeout(patience, seen.wait_for(ready)).await;
        let is_ready = ended.is_ok_and(|result| result.is_ok());
        is_ready.then_some(()).ok_or_else(|| format!("{} does not see {what} within {patience:?}", self.name))
    }
}

async fn follow_events(
    name: &'static str,
    log: EventLog,
    mut events: mpsc::Receiver<Stamped>,
    seen: Arc<watch::Sender<Seen>>,
) {
    while let Some(Stamped { event, .. }) = events.recv().await {
        log.say(name, serde_json::to_string(&event).expect("events have string keys"));
        seen.send_modify(|seen| {
            match &event {
                Event::Joined { you, .. } => seen.you = Some(*you),
                Event::Welcome { user, .. } => seen.user = Some(*user),
                Event::IncomingCall { call, .. } => seen.incoming = Some(*call),
                Event::PeerJoined(participant) => {
                    seen.names.insert(participant.id, participant.name.to_string());
                    seen.roster.insert(participant.id);
                }
                Event::PeerLeft { participant, .. } => {
                    seen.roster.remove(participant);
                }
                Event::ConnectionOpened { participant, connection } => {
                    seen.connections.push((*participant, *connection));
                }
                _ => {}
            }
            seen.events.push(event);
        });
    }
}

async fn count_frames(mut received: ReceivedStream, seen: Arc<watch::Sender<Seen>>) {
    let clips = [Clip::tone(), Clip::test_pattern()];
    let played: HashSet<&Bytes> =
        clips.iter().flat_map(|clip| clip.frames().iter().map(|frame| &frame.data)).collect();
    while let Some(received) = received.recv().await {
        if let Received::Frame { participant, section, frame, .. } = received {
            seen.send_modify(|seen| {
                let name = seen.names.get(&participant).cloned().unwrap_or_default();
                *seen.frames.entry((name, section)).or_default() += 1;
                seen.frames_foreign += u64::from(!played.contains(&frame.data));
            });
        }
    }
}

/// What a client on `host` needs from outside.
pub fn environment(world: &World, host: &Host, party: &str) -> Environment {
    Environment {
        runtime: host.runtime(),
        dial: Arc::new(SimulatedDial { host: host.clone(), hub: world.hub_address() }),
        entropy: world.entropy(party),
        addresses: Arc::new(NumberedPorts { ip: host.ip(), next: AtomicU16::new(FIRST_MEDIA_PORT) }),
    }
}

struct SimulatedDial {
    host: Host,
    hub: SocketAddr,
}

#[async_trait::async_trait]
impl Dial for SimulatedDial {
    async fn dial(&self) -> io::Result<Box<dyn Io>> {
        Ok(Box::new(self.host.connect(self.hub).await?))
    }
}

/// Ports in order, since a free one of the operating system's choice would differ from run to run.
struct NumberedPorts {
    ip: IpAddr,
    next: AtomicU16,
}

impl LocalAddresses for NumberedPorts {
    fn for_connection(&self) -> Vec<SocketAddr> {
        vec![SocketAddr::new(self.ip, self.next.fetch_add(1, Ordering::Relaxed))]
    }
}
