//! How far each client is in its session, which its next socket must know.

use holdfast_protocol::{Epoch, Resume, Seq, SessionId, Welcome};
use std::{collections::BTreeMap, sync::Mutex};

/// How far the clients of these tests are in their sessions, so that `TestHub::back` can go on from there.
pub(super) static PROGRESS: Mutex<BTreeMap<SessionId, Progress>> = Mutex::new(BTreeMap::new());

/// What a client knows of its session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Progress {
    pub(crate) session: SessionId,
    pub(crate) epoch: Epoch,
    /// The last frame taken in.
    pub(crate) seq: Seq,
    /// The last command sent.
    pub(crate) commands: u32,
}

/// How to come back to a session, from where its latest client here has stopped.
pub(crate) fn resume(welcome: &Welcome) -> Resume {
    let seq = PROGRESS.lock().unwrap().get(&welcome.session).map_or(Seq(0), |progress| progress.seq);
    let (session, token, epoch) = (welcome.session, welcome.token.clone(), welcome.epoch);
    Resume { session, token, epoch, seq, hold: false }
}
