//! Calls from user to user: ring, accept, decline, come back, end; and the directory to find them in.

use super::{Client, ClientError, Command, wanted::Way};
use holdfast_protocol::{CallId, CallSnapshot, DirectoryEntry, DirectoryQuery, MediaState, UserId};

/// What the directory found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Users that are online, by name.
    pub users: Vec<DirectoryEntry>,
    /// Whether there are more.
    pub more: bool,
}

impl Client {
    /// Rings a user. Done when it rings: [`crate::Event::PeerJoined`] says that it was accepted,
    /// [`crate::Event::CallEnded`] that it was not. When that user was just ringing this one, the call is active at once.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `busy`, `user-offline`, `in-direct-call` or `calls-yourself`;
    /// [`ClientError::InCall`]; [`ClientError::AnswerLost`] when the hub was restarted meanwhile: it is not called twice.
    pub async fn call(&self, to: UserId, media: MediaState) -> Result<CallSnapshot, ClientError> {
        self.ask(|reply| Command::Join { way: Way::User(to), media, reply }).await?
    }

    /// Accepts a call that rings ([`crate::Event::IncomingCall`]).
    ///
    /// # Errors
    /// [`ClientError::CallOver`] when it does not ring any more; [`ClientError::Refused`] with `not-ringing` when another
    /// device took it; [`ClientError::InCall`].
    pub async fn accept(&self, call: CallId, media: MediaState) -> Result<CallSnapshot, ClientError> {
        self.ask(|reply| Command::Join { way: Way::Incoming(call), media, reply }).await?
    }

    /// Declines a call that rings, on all of the user's devices.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `not-ringing` or `unknown-call`.
    pub async fn decline(&self, call: CallId) -> Result<(), ClientError> {
        self.ask(|reply| Command::Decline { call, reply }).await?
    }

    /// Comes back to a call: to the place of this session, or of the process before it, or to a room by a new place.
    ///
    /// # Errors
    /// [`ClientError::CallOver`] when it has ended; [`ClientError::Refused`] with `unknown-call`;
    /// [`ClientError::InCall`].
    pub async fn rejoin(&self, call: CallId, media: MediaState) -> Result<CallSnapshot, ClientError> {
        self.ask(|reply| Command::Join { way: Way::Again(call), media, reply }).await?
    }

    /// Ends the call for everyone, as its host.
    ///
    /// # Errors
    /// [`ClientError::NotInCall`]; [`ClientError::Refused`] with `not-host`: the client stays in the call.
    pub async fn end(&self) -> Result<(), ClientError> {
        self.ask(|reply| Command::End { reply }).await?
    }

    /// Users that are online and whose name contains `query`; what they do is told by [`crate::Event::Presence`] until the
    /// next query, or until a [`crate::Event::Welcome`] of another epoch.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with `directory-off`.
    pub async fn directory(&self, query: DirectoryQuery) -> Result<Found, ClientError> {
        self.ask(|reply| Command::Directory { query, reply }).await?
    }
}
