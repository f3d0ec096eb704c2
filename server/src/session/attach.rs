//! How a client comes back to its session: by showing the token, into the history it knows or into a new one, at once or
//! holding its calls off. And how its socket is lost again.

use super::{Commands, Link, Session, Standing, State, outbox::NeverSent};
use crate::{
    call::{CallHandle, Sender},
    credentials::TokenHash,
    network::Network,
};
use holdfast_protocol::{CallId, CommandId, Epoch, Hello, Resume, Seq, SessionId};
use std::sync::Arc;
use tokio::sync::Notify;

/// A socket's hold on its session.
#[derive(Clone, Debug)]
pub(crate) struct Attachment {
    /// How calls know this socket.
    pub(crate) sender: Sender,
    /// Told when there is something to send, or to look at with [`Session::verdict`].
    pub(crate) wake: Arc<Notify>,
}

/// A session that was taken up again.
#[derive(Debug)]
pub(crate) struct Resumed {
    /// The new socket's hold on it.
    pub(crate) attachment: Attachment,
    /// The history that goes on, or begins.
    pub(crate) epoch: Epoch,
    /// Whether it goes on: then there is nothing else to tell.
    pub(crate) goes_on: bool,
    /// The last command carried out in it.
    pub(crate) last_command: CommandId,
    /// The calls to come back to, or to look at.
    pub(crate) calls: Vec<CallHandle>,
    /// The socket that was there until now, when nobody takes its place in the calls.
    pub(crate) lost: Option<Sender>,
}

/// A client's claim to a session.
pub(crate) struct Claim<'a> {
    /// What it says of itself.
    pub(crate) hello: &'a Hello,
    /// What it says of the session.
    pub(crate) resume: &'a Resume,
    /// Of the token that it shows.
    pub(crate) token: TokenHash,
    /// Of the token that it gets.
    pub(crate) fresh_token: TokenHash,
    /// For a new history.
    pub(crate) fresh_epoch: Epoch,
    /// Where it comes from.
    pub(crate) network: Network,
}

/// Why a claim is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotBack {
    /// The session has ended.
    Ended,
    /// The token is not its.
    WrongToken,
    /// It is another user's.
    OtherUser,
    /// A later socket of that instance was here before.
    Late,
}

impl Session {
    /// Whether `token` opens this session.
    pub(crate) fn is_opened_by(&self, token: TokenHash) -> bool {
        self.lock().tokens.are_matched_by(token)
    }

    /// Attaches another socket; the one before, if any, is told to close. To be called in the session's turn.
    ///
    /// # Errors
    /// When the claim is refused; then nothing has changed.
    pub(crate) fn attach(&self, claim: &Claim<'_>) -> Result<Resumed, NotBack> {
        let Claim { hello, resume, token, .. } = *claim;
        let mut state = self.lock();
        if state.link == Link::Ended {
            return Err(NotBack::Ended);
        }
        if !state.tokens.are_matched_by(token) {
            return Err(NotBack::WrongToken);
        }
        if hello.guest.as_ref().is_some_and(|guest| guest.user != self.user) {
            return Err(NotBack::OtherUser);
        }
        let same_instance = state.instance == hello.instance;
        if same_instance && hello.attempt < state.attempt {
            return Err(NotBack::Late);
        }
        state.tokens.rotate(token, claim.fresh_token);
        // Taken up now by whoever had only looked at them: its own incarnation is news to it.
        let takes_places = !resume.hold && state.calls.values().any(|place| place.standing == Standing::Held);
        let goes_on = same_instance && !takes_places && state.goes_on(resume.epoch, resume.seq);
        if !goes_on {
            state.begin_anew(claim.fresh_epoch);
        }
        let left = state.replace_socket(self.id, claim);
        let lost = left
            .filter(|_| resume.hold && state.calls.values().any(|place| place.standing != Standing::Held));
        let standing = if resume.hold { Standing::Held } else { Standing::Returned };
        state.calls.values_mut().for_each(|place| place.standing = standing);
        state.outdate();
        Ok(Resumed {
            attachment: state.attachment(self.id),
            epoch: if goes_on { resume.epoch } else { claim.fresh_epoch },
            goes_on,
            last_command: state.commands.last,
            calls: state.calls.values().map(|place| place.call.clone()).collect(),
            lost,
        })
    }

