//! A bot's end of the library: connect to a hub, join a call, send and receive, leave.

mod calls;
mod direct;
mod keep;
mod task;
mod wanted;

pub use direct::Found;
pub use keep::{Keeper, Kept};

use crate::{
    environment::{Clock, Environment, JoinHandle},
    event::{EventSink, Stamped},
    media::{Clip, Frame, Section, player},
    pair::{self, KeyFrameWishes, Outlets, counters::SectionStats},
    received::{self, ReceivedStream},
    rtc::RtcError,
};
use bytes::Bytes;
use holdfast_protocol::{
    CallId, CallSnapshot, DirectoryQuery, DisplayName, EndReason, ErrorFrame, MediaState, ParticipantId,
    RoomName,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot};
use wanted::Way;

/// Commands that wait for the client's task.
const COMMANDS_MAX: usize = 256;
/// How long leaving waits for the hub to say that it knows.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);

/// How a client shall be.
#[derive(Clone)]
pub struct Options {
    /// The hub's WebSocket, `ws://…/ws` or `wss://…/ws`.
    pub socket_url: String,
    /// The name that the others see.
    pub name: DisplayName,
    /// How long [`Client::connect`] tries to reach the hub.
    pub connect_timeout: Duration,
    /// Whether to restart ICE and rebuild connections. Off, a broken path stays broken: for showing the difference.
    pub recovery: bool,
    /// What an earlier process kept: the client comes back to its session and, by itself, to its call. Ask for that call
    /// with [`Client::rejoin`], or by its room with [`Client::join`].
    pub kept: Option<Kept>,
    /// Where to keep the same for a later process.
    pub keeper: Option<Arc<dyn Keeper>>,
}

impl Options {
    /// The usual: 10 s to reach the hub, recovery on, nothing kept.
    pub fn new(socket_url: impl Into<String>, name: DisplayName) -> Self {
        Self {
            socket_url: socket_url.into(),
            name,
            connect_timeout: Duration::from_secs(10),
            recovery: true,
            kept: None,
            keeper: None,
        }
    }
}

/// Why a client could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The hub could not be reached in time.
    #[error("the hub cannot be reached: {0}")]
    Unreachable(String),
    /// The hub said no.
    #[error("the hub refused: {}", .0.message)]
    Refused(ErrorFrame),
    /// The call was over by then, for this reason.
    #[error("the call {call} is over: {}", .reason.as_str())]
    CallOver {
        /// The call.
        call: CallId,
        /// Why it ended.
        reason: EndReason,
    },
    /// The hub may have done it, but its answer was lost with an outage.
    #[error("the hub's answer was lost")]
    AnswerLost,
    /// Not in a call.
    #[error("not in a call")]
    NotInCall,
    /// The client is in a call already; leave it first.
    #[error("already in a call")]
    InCall,
    /// Nobody of that id is in the call.
    #[error("no such participant")]
    NoParticipant,
    /// Not connected with that participant at the moment, or too much waits to be sent to it.
    #[error("cannot send: {0}")]
    NotSent(#[from] RtcError),
    /// The client has ended.
    #[error("the client has ended")]
    Ended,
}

/// What a client is asked to do.
enum Command {
    Join {
        way: Way,
        media: MediaState,
        reply: wanted::Joining,
    },
    Decline {
        call: CallId,
        reply: oneshot::Sender<Result<(), ClientError>>,
    },
    End {
        reply: oneshot::Sender<Result<(), ClientError>>,
    },
    Directory {
        query: DirectoryQuery,
        reply: oneshot::Sender<Result<Found, ClientError>>,
    },
    Probe,
    Leave {
        reply: oneshot::Sender<()>,
    },
    SetMedia(MediaState),
    RequestKeyFrame {
        participant: ParticipantId,
        section: Section,
    },
    SendControl {
        participant: ParticipantId,
        message: Bytes,
        reply: oneshot::Sender<Result<(), ClientError>>,
    },
    Stats {
        reply: oneshot::Sender<Vec<PairStats>>,
    },
}

/// The numbers of one pair.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct PairStats {
    /// With whom.
    pub participant: ParticipantId,
    /// By section, in the order of [`Section::ALL`].
    pub sections: [SectionStats; 4],
}

/// A session with a hub, and the call it is in. Clones are handles to the same one; when the last is dropped, the
/// client leaves.
#[derive(Clone)]
pub struct Client {
    commands: mpsc::Sender<Command>,
    environment: Environment,
    clock: Clock,
    outlets: Arc<Outlets>,
    wishes: KeyFrameWishes,
}

/// What a connected client tells its owner.
pub struct Streams {
    /// What happens. Read it: events that find no room are dropped and counted.
    pub events: mpsc::Receiver<Stamped>,
    /// Media and messages of the others. Read it, or drop it when they are not wanted: a message that finds
    /// no room for a second is dropped, and a frame at once.
    pub received: ReceivedStream,
}

