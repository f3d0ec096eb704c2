//! A device's standing with the hub, which outlives its socket: who it is, its calls, and the frames it has not
//! been sent yet. Rooms push frames here and never wait; one socket at a time is attached and drains them.
//!
//! Later: sequences, acknowledgements and replay belong between [`Session::push`] and [`Session::pop`].

mod outbox;
pub(crate) mod table;

use crate::{
    call::{CallHandle, Sender},
    config::Config,
    credentials::TokenHash,
    gate::Pass,
    network::Network,
    outgoing::{Keep, Outgoing},
    rate::Bucket,
};
use holdfast_protocol::{
    CallId, CloseCode, CommandId, DisplayName, ErrorCode, ErrorFrame, HubFrame, InstanceId, Secret,
    SessionId, UserId,
};
pub(crate) use outbox::Budget;
use outbox::{Full, Outbox};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// Into how many shares the queue of a client that is away is split among those who send signals to it: a full call's.
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
    /// Its place among the sessions of the address that opened it.
    _pass: Pass,
    token: TokenHash,
    calls_max: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Where the latest socket came from.
    network: Network,
    link: Link,
    /// The sockets so far; the last one is the present one.
    attachment: u32,
    instance: InstanceId,
    /// Wakes the task of the present socket.
    wake: Arc<Notify>,
    outbox: Outbox,
    /// Each with its place among the address's.
    calls: BTreeMap<CallId, (CallHandle, Pass)>,
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
    /// Frames were lost: what is still attached closes, and nobody can come back.
    Overflowed,
    Ended,
}

/// A socket's hold on its session.
#[derive(Clone, Debug)]
pub(crate) struct Attachment {
    /// How rooms know this socket.
    pub(crate) sender: Sender,
    /// Told when there is something to send, or to look at with [`Session::verdict`].
    pub(crate) wake: Arc<Notify>,
    /// The calls to come back to.
    pub(crate) rooms: Vec<CallHandle>,
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

/// What a new session is made of.
pub(crate) struct NewSession<'a> {
    /// Minted by the hub.
    pub(crate) id: SessionId,
    /// Whose.
    pub(crate) user: UserId,
    /// The user's name.
    pub(crate) name: DisplayName,
    /// The first page load or process.
    pub(crate) instance: InstanceId,
    /// Handed to the client; only its hash is kept.
    pub(crate) token: &'a Secret,
    /// Its place among the sessions.
    pub(crate) pass: Pass,
    /// What all sessions' queues share.
    pub(crate) budget: Budget,
    /// The hub's time.
    pub(crate) now_unix_ms: u64,
}

impl Session {
    /// A session with its first socket attached.
    pub(crate) fn open(new: NewSession<'_>, config: &Config) -> (Arc<Self>, Attachment) {
        let depth = |max: u64| usize::try_from(max).unwrap_or(usize::MAX);
        let wake = Arc::new(Notify::new());
        let sender = Sender { session: new.id, attachment: 1, instance: new.instance };
        let per_minute = config.refusals_per_minute;
        let state = State {
            network: new.pass.network,
            link: Link::Attached,
            attachment: 1,
            instance: new.instance,
            wake: Arc::clone(&wake),
            outbox: Outbox::new(depth(config.queue_frames_max), depth(config.queue_bytes_max), new.budget),
            calls: BTreeMap::new(),
            frames: Bucket::new(
                60 * u64::from(config.frames_per_second),
                config.frames_burst,
                new.now_unix_ms,
            ),
            refusals: Bucket::new(u64::from(per_minute), per_minute, new.now_unix_ms),
        };
        let session = Self {
            id: new.id,
            user: new.user,
            name: new.name,
            _pass: new.pass,
            token: TokenHash::of(new.token),
            calls_max: config.calls_max as usize,
            state: Mutex::new(state),
        };
        (Arc::new(session), Attachment { sender, wake, rooms: Vec::new() })
    }

    /// The address that answers for what it does: where its latest socket came from.
    pub(crate) fn network(&self) -> Network {
        self.lock().network
    }

    /// Whether `token` opens this session.
    pub(crate) fn is_opened_by(&self, token: &Secret) -> bool {
        self.token.matches(token)
    }

    /// Attaches another socket; the one before, if any, is told to close. None when nobody can come back.
    pub(crate) fn attach(&self, instance: InstanceId, network: Network) -> Option<Attachment> {
        let mut state = self.lock();
        if matches!(state.link, Link::Overflowed | Link::Ended) {
            return None;
        }
        state.link = Link::Attached;
        state.network = network;
        state.attachment += 1;
        state.instance = instance;
        state.outbox.socket_lost();
        let wake = Arc::new(Notify::new());
        std::mem::replace(&mut state.wake, Arc::clone(&wake)).notify_one();
        let sender = Sender { session: self.id, attachment: state.attachment, instance };
        Some(Attachment { sender, wake, rooms: state.rooms() })
    }

