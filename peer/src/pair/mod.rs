//! The pair of this participant and one other: a task that owns their peer connection. What to do is decided by
//! [`crate::negotiation`] and [`crate::recovery`]; it is done by [`actor`], through [`crate::rtc`].

mod actor;
pub mod counters;
pub mod flow;
mod inlet;
mod outlets;
mod remote;

pub use flow::Flow;
pub use inlet::{Inlet, KeyFrameWishes};
pub use outlets::Outlets;

use crate::{
    environment::{Clock, Environment},
    event::EventSink,
    media::Section,
    negotiation::Role,
    received::ReceivedSink,
    rtc::RtcError,
};
use bytes::Bytes;
use counters::PairCounters;
use holdfast_protocol::{IceConfig, MediaState, Participant, ParticipantId, Signal};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::{mpsc, oneshot, watch};

/// Messages that wait for one pair's task. A pair that is so far behind is stuck; what does not fit is dropped, and
/// its own time-outs repair what that broke.
pub const INBOX_MAX: usize = 256;

/// What all pairs of a client share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) environment: Environment,
    pub(crate) clock: Clock,
    pub(crate) events: EventSink,
    pub(crate) received: ReceivedSink,
    pub(crate) wishes: KeyFrameWishes,
    pub(crate) outlets: Arc<Outlets>,
    /// The freshest STUN and TURN servers.
    pub(crate) ice: watch::Receiver<IceConfig>,
    /// What this client sends.
    pub(crate) media: watch::Receiver<MediaState>,
    pub(crate) to_client: mpsc::Sender<FromPair>,
    /// Whether to restart ICE and rebuild at all; off only to show what happens without.
    pub(crate) recovery: bool,
}

/// What a pair tells its client.
#[derive(Debug)]
pub(crate) enum FromPair {
    /// Say this to the other side.
    Signal { to: ParticipantId, to_incarnation: u32, signal: Signal },
    /// Ask the hub for fresh STUN and TURN servers.
    WantIce,
    /// Connected, and carrying the other side's media if it sends any, for the first time.
    Stands { participant: ParticipantId },
    /// Media flows in another way than before: see [`Pair::flow`].
    Flow,
}

/// What a client tells a pair.
#[derive(Debug)]
pub(crate) enum ToPair {
    Signal(Signal),
    Media(MediaState),
    PeerAway,
    PeerBack,
    HubAway,
    HubBack,
    RequestKeyFrame(Section),
    Control(Bytes, oneshot::Sender<Result<(), RtcError>>),
    Close,
}

/// What a pair's task must know at once, whatever waits in its inbox; and which ways media flows, by its last word.
#[derive(Debug, Default)]
pub(crate) struct Life {
    replaced: AtomicBool,
    closed: AtomicBool,
    flows_in: AtomicBool,
    flows_out: AtomicBool,
}

impl Life {
    /// Another pair with the same participant may begin: this one opens no outlet any more.
    fn replaced(&self) {
        self.replaced.store(true, Ordering::Release);
    }

    fn is_current(&self) -> bool {
        !self.replaced.load(Ordering::Acquire)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn set_flow(&self, flow: Flow) {
        self.flows_in.store(matches!(flow, Flow::In | Flow::Both), Ordering::Release);
        self.flows_out.store(matches!(flow, Flow::Out | Flow::Both), Ordering::Release);
    }
}

/// A client's end of a pair. Dropping it ends the pair.
pub(crate) struct Pair {
    pub(crate) participant: Participant,
    pub(crate) counters: Arc<PairCounters>,
    life: Arc<Life>,
    inbox: mpsc::Sender<ToPair>,
}

impl Pair {
    /// Starts the pair's task.
    pub(crate) fn start(shared: &Shared, you: ParticipantId, participant: Participant) -> Self {
        let (inbox, messages) = mpsc::channel(INBOX_MAX);
        let role = if you < participant.id { Role::Offerer } else { Role::Answerer };
        let counters = Arc::new(PairCounters::default());
        let life = Arc::<Life>::default();
        let actor = actor::Actor::new(shared.clone(), &participant, role, counters.clone(), life.clone());
        shared.environment.spawn(actor.run(messages)).detach();
        Self { participant, counters, life, inbox }
    }

    /// Which ways media flows.
    pub(crate) fn flow(&self) -> Flow {
        match (self.life.flows_in.load(Ordering::Acquire), self.life.flows_out.load(Ordering::Acquire)) {
            (false, false) => Flow::None,
            (true, false) => Flow::In,
            (false, true) => Flow::Out,
            (true, true) => Flow::Both,
        }
    }

    /// The hub has forgotten the call: this pair lives on, but not as the participant's current one.
    pub(crate) fn orphan(&self) {
        self.life.replaced();
    }

    /// Ends the pair, before anything that still waits for its task.
    pub(crate) fn close(&self) {
        self.life.replaced();
        self.life.closed.store(true, Ordering::Release);
        self.tell(ToPair::Close);
    }

    /// Tells the pair's task something; never waits.
    pub(crate) fn tell(&self, message: ToPair) {
        if self.inbox.try_send(message).is_err() {
            tracing::warn!(participant = %self.participant.id, "a pair does not keep up");
        }
    }
}
