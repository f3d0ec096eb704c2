//! What a client gives its owner to keep, so that a process that follows it comes back to its place.

use crate::link::Standing;
use holdfast_protocol::{CallId, RoomName};

/// A session, and the call it is in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// The session and its token.
    pub standing: Standing,
    /// The call, and its room if it has one.
    pub call: Option<(CallId, Option<RoomName>)>,
}

/// Where it is kept.
pub trait Keeper: Send + Sync {
    /// Keeps it in place of what was kept before. When this returns, the token before is about to become worthless, so
    /// what it does must be done by then. Called from the client's task: it should be quick.
    fn keep(&self, kept: &Kept);

    /// The client has left by its own will: there is nothing to come back to.
    fn forget(&self);
}
