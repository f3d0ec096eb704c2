//! What is counted, for `/metrics` in the OpenMetrics text format. Label values come from fixed sets only: nothing
//! that a client chooses becomes a label.

use holdfast_protocol::{CloseCode, EndReason, ErrorCode};
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// The hub's gauges and counters.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// Open WebSockets.
    pub(crate) sockets: Gauge,
    /// Sessions, the ones that wait for their client included.
    pub(crate) sessions: Gauge,
    /// Calls going on.
    pub(crate) rooms: Gauge,
    /// Participants, the absent ones included.
    pub(crate) participants: Gauge,
    /// Bytes in queues.
    pub(crate) queue_bytes: Gauge,
    /// Bans.
    pub(crate) bans: Counter,
    /// What the store could not do.
    pub(crate) store_failures: Counter,
    /// 1 while the store fails.
    pub(crate) store_failing: Gauge,
    turned_away: Family<Labels<1>, Counter>,
    frames: Family<Labels<2>, Counter>,
    refusals: Family<Labels<1>, Counter>,
    closes: Family<Labels<1>, Counter>,
    relays: Family<Labels<2>, Counter>,
    resumes: Family<Labels<1>, Counter>,
    calls_ended: Family<Labels<1>, Counter>,
    api: Family<Labels<1>, Counter>,
}

/// The name, kind and meaning of every metric, as `docs/operations.md` lists them.
pub const METRICS: [(&str, &str); 16] = [
    ("holdfast_sockets", "Open WebSockets"),
    ("holdfast_sessions", "Sessions, the ones that wait for their client included"),
    ("holdfast_rooms", "Calls going on"),
    ("holdfast_participants", "Participants of calls, the absent ones included"),
    ("holdfast_queue_bytes", "Bytes kept for clients until they have acknowledged them"),
    ("holdfast_bans", "Bans of addresses that abused the hub"),
    (
        "holdfast_turned_away",
        "Connections and requests refused before a WebSocket, by reason (connections, origin, stopping, banned, head)",
    ),
    ("holdfast_frames", "Frames by type and direction (in, out)"),
    ("holdfast_refusals", "Refused frames by error code"),
    ("holdfast_closes", "WebSockets closed by the hub by reason, and those that were lost (lost)"),
    ("holdfast_relays", "Signals by kind and outcome (delivered, stale, refused)"),
    ("holdfast_resumes", "Claims to a session by outcome (resumed, refused)"),
    (
        "holdfast_store_failures",
        "Reads and changes that the store failed at; changes are tried again until it takes them",
    ),
    ("holdfast_store_failing", "1 while the store fails and calls go on in memory, otherwise 0"),
    ("holdfast_calls_ended", "Calls that are over, by reason"),
    ("holdfast_api_requests", "API requests by outcome (ok, or the code of the refusal)"),
];

impl Metrics {
    /// Everything at zero.
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            sockets: Gauge::default(),
            sessions: Gauge::default(),
            rooms: Gauge::default(),
            participants: Gauge::default(),
            queue_bytes: Gauge::default(),
            bans: Counter::default(),
            store_failures: Counter::default(),
            store_failing: Gauge::default(),
            turned_away: Family::default(),
            frames: Family::default(),
            refusals: Family::default(),
            closes: Family::default(),
            relays: Family::default(),
            resumes: Family::default(),
            calls_ended: Family::default(),
            api: Family::default(),
        };
        let mut help = METRICS.into_iter();
        let mut next = || help.next().expect("METRICS has an entry for each register below");
        macro_rules! register {
            ($($field:ident),*) => { $( {
                let (name, text) = next();
                metrics.registry.register(name, text, metrics.$field.clone());
            } )* };
        }
        register!(
            sockets,
            sessions,
            rooms,
            participants,
            queue_bytes,
            bans,
            turned_away,
            frames,
            refusals,
            closes,
            relays,
            resumes,
            store_failures,
            store_failing,
            calls_ended,
            api
        );
        metrics
    }

    /// Someone was refused before there was a WebSocket.
    pub(crate) fn turned_away(&self, reason: &'static str) {
        self.turned_away.get_or_create(&[("reason", reason)]).inc();
    }

    /// A frame came from a client.
    pub(crate) fn frame_in(&self, kind: &'static str) {
        self.frames.get_or_create(&[("type", kind), ("direction", "in")]).inc();
    }

    /// A frame went to a client.
    pub(crate) fn frame_out(&self, kind: &'static str) {
        self.frames.get_or_create(&[("type", kind), ("direction", "out")]).inc();
    }

    /// A frame was refused.
    pub(crate) fn refused(&self, code: ErrorCode) {
        self.refusals.get_or_create(&[("code", code.as_str())]).inc();
    }

    /// The hub closed a socket; None: it was lost.
    pub(crate) fn closed(&self, code: Option<CloseCode>) {
        self.closes.get_or_create(&[("reason", code.map_or("lost", CloseCode::reason))]).inc();
    }

    /// A signal was decided about.
    pub(crate) fn relay(&self, kind: &'static str, outcome: &'static str) {
        self.relays.get_or_create(&[("kind", kind), ("outcome", outcome)]).inc();
    }

    /// A call is over.
    pub(crate) fn call_ended(&self, reason: EndReason) {
        self.calls_ended.get_or_create(&[("reason", reason.as_str())]).inc();
    }

    /// A client claimed a session.
    pub(crate) fn resume(&self, resumed: bool) {
        self.resumes.get_or_create(&[("outcome", if resumed { "resumed" } else { "refused" })]).inc();
    }

    /// An API request was answered.
    pub(crate) fn api(&self, outcome: &'static str) {
        self.api.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// Everything as text.
    pub(crate) fn encode(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string does not fail");
        text
    }
}
