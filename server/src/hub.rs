//! What every part of a running hub shares: settings, keys, tables, counters. Each piece guards itself; nothing
//! here is locked as a whole.

use crate::{
    abuse::{Abuse, Offence, Outcome},
    call::{CallHandle, CallTable, event::Event, handle::Command},
    clock::{Clock, Timeline, millis},
    config::{Config, LimitsMode},
    credentials::HubKey,
    directory::Directory,
    gate::Gate,
    http::{ApiAccess, page::Page},
    ice::IceServers,
    metrics::Metrics,
    network::Network,
    rates::Rates,
    session::{Budget, Session, refusal, table::SessionTable},
    shutdown::Shutdown,
    store::watched::Watched,
    tasks::Tasks,
};
use holdfast_protocol::{Entropy, ErrorCode, ErrorFrame, SessionId};
use std::sync::{Arc, Mutex, PoisonError};

/// Banned clients that are told so at the same time; any more of them get an HTTP refusal, which costs less.
pub(crate) const GOODBYES_MAX: u64 = 64;

/// A running hub.
pub(crate) struct Hub {
    /// The settings, validated.
    pub(crate) config: Config,
    /// The wall clock, for what outsiders check against theirs.
    pub(crate) clock: Arc<dyn Clock>,
    /// Random bytes.
    pub(crate) entropy: Arc<dyn Entropy>,
    /// The hub's own time, for everything else.
    pub(crate) timeline: Timeline,
    /// What guests' secrets are derived from.
    pub(crate) key: HubKey,
    /// What `welcome` hands out.
    pub(crate) ice: IceServers,
    /// The page's files.
    pub(crate) page: Page,
    /// What must outlive the process.
    pub(crate) store: Arc<Watched>,
    /// Finds sessions.
    pub(crate) sessions: SessionTable,
    /// Finds calls.
    pub(crate) calls: CallTable,
    /// Finds users, and knows what they do.
    pub(crate) directory: Directory,
    /// Counts sockets.
    pub(crate) gate: Arc<Gate>,
    /// Counts HTTP connections per address.
    pub(crate) connections: Arc<Gate>,
    /// Counts sessions per address.
    pub(crate) openings: Arc<Gate>,
    /// Counts places in calls per address.
    pub(crate) places: Arc<Gate>,
    /// How often an address begins calls.
    pub(crate) beginnings: Rates,
    /// Counts banned clients that are being told.
    pub(crate) goodbyes: Arc<Gate>,
    /// Who may ask the API for what.
    pub(crate) api: ApiAccess,
    /// What all sessions' queues share.
    pub(crate) budget: Budget,
    /// Who abuses the hub; None with the limits off.
    pub(crate) abuse: Option<Mutex<Abuse>>,
    /// Counts everything.
    pub(crate) metrics: Metrics,
    /// Owns every task.
    pub(crate) tasks: Tasks,
    /// Asks everything to stop.
    pub(crate) shutdown: Shutdown,
}

impl Hub {
    /// Refuses a session's frame.
    pub(crate) fn refuse(&self, session: &Session, error: ErrorFrame) {
        self.metrics.refused(error.code);
        tracing::debug!(session = %session.id, code = ?error.code, "refused");
        let offence = Offence::Refused(error.code);
        session.refuse(self.timeline.now_unix_ms(), error);
        if let Some(ms_left) = self.offend(session.network(), offence) {
            session.ban(self.banned(ms_left));
        }
    }

    /// Notes an offence; what is left of the ban if the address is banned, for this or for what came before.
    pub(crate) fn offend(&self, network: Network, offence: Offence) -> Option<u64> {
        let abuse = self.abuse.as_ref()?;
        let now_ms = self.timeline.now_unix_ms();
        let outcome = abuse.lock().unwrap_or_else(PoisonError::into_inner).note(now_ms, network, offence);
        let Outcome::Banned { newly, ms_left } = outcome else { return None };
        if newly {
            self.metrics.bans.inc();
            tracing::warn!(?network, last = ?offence, "address banned");
        }
        Some(ms_left)
    }

    /// What is left of the address's ban, if it is banned.
    pub(crate) fn ban_ms_left(&self, network: Network) -> Option<u64> {
        let abuse = self.abuse.as_ref()?;
        let now_ms = self.timeline.now_unix_ms();
        abuse.lock().unwrap_or_else(PoisonError::into_inner).ban_ms_left(now_ms, network)
    }

    /// Tells a client that its address is banned.
    pub(crate) fn banned(&self, ms_left: u64) -> ErrorFrame {
        self.metrics.refused(ErrorCode::Banned);
        let error =
            refusal(ErrorCode::Banned, "too much abuse from this address; stay away for a while", None);
        ErrorFrame { retry_after_ms: Some(ms_left), ..error }
    }

    /// A table of abuse, unless the limits are off.
    pub(crate) fn abuse(config: &Config) -> Option<Mutex<Abuse>> {
        let on = config.limits_mode == LimitsMode::On;
        on.then(|| Mutex::new(Abuse::new(millis(config.ban))))
    }

    /// Forgets a session that has ended, and takes it out of `rooms`.
    pub(crate) async fn forget(&self, session: SessionId, rooms: Vec<CallHandle>) {
        if let Some(known) = self.sessions.get(session) {
            self.directory.forget(known.user, session);
        }
        if self.sessions.remove(session) {
            self.metrics.sessions.dec();
        }
        for room in rooms {
            // A room that is over has let it go already.
            let _ = room.send(Command::Event(Event::Gone { session })).await;
        }
    }
}
