//! How direct calls begin: both users are claimed in the store at once, or the caller hears why not. Calls that never
//! rang are in the log all the same: the callee finds them there.

use super::{
    core::Call,
    event::{Newcomer, Sender},
    handle::{CallHandle, Way},
    owner::Owner,
};
use crate::{
    hub::Hub,
    outgoing::Outgoing,
    restart::cleaned_up,
    session::{Entry, Session, refusal},
    store::{Committed, Store, StoreError},
};
use holdfast_protocol::{
    CallId, CallStatus, Caller, CommandId, EndReason, ErrorCode, ErrorFrame, HubFrame, LoggedUser,
    MediaState, ParticipantId, UserId,
};
use std::sync::Arc;

/// How often to look again when the call that stood in the way was just ending.
const ATTEMPTS: u32 = 8;

/// One wish to call somebody.
pub(crate) struct Dial<'a> {
    pub(crate) hub: &'a Arc<Hub>,
    pub(crate) session: &'a Arc<Session>,
    pub(crate) sender: Sender,
    pub(crate) command: CommandId,
    pub(crate) to: UserId,
    pub(crate) media: MediaState,
}

/// What became of an attempt.
enum Outcome {
    Answered,
    Refused(ErrorCode, &'static str),
    /// What was found has changed meanwhile.
    Again,
}

impl Dial<'_> {
    /// Rings, or takes the call with which the other one was just ringing.
    ///
    /// # Errors
    /// With the refusal.
    pub(crate) async fn dial(&self) -> Result<(), ErrorFrame> {
        let refused = |code, message: &str| Err(refusal(code, message, Some(self.command)));
        if self.to == self.session.user {
            return refused(ErrorCode::CallsYourself, "nobody can call themselves");
        }
        let now = self.hub.timeline.now_unix_ms();
        if let Err(wait_ms) = self.hub.directory.admit_dial(self.session, now) {
            let error =
                refusal(ErrorCode::RateLimited, "too many calls in too short a time", Some(self.command));
            return Err(ErrorFrame { retry_after_ms: Some(wait_ms), ..error });
        }
        // Those that do not ring are in the log as well.
        if let Err(wait_ms) = self.hub.beginnings.pass(self.session.network(), now) {
            let message = "this address begins too many calls in too short a time";
            let error = refusal(ErrorCode::RateLimited, message, Some(self.command));
            return Err(ErrorFrame { retry_after_ms: Some(wait_ms), ..error });
        }
        for _ in 0..ATTEMPTS {
            match self.attempt().await {
                Ok(Outcome::Answered) => return Ok(()),
                Ok(Outcome::Refused(code, message)) => return refused(code, message),
                Ok(Outcome::Again) => tokio::task::yield_now().await,
                Err(error) => {
                    tracing::error!(%error, "a call could not begin");
                    // Without the store nobody knows who is in another call.
                    return refused(ErrorCode::Internal, "the call could not be stored");
                }
            }
        }
        refused(ErrorCode::Internal, "the call could not begin")
    }

    async fn attempt(&self) -> Result<Outcome, StoreError> {
        let hub = self.hub;
        if let Some(by) = hub.store.claim(self.session.user).await? {
            return self.engaged(by).await;
        }
        if !hub.directory.is_online(self.to) {
            self.log(EndReason::Missed).await?;
            let message = "no device of that user is connected";
            return Ok(Outcome::Refused(ErrorCode::UserOffline, message));
        }
        let call = CallId::mint(&*hub.entropy);
        let (handle, commands) = CallHandle::new(hub, call);
        if hub.calls.insert(&handle).is_err() {
            return Ok(Outcome::Refused(ErrorCode::HubFull, "the hub has as many calls as it may have"));
        }
        let outcome = self.begin(&handle, commands).await;
        if !matches!(outcome, Ok(None)) {
            hub.calls.remove(None, call);
        }
        Ok(outcome?.unwrap_or(Outcome::Answered))
    }

