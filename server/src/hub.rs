//! What every part of a running hub shares: settings, keys, tables, counters. Each piece guards itself; nothing
//! here is locked as a whole.

use crate::{
    clock::{Clock, Timeline},
    config::Config,
    credentials::HubKey,
    gate::Gate,
    http::page::Page,
    ice::IceServers,
    metrics::Metrics,
    room::{RoomHandle, RoomTable, event::Event, owner::Command},
    session::{Session, table::SessionTable},
    shutdown::Shutdown,
    tasks::Tasks,
};
use holdfast_protocol::{Entropy, Epoch, ErrorFrame, SessionId};
use std::sync::Arc;

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
    /// This process's memory.
    pub(crate) epoch: Epoch,
    /// What guests' secrets are derived from.
    pub(crate) key: HubKey,
    /// What `welcome` hands out.
    pub(crate) ice: IceServers,
    /// The page's files.
    pub(crate) page: Page,
    /// Finds sessions.
    pub(crate) sessions: SessionTable,
    /// Finds rooms.
    pub(crate) rooms: RoomTable,
    /// Counts sockets.
    pub(crate) gate: Arc<Gate>,
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
        session.refuse(self.timeline.now_unix_ms(), error);
    }

    /// Forgets a session that has ended, and takes it out of `rooms`.
    pub(crate) async fn forget(&self, session: SessionId, rooms: Vec<RoomHandle>) {
        if self.sessions.remove(session) {
            self.metrics.sessions.dec();
        }
        for room in rooms {
            // A room that is over has let it go already.
            let _ = room.send(Command::Event(Event::Gone { session })).await;
        }
    }
}
