//! A device's standing with the hub, which outlives its socket: who it is, its calls, and the frames it has not
//! acknowledged. Calls push frames here and never wait; one socket at a time is attached and drains them. How a client
//! comes back is in [`attach`], how a session begins in [`open`], what a store keeps of it in [`record`].

mod attach;
mod open;
mod outbox;
pub(crate) mod record;
pub(crate) mod table;

use crate::{
    call::{CallHandle, Sender},
    clock::Timeline,
    credentials::Tokens,
    gate::Pass,
    network::Network,
    outgoing::{About, Outgoing, Written},
    rate::Bucket,
};
pub(crate) use attach::{Attachment, Claim, NotBack, Resumed};
use holdfast_protocol::{
    CallId, CloseCode, CommandId, DisplayName, Epoch, ErrorCode, ErrorFrame, HubFrame, InstanceId, SessionId,
    UserId, limits::ACK_FRAMES,
};
pub(crate) use open::NewSession;
pub(crate) use outbox::Budget;
use outbox::{Full, Outbox};
use record::Record;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{self, Notify};

/// Into how many shares a client's queue is split among those who send signals to it: a full call's.
const SHARES: usize = 6;

/// A session.
#[derive(Debug)]
pub(crate) struct Session {
    /// Its id.
    pub(crate) id: SessionId,
    /// Whose it is.
    pub(crate) user: UserId,
    /// The user's name as the others see it; fixed for the session's life.
    pub(crate) name: DisplayName,
    /// Its place among the sessions of the address that opened it; one that comes from a store has none.
    _pass: Option<Pass>,
    calls_max: usize,
    timeline: Timeline,
    /// Whose turn it is: a command's, a return's, or the store's. So a socket that takes over finds each command of the
    /// one before either done or not begun, and the store hears of changes in their order.
    turn: sync::Mutex<()>,
    state: Mutex<State>,
}

/// The right to change more than one thing about a session.
pub(crate) type Turn<'a> = sync::MutexGuard<'a, ()>;

#[derive(Debug)]
struct State {
    /// Where the latest socket came from.
    network: Network,
    link: Link,
    /// The sockets so far; the last one is the present one.
    attachment: u32,
    instance: InstanceId,
    /// The latest attempt of that instance.
    attempt: u32,
    tokens: Tokens,
    /// Wakes the task of the present socket.
    wake: Arc<Notify>,
    /// None: its history is broken. Nothing is queued until the client begins another one.
    epoch: Option<Epoch>,
    outbox: Outbox,
    commands: Commands,
    calls: BTreeMap<CallId, Place>,
    /// Calls whose snapshot for a new epoch is still to be taken: it will hold what they tell until then.
    unseen: Vec<CallId>,
    /// Calls that let go of the session while it was away.
    gone: Vec<CallId>,
    record: Record,
    frames: Bucket,
    refusals: Bucket,
}

/// Whether a socket is attached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Link {
    Attached,
    /// Attached, and about to be closed.
    Closing(CloseCode),
    Away,
    Ended,
}

/// The commands of an epoch.
#[derive(Clone, Copy, Default, Debug)]
struct Commands {
    last: CommandId,
    /// Those that the client does not know to be done.
    untold: u32,
    /// Whether it is to be told with the next frame.
    ack_due: bool,
}

/// A place in a call.
#[derive(Debug)]
struct Place {
    call: CallHandle,
    /// Its place among the address's; one that comes from a store has none.
    _pass: Option<Pass>,
    standing: Standing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    /// The session is there.
    Present,
    /// It is back, which counts once its client has acknowledged something.
    Returned,
    /// Its client is asking somebody whether to come back.
    Held,
}

/// Whether a socket may go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// It may.
    GoOn,
    /// It is to be closed.
    Close(CloseCode),
}

/// What became of entering a room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Entry {
    /// The session was not in it.
    New,
    /// It was.
    Already,
    /// Another socket has taken over since, which does not know of this call and is not to be in it.
    Stale,
}