    /// The socket is lost: the calls to tell, unless another socket is attached already.
    pub(crate) fn detach(&self, sender: Sender) -> Option<Vec<CallHandle>> {
        let mut state = self.lock();
        if state.attachment != sender.attachment || state.link == Link::Ended {
            return None;
        }
        if state.link != Link::Overflowed {
            state.link = Link::Away;
        }
        state.outbox.socket_lost();
        Some(state.rooms())
    }

    /// Ends the session, unless a later socket is attached: the calls to leave.
    pub(crate) fn expire(&self, sender: Sender) -> Option<Vec<CallHandle>> {
        let mut state = self.lock();
        (state.attachment == sender.attachment).then(|| state.end())
    }

    /// Ends the session when nobody can come back to it: the calls to leave.
    pub(crate) fn end_if_overflowed(&self) -> Option<Vec<CallHandle>> {
        let mut state = self.lock();
        (state.link == Link::Overflowed).then(|| state.end())
    }

    /// Whether the socket may go on.
    pub(crate) fn verdict(&self, sender: Sender) -> Verdict {
        let state = self.lock();
        match state.link {
            _ if state.attachment != sender.attachment => Verdict::Close(CloseCode::TakenOver),
            Link::Attached | Link::Away => Verdict::GoOn,
            Link::Closing(code) => Verdict::Close(code),
            Link::Overflowed => Verdict::Close(CloseCode::SlowReader),
            Link::Ended => Verdict::Close(CloseCode::Normal),
        }
    }

    /// Queues a frame. When the queue is full the session is over: something is lost, and nobody is to believe
    /// that nothing is.
    pub(crate) fn push(&self, frame: Outgoing) {
        let mut state = self.lock();
        state.push(frame);
    }

    /// Queues a signal, unless the client is away and the sender has its share of the queue waiting for it: so nobody
    /// can end the session of someone who cannot read.
    ///
    /// # Errors
    /// When the share is used.
    pub(crate) fn push_signal(&self, signal: Outgoing) -> Result<(), Full> {
        let mut state = self.lock();
        if state.link == Link::Away && state.outbox.share_is_used(&signal, SHARES) {
            return Err(Full);
        }
        state.push(signal);
        Ok(())
    }

    /// The next frame for the socket that is attached.
    pub(crate) fn pop(&self, sender: Sender) -> Option<Outgoing> {
        let mut state = self.lock();
        if state.attachment == sender.attachment { state.outbox.pop() } else { None }
    }

    /// Answers a frame with a refusal; too many of them close the socket.
    pub(crate) fn refuse(&self, now_unix_ms: u64, error: ErrorFrame) {
        let mut state = self.lock();
        state.push(Outgoing::new(&HubFrame::Error(error)));
        if state.refusals.take(now_unix_ms).is_err() {
            state.close(CloseCode::TooManyErrors);
        }
    }

    /// Tells the client that its address is banned, and closes the socket.
    pub(crate) fn ban(&self, error: ErrorFrame) {
        let mut state = self.lock();
        state.push(Outgoing::new(&HubFrame::Error(error)));
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
        state.calls.insert(room.call, (room.clone(), pass()?));
        Ok(Entry::New)
    }

    /// Notes that the session is no longer in `call`.
    pub(crate) fn exit(&self, call: CallId) {
        self.lock().calls.remove(&call);
    }

    /// The owner of one of the session's calls.
    pub(crate) fn room(&self, call: CallId) -> Option<CallHandle> {
        self.lock().calls.get(&call).map(|(room, _)| room.clone())
    }

    /// Drops queued frames that a snapshot of `call` replaces.
    pub(crate) fn resync(&self, call: CallId, new_instance: bool) {
        self.lock().outbox.resync(call, new_instance);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code under the lock can leave the state half changed, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, frame: Outgoing) {
        if matches!(self.link, Link::Overflowed | Link::Ended) {
            return;
        }
        // Nobody reads it now, and what the client is told on its return is newer.
        if self.link == Link::Away && matches!(frame.keep, Keep::UntilSnapshot(_) | Keep::Never) {
            return;
        }
        if self.outbox.push(frame).is_err() {
            self.link = Link::Overflowed;
            self.outbox.clear();
        }
        if self.link != Link::Away {
            self.wake.notify_one();
        }
    }

    fn end(&mut self) -> Vec<CallHandle> {
        self.link = Link::Ended;
        self.outbox.clear();
        self.wake.notify_one();
        std::mem::take(&mut self.calls).into_values().map(|(room, _)| room).collect()
    }

    fn rooms(&self) -> Vec<CallHandle> {
        self.calls.values().map(|(room, _)| room.clone()).collect()
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
mod tests;