    /// The snapshots for a new epoch are taken: from here on everything is queued.
    pub(crate) fn seen(&self) {
        self.lock().unseen.clear();
    }

    /// A snapshot of `call` is taken now: what the call tells from here on is not in it.
    pub(crate) fn resync(&self, call: CallId) {
        self.lock().unseen.retain(|unseen| *unseen != call);
    }

    /// The session takes its place in `call` again, whoever was being asked.
    pub(crate) fn returns(&self, call: CallId) {
        let mut state = self.lock();
        state.unseen.retain(|unseen| *unseen != call);
        if let Some(place) = state.calls.get_mut(&call)
            && place.standing == Standing::Held
        {
            place.standing = Standing::Returned;
        }
    }

    /// The client has taken in every frame up to `seq`: the calls for which its return counts from now on.
    ///
    /// # Errors
    /// When it was never sent.
    pub(crate) fn ack(&self, sender: Sender, seq: Seq) -> Result<Vec<CallHandle>, NeverSent> {
        let mut state = self.lock();
        // Of another socket, or of a history that is broken.
        if state.attachment != sender.attachment || state.epoch.is_none() {
            return Ok(Vec::new());
        }
        state.outbox.ack(seq)?;
        if state.tokens.settle() {
            state.outdate();
        }
        let returned = state.calls.values_mut().filter(|place| place.standing == Standing::Returned);
        let calls = returned.map(|place| {
            place.standing = Standing::Present;
            place.call.clone()
        });
        Ok(calls.collect())
    }

    /// The socket is lost: the calls to tell, unless another socket is attached already.
    pub(crate) fn detach(&self, sender: Sender) -> Option<Vec<CallHandle>> {
        let mut state = self.lock();
        if state.attachment != sender.attachment || state.link == Link::Ended {
            return None;
        }
        state.link = Link::Away;
        state.outbox.socket_lost();
        let there = state.calls.values().filter(|place| place.standing != Standing::Held);
        Some(there.map(|place| place.call.clone()).collect())
    }

    /// Ends the session, unless a later socket is attached: the calls to leave.
    pub(crate) fn expire(&self, sender: Sender) -> Option<Vec<CallHandle>> {
        let mut state = self.lock();
        (state.attachment == sender.attachment).then(|| state.end())
    }
}

impl State {
    /// Whether the client can go on in the history it knows, and if so from where it stopped.
    fn goes_on(&mut self, epoch: Epoch, seq: Seq) -> bool {
        // A call that ended without a word would stay in the client's eyes for ever.
        let told = self.gone.iter().all(|call| self.outbox.tells_end_of(*call));
        let goes_on = told && self.epoch == Some(epoch) && self.outbox.go_on_after(seq);
        if goes_on {
            // `welcome` says it.
            (self.commands.untold, self.commands.ack_due) = (0, false);
        }
        goes_on
    }

    fn begin_anew(&mut self, epoch: Epoch) {
        self.epoch = Some(epoch);
        self.outbox.begin_anew();
        self.commands = Commands::default();
        self.unseen = self.calls.keys().copied().collect();
    }

    /// The socket that was attached until now.
    fn replace_socket(&mut self, session: SessionId, claim: &Claim<'_>) -> Option<Sender> {
        let attached = matches!(self.link, Link::Attached | Link::Closing(_));
        let left = attached.then(|| self.sender(session));
        self.gone.clear();
        self.link = Link::Attached;
        self.network = claim.network;
        self.attachment += 1;
        self.instance = claim.hello.instance;
        self.attempt = claim.hello.attempt;
        std::mem::take(&mut self.wake).notify_one();
        left
    }

    fn sender(&self, session: SessionId) -> Sender {
        Sender { session, attachment: self.attachment, instance: self.instance }
    }

    /// The present socket's hold on `session`.
    pub(super) fn attachment(&self, session: SessionId) -> Attachment {
        Attachment { sender: self.sender(session), wake: Arc::clone(&self.wake) }
    }
}
