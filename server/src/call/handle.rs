//! How to reach a call's owner, and what it is asked to do.

use super::{
    core::Call,
    event::{Event, Sender},
    owner::Owner,
};
use crate::{description::Description, hub::Hub, session::Session, store::Version};
use holdfast_protocol::{
    CallId, CallSnapshot, CommandId, LoggedCall, MediaState, ParticipantId, RoomName, SessionId, Signal,
    UserId,
};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// How to reach a call's owner.
#[derive(Clone, Debug)]
pub(crate) struct CallHandle {
    /// The call.
    pub(crate) call: CallId,
    inbox: mpsc::Sender<Command>,
}

/// The call is over; its owner listens no more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Over;

/// What an owner is asked to do.
pub(crate) enum Command {
    /// A session asks for a place.
    Join(Box<Join>),
    /// A session is back: the call as it is now, if it still holds its place.
    Back { sender: Sender, reply: oneshot::Sender<CallSnapshot> },
    /// The call as it is now, for a session that may not be back in it yet.
    Peek { session: SessionId, reply: oneshot::Sender<CallSnapshot> },
    /// The caller calls again from elsewhere: told when it is decided whether this ring ends for it.
    GiveUpRing { user: UserId, done: oneshot::Sender<()> },
    /// The operator ends the call: how it is in the log then.
    EndByAdmin { done: oneshot::Sender<LoggedCall> },
    /// Something that needs no answer.
    Event(Event),
    /// A signal for another participant.
    Relay { sender: Sender, command: CommandId, to: ParticipantId, to_incarnation: u32, signal: Box<Signal> },
    /// The same with a description that nobody reads.
    Describe { sender: Sender, description: Box<Description> },
}

/// A session that asks for a place.
pub(crate) struct Join {
    /// By which right.
    pub(crate) way: Way,
    /// The owner's own handle, for the session to keep.
    pub(crate) call: CallHandle,
    /// Who asks.
    pub(crate) session: Arc<Session>,
    /// By which socket.
    pub(crate) sender: Sender,
    /// The command to answer.
    pub(crate) command: CommandId,
    /// What it will send.
    pub(crate) media: MediaState,
    /// Told once it is decided; dropped when the call was over before.
    pub(crate) done: oneshot::Sender<()>,
}

/// A call that was restored, and whose owner is still to be started.
pub(crate) struct Restored {
    commands: mpsc::Receiver<Command>,
}

impl Restored {
    /// Starts the owner of `call`, whose stored version is `version`, with the sessions that are waited for.
    pub(crate) fn start(self, hub: &Arc<Hub>, call: Call, version: Version, sessions: Vec<Arc<Session>>) {
        let mut owner = Owner::new(hub, call, version);
        owner.sessions.extend(sessions.into_iter().map(|session| (session.id, session)));
        hub.tasks.spawn(owner.run(Vec::new(), self.commands));
    }
}

/// By which right a session asks for a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// It knows the room's name, or calls who is just ringing it.
    Join,
    /// The call rings for its user.
    Accept,
    /// It was there before.
    Rejoin,
}

impl CallHandle {
    /// A new call's handle, and what its owner will read.
    pub(super) fn new(hub: &Hub, call: CallId) -> (Self, mpsc::Receiver<Command>) {
        let depth = usize::try_from(hub.config.room_queue_max).unwrap_or(usize::MAX);
        let (inbox, commands) = mpsc::channel(depth.min(Semaphore::MAX_PERMITS));
        (Self { call, inbox }, commands)
    }

    /// Starts the owner of a room's new call.
    pub(crate) fn open_room(hub: &Arc<Hub>, name: RoomName) -> Self {
        let call = CallId::mint(&*hub.entropy);
        let (handle, commands) = Self::new(hub, call);
        let owner = Owner::new(hub, Call::room(call, name, hub.config.room_rules()), 0);
        hub.tasks.spawn(owner.run(Vec::new(), commands));
        handle
    }

    /// Makes a call that was restored known; its owner is still to be started.
    pub(crate) fn restored(hub: &Hub, call: &Call) -> Restored {
        let (handle, commands) = Self::new(hub, call.id());
        hub.calls.restore(call.room_name(), &handle);
        Restored { commands }
    }

    /// Hands a command over, waiting while the inbox is full.
    pub(crate) async fn send(&self, command: Command) -> Result<(), Over> {
        self.inbox.send(command).await.map_err(|_| Over)
    }

    /// Asks for a place, and waits until it is decided.
    pub(crate) async fn ask(
        &self,
        way: Way,
        session: &Arc<Session>,
        sender: Sender,
        command: CommandId,
        media: MediaState,
    ) -> Result<(), Over> {
        let (done, decided) = oneshot::channel();
        let session = Arc::clone(session);
        let join = Join { way, call: self.clone(), session, sender, command, media, done };
        self.send(Command::Join(Box::new(join))).await?;
        decided.await.map_err(|_| Over)
    }

    /// Ends a ring whose caller is away, for this one calls again. Afterwards the store says whether it did.
    pub(crate) async fn give_up_ring(&self, user: UserId) {
        let (done, decided) = oneshot::channel();
        if self.send(Command::GiveUpRing { user, done }).await.is_ok() {
            let _ = decided.await;
        }
    }

    /// The handle of a call that nobody owns.
    #[cfg(test)]
    pub(crate) fn unowned() -> Self {
        Self { call: CallId::mint(&crate::entropy::OsEntropy), inbox: mpsc::channel(1).0 }
    }

    /// Whether the call is over.
    pub(crate) fn is_closed(&self) -> bool {
        self.inbox.is_closed()
    }
}