impl Client {
    /// Reaches the hub and opens a session.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] after [`Options::connect_timeout`], [`ClientError::Refused`] when the hub says no.
    pub async fn connect(environment: Environment, options: Options) -> Result<(Self, Streams), ClientError> {
        let clock = Clock::start();
        let (events, event_stream) = EventSink::new(clock);
        let (received, received_stream) = received::channel();
        let (commands, command_queue) = mpsc::channel(COMMANDS_MAX);
        let (outlets, wishes) = (Arc::<Outlets>::default(), KeyFrameWishes::default());
        let timeout = options.connect_timeout;
        let (ready, is_ready) = oneshot::channel();
        let parts = task::Parts {
            environment: environment.clone(),
            options,
            clock,
            events,
            received,
            outlets: outlets.clone(),
            wishes: wishes.clone(),
        };
        let last_failure = Arc::<std::sync::Mutex<String>>::default();
        let task = environment.spawn(task::run(parts, command_queue, ready, last_failure.clone()));
        match tokio::time::timeout(timeout, is_ready).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(refusal))) => return Err(ClientError::Refused(refusal)),
            Ok(Err(_)) => return Err(ClientError::Ended),
            Err(_) => {
                task.abort();
                let why = last_failure.lock().map(|why| why.clone()).unwrap_or_default();
                return Err(ClientError::Unreachable(why));
            }
        }
        let client = Self { commands, environment, clock, outlets, wishes };
        Ok((client, Streams { events: event_stream, received: received_stream }))
    }

    /// Joins a room's call, or opens one. `media` says what will be sent at first. When the session is lost, the client
    /// comes back to the call by itself, and to the room when the hub does not know the call any more.
    ///
    /// # Errors
    /// [`ClientError::Refused`], with the hub's code (`room-full` …); [`ClientError::InCall`].
    pub async fn join(&self, room: RoomName, media: MediaState) -> Result<CallSnapshot, ClientError> {
        self.ask(|reply| Command::Join { way: Way::Room(room), media, reply }).await?
    }

    /// The network may have changed (an interface came up, the machine woke): finds out now whether the hub is there,
    /// and dials now if it was about to wait.
    ///
    /// # Errors
    /// When the client has ended.
    pub async fn probe(&self) -> Result<(), ClientError> {
        self.commands.send(Command::Probe).await.map_err(|_| ClientError::Ended)
    }

    /// Says which sections are sent from now on.
    ///
    /// # Errors
    /// When the client has ended.
    pub async fn set_media(&self, media: MediaState) -> Result<(), ClientError> {
        self.commands.send(Command::SetMedia(media)).await.map_err(|_| ClientError::Ended)
    }

    /// Sends a frame to everyone. Never waits: what cannot be sent now is dropped.
    pub fn send(&self, section: Section, frame: &Frame) {
        self.outlets.send(section, frame);
    }

    /// Sends a frame to one participant. Never waits: what cannot be sent now is dropped.
    pub fn send_to(&self, participant: ParticipantId, section: Section, frame: Frame) {
        self.outlets.send_to(participant, section, frame);
    }

    /// Plays a clip in a loop to everyone, at its own pace, until the result is dropped. Whoever needs a key frame
    /// gets one at once.
    #[must_use = "playing stops when this is dropped"]
    pub fn play(&self, section: Section, clip: Clip) -> Playing {
        let (outlets, wishes) = (self.outlets.clone(), self.wishes.clone());
        Playing(self.environment.spawn(player::play(section, clip, outlets, wishes)))
    }

    /// Asks a participant for a key frame of a section that it sends. The library does so by itself for what it
    /// cannot decode.
    ///
    /// # Errors
    /// When the client has ended.
    pub async fn request_key_frame(
        &self,
        participant: ParticipantId,
        section: Section,
    ) -> Result<(), ClientError> {
        let command = Command::RequestKeyFrame { participant, section };
        self.commands.send(command).await.map_err(|_| ClientError::Ended)
    }

    /// Sends a message to one participant on the control channel.
    ///
    /// # Errors
    /// When there is no such participant, or not connected with it, or too much waits to be sent.
    pub async fn send_control(&self, participant: ParticipantId, message: Bytes) -> Result<(), ClientError> {
        self.ask(|reply| Command::SendControl { participant, message, reply }).await?
    }

    /// The numbers of every pair.
    ///
    /// # Errors
    /// When the client has ended.
    pub async fn stats(&self) -> Result<Vec<PairStats>, ClientError> {
        self.ask(|reply| Command::Stats { reply }).await
    }

    /// Leaves the call, if in one, and waits at most 2 s for the hub to know.
    pub async fn leave(&self) {
        let _ = tokio::time::timeout(LEAVE_TIMEOUT, self.ask(|reply| Command::Leave { reply })).await;
    }

    /// Milliseconds since the client started: the clock of its events.
    pub fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, ClientError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| ClientError::Ended)?;
        answer.await.map_err(|_| ClientError::Ended)
    }
}

/// A clip being played; it stops when this is dropped.
pub struct Playing(Box<dyn JoinHandle>);

impl Drop for Playing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Reads the numbers of a pair.
fn stats_of(pair: &pair::Pair) -> PairStats {
    PairStats { participant: pair.participant.id, sections: pair.counters.read() }
}