    /// Begins the call; None when its owner has it.
    async fn begin(
        &self,
        handle: &CallHandle,
        commands: tokio::sync::mpsc::Receiver<super::handle::Command>,
    ) -> Result<Option<Outcome>, StoreError> {
        let (hub, session) = (self.hub, self.session);
        let network = session.network();
        let pass = || hub.places.enter(network).map_err(|_| ErrorCode::AddressFull);
        match session.enter(self.sender, handle, pass) {
            Ok(Entry::Stale) => return Ok(Some(Outcome::Answered)),
            Ok(Entry::New | Entry::Already) => {}
            Err(ErrorCode::AddressFull) => {
                let message = "this address has as many places in calls as one may have";
                return Ok(Some(Outcome::Refused(ErrorCode::AddressFull, message)));
            }
            Err(code) => {
                return Ok(Some(Outcome::Refused(code, "the session is in as many calls as it may be")));
            }
        }
        let newcomer = Newcomer {
            sender: self.sender,
            command: self.command,
            participant: ParticipantId::mint(&*hub.entropy),
            user: session.user,
            name: session.name.clone(),
            media: self.media,
        };
        let now = hub.timeline.now_unix_ms();
        let (mut call, effects) =
            Call::ring(now, handle.call, hub.config.direct_rules(), newcomer, self.callee());
        call.take_dirty();
        session.save_entered(&*hub.store).await;
        let committed = hub.store.commit(0, call.stored()).await;
        if let Ok(Committed::Done(version)) = committed {
            let mut owner = Owner::new(hub, call, version);
            owner.sessions.insert(session.id, Arc::clone(session));
            hub.tasks.spawn(owner.run(effects, commands));
            return Ok(None);
        }
        session.exit(handle.call);
        match committed? {
            Committed::Claimed { user, by } if user == self.to => {
                if self.lets_go(by).await? {
                    return Ok(Some(Outcome::Again));
                }
                self.busy().await.map(Some)
            }
            // This user has begun or taken another call meanwhile.
            _ => Ok(Some(Outcome::Again)),
        }
    }

    /// This user is in a direct call: perhaps it is the other one's, which rings here.
    async fn engaged(&self, by: CallId) -> Result<Outcome, StoreError> {
        let Some((_, stored)) = self.hub.store.call(by).await? else { return Ok(Outcome::Again) };
        let is = |party: &Option<LoggedUser>, user| party.as_ref().is_some_and(|party| party.user == user);
        let rings_here = stored.log.status == CallStatus::Ringing
            && is(&stored.log.caller, self.to)
            && is(&stored.log.callee, self.session.user);
        let rings_for_own =
            stored.log.status == CallStatus::Ringing && is(&stored.log.caller, self.session.user);
        if let Some(handle) = self.hub.calls.find(by).filter(|_| rings_for_own) {
            handle.give_up_ring(self.session.user).await;
        }
        if self.lets_go(by).await? {
            return Ok(Outcome::Again);
        }
        if !rings_here {
            return Ok(Outcome::Refused(ErrorCode::InDirectCall, "you are in a direct call already"));
        }
        let Some(handle) = self.hub.calls.find(by) else { return Ok(Outcome::Again) };
        let asked = handle.ask(Way::Join, self.session, self.sender, self.command, self.media).await;
        Ok(if asked.is_ok() { Outcome::Answered } else { Outcome::Again })
    }

    /// Whether a call that claims somebody is over. One that the store has and nobody owns ends now: the store did not
    /// hear of its end, or took it without saying so.
    async fn lets_go(&self, by: CallId) -> Result<bool, StoreError> {
        let hub = self.hub;
        let Some((version, stored)) = hub.store.call(by).await? else { return Ok(true) };
        if stored.log.status == CallStatus::Ended {
            return Ok(true);
        }
        // Looked up after the store: what is in the store by now and goes on is in the table already.
        if hub.calls.find(by).is_some() {
            return Ok(false);
        }
        tracing::warn!(call = %by, "a call that nobody owned has ended");
        hub.store.commit(version, cleaned_up(stored, hub.timeline.now_unix_ms())).await?;
        Ok(true)
    }

    async fn busy(&self) -> Result<Outcome, StoreError> {
        // Both may be claimed, by the call of one to the other.
        if self.hub.store.claim(self.session.user).await?.is_some() {
            return Ok(Outcome::Again);
        }
        let call = self.log(EndReason::Busy).await?;
        let at_unix_ms = self.hub.timeline.now_unix_ms();
        let frame = HubFrame::MissedCall { call, from: self.caller(), at_unix_ms };
        let frame = Outgoing::new(&frame);
        for device in self.hub.directory.devices(self.to) {
            device.push(frame.clone());
        }
        Ok(Outcome::Refused(ErrorCode::Busy, "that user is in a direct call"))
    }

    async fn log(&self, reason: EndReason) -> Result<CallId, StoreError> {
        let hub = self.hub;
        let id = CallId::mint(&*hub.entropy);
        let (now, rules) = (hub.timeline.now_unix_ms(), hub.config.direct_rules());
        let call = Call::never_rang(now, id, rules, self.caller(), self.callee(), reason);
        hub.metrics.call_ended(reason);
        hub.store.commit(0, call.stored()).await?;
        Ok(id)
    }

    fn caller(&self) -> Caller {
        Caller { user: self.session.user, name: self.session.name.clone() }
    }

    fn callee(&self) -> LoggedUser {
        LoggedUser { user: self.to, name: self.hub.directory.name(self.to) }
    }
}