impl Session {
    /// Waits for this session's turn.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        self.turn.lock().await
    }

    /// The address that answers for what it does: where its latest socket came from.
    pub(crate) fn network(&self) -> Network {
        self.lock().network
    }

    /// Whether the socket may go on.
    pub(crate) fn verdict(&self, sender: Sender) -> Verdict {
        let state = self.lock();
        match state.link {
            _ if state.attachment != sender.attachment => Verdict::Close(CloseCode::TakenOver),
            Link::Attached | Link::Away => Verdict::GoOn,
            Link::Closing(code) => Verdict::Close(code),
            Link::Ended => Verdict::Close(CloseCode::Normal),
        }
    }

    /// Whether nobody can come back to it any more.
    pub(crate) fn has_ended(&self) -> bool {
        self.lock().link == Link::Ended
    }

    /// With what code its socket is about to be closed.
    pub(crate) fn closing(&self) -> Option<CloseCode> {
        match self.lock().link {
            Link::Closing(code) => Some(code),
            Link::Attached | Link::Away | Link::Ended => None,
        }
    }

    /// Queues a frame. When the queue is full the epoch is over: something is lost, and nobody is to believe that
    /// nothing is.
    pub(crate) fn push(&self, frame: Outgoing) {
        self.lock().push(self.timeline.now_unix_ms(), frame);
    }

    /// Queues a signal, unless the sender has its share of the queue waiting for the client already: so nobody can end
    /// the history of someone who cannot read.
    ///
    /// # Errors
    /// When the share is used.
    pub(crate) fn push_signal(&self, signal: Outgoing) -> Result<(), Full> {
        let mut state = self.lock();
        if state.outbox.share_is_used(&signal, SHARES) {
            return Err(Full);
        }
        state.push(self.timeline.now_unix_ms(), signal);
        Ok(())
    }

    /// The next frame for the socket that is attached.
    pub(crate) fn next(&self, sender: Sender) -> Option<Written> {
        let mut state = self.lock();
        if state.attachment != sender.attachment {
            return None;
        }
        if std::mem::take(&mut state.commands.ack_due) {
            state.commands.untold = 0;
            let ack = HubFrame::Ack { command: state.commands.last };
            return Some(Outgoing::new(&ack).write(None, 0));
        }
        state.outbox.next(self.timeline.now_unix_ms())
    }

    /// Notes that a command is carried out or refused now; false when it was before.
    pub(crate) fn take_number(&self, command: CommandId) -> bool {
        let commands = &mut self.lock().commands;
        let new = command > commands.last;
        if new {
            commands.last = command;
            commands.untold += 1;
            commands.ack_due |= commands.untold >= ACK_FRAMES;
        }
        new
    }

    /// Answers a frame with a refusal; too many of them close the socket.
    pub(crate) fn refuse(&self, now_unix_ms: u64, error: ErrorFrame) {
        let mut state = self.lock();
        state.push(now_unix_ms, Outgoing::new(&HubFrame::Error(error)));
        if state.refusals.take(now_unix_ms).is_err() {
            state.close(CloseCode::TooManyErrors);
        }
    }

    /// Tells the client that its address is banned, and closes the socket.
    pub(crate) fn ban(&self, error: ErrorFrame) {
        let mut state = self.lock();
        state.push(self.timeline.now_unix_ms(), Outgoing::new(&HubFrame::Error(error)));
        state.close(CloseCode::Banned);
    }

    /// Whether it is in any call.
    pub(crate) fn is_in_calls(&self) -> bool {
        !self.lock().calls.is_empty()
    }

    /// Lets one frame in.
    ///
    /// # Errors
    /// With the milliseconds to wait.
    pub(crate) fn admit_frame(&self, now_unix_ms: u64) -> Result<(), u64> {
        self.lock().frames.take(now_unix_ms)
    }

    /// Notes that the session is in `room`, as `sender` asked.
    ///
    /// # Errors
    /// When it is in too many calls, or `pass` says that its address is.
    pub(crate) fn enter(
        &self,
        sender: Sender,
        room: &CallHandle,
        pass: impl FnOnce() -> Result<Pass, ErrorCode>,
    ) -> Result<Entry, ErrorCode> {
        let mut state = self.lock();
        if state.attachment != sender.attachment || state.link == Link::Ended {
            return Ok(Entry::Stale);
        }
        if state.calls.contains_key(&room.call) {
            return Ok(Entry::Already);
        }
        if state.calls.len() >= self.calls_max {
            return Err(ErrorCode::TooManyCalls);
        }
        let place = Place { call: room.clone(), _pass: Some(pass()?), standing: Standing::Present };
        state.calls.insert(room.call, place);
        state.record = Record::Outdated;
        Ok(Entry::New)
    }

    /// Notes that the session is no longer in `call`, and wakes whoever keeps it.
    pub(crate) fn exit(&self, call: CallId) {
        let mut state = self.lock();
        if state.calls.remove(&call).is_none() {
            return;
        }
        if state.link == Link::Away {
            state.gone.push(call);
        }
        state.unseen.retain(|unseen| *unseen != call);
        state.record = Record::Outdated;
        state.wake.notify_one();
    }

    /// The owner of one of the session's calls.
    pub(crate) fn room(&self, call: CallId) -> Option<CallHandle> {
        self.lock().calls.get(&call).map(|place| place.call.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code under the lock can leave the state half changed, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, now_ms: u64, frame: Outgoing) {
        if self.epoch.is_none() || self.link == Link::Ended {
            return;
        }
        // About a socket, and there is none.
        if !frame.numbered && self.link == Link::Away {
            return;
        }
        if let About::Call(call) = frame.about
            && self.unseen.contains(&call)
        {
            return;
        }
        if !frame.numbered && self.commands.untold > 0 {
            self.commands.ack_due = true;
        }
        if self.outbox.push(now_ms, frame).is_err() {
            self.epoch = None;
            self.outbox.begin_anew();
            self.close(CloseCode::SlowReader);
        }
        if self.link != Link::Away {
            self.wake.notify_one();
        }
    }

    fn end(&mut self) -> Vec<CallHandle> {
        self.link = Link::Ended;
        self.outbox.begin_anew();
        self.wake.notify_one();
        if !self.calls.is_empty() {
            self.record = Record::Outdated;
        }
        std::mem::take(&mut self.calls).into_values().map(|place| place.call).collect()
    }

    /// Closes the socket after what is queued for it.
    fn close(&mut self, code: CloseCode) {
        if self.link == Link::Attached {
            self.link = Link::Closing(code);
            self.wake.notify_one();
        }
    }
}

/// A refusal of one command.
pub(crate) fn refusal(
    code: ErrorCode,
    message: impl Into<String>,
    in_reply_to: Option<CommandId>,
) -> ErrorFrame {
    ErrorFrame { code, message: message.into(), retry_after_ms: None, in_reply_to }
}

#[cfg(test)]
mod replay;
#[cfg(test)]
mod tests;
