//! What the client's task does when its owner asks for something.

use super::{Ask, Task};
use crate::{
    client::{
        ClientError, Command, stats_of,
        wanted::{Joining, Wanted, Way},
    },
    event::{Event, Gone},
    link,
    pair::ToPair,
    roster::Roster,
    rtc::RtcError,
};
use bytes::Bytes;
use holdfast_protocol::{CallSnapshot, ClientFrame, CommandId, MediaState, ParticipantId};
use tokio::sync::oneshot;

impl Task {
    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Join { way, media, reply } => self.wants(way, media, reply),
            Command::Decline { call, reply } => {
                self.incoming.remove(&call);
                let id = self.link.next_command();
                self.ask(ClientFrame::Decline { id, call }, id, Ask::Decline(reply));
            }
            Command::End { reply } => match self.calls.roster().map(Roster::call) {
                Some(call) => {
                    let id = self.link.next_command();
                    self.ask(ClientFrame::End { id, call }, id, Ask::End(reply));
                }
                None => drop(reply.send(Err(ClientError::NotInCall))),
            },
            Command::Directory { query, reply } => {
                let id = self.link.next_command();
                self.ask(ClientFrame::Directory { id, query }, id, Ask::Directory(reply));
            }
            Command::Probe => self.link(link::Input::Probe),
            Command::Leave { reply } => self.leave(Some(reply)),
            Command::SetMedia(media) => self.set_media(media),
            Command::RequestKeyFrame { participant, section } => {
                if let Some(pair) = self.calls.pair(participant) {
                    pair.tell(ToPair::RequestKeyFrame(section));
                }
            }
            Command::SendControl { participant, message, reply } => {
                self.send_control(participant, message, reply);
            }
            Command::Stats { reply } => {
                let _ = reply.send(self.calls.pairs().map(stats_of).collect());
            }
        }
    }

    fn send_control(
        &self,
        participant: ParticipantId,
        message: Bytes,
        reply: oneshot::Sender<Result<(), ClientError>>,
    ) {
        let Some(pair) = self.calls.pair(participant) else {
            let _ = reply.send(Err(ClientError::NoParticipant));
            return;
        };
        let (done, is_done) = oneshot::channel();
        pair.tell(ToPair::Control(message, done));
        let answer = async move {
            let result = is_done.await.unwrap_or(Err(RtcError::NotConnected));
            let _ = reply.send(result.map_err(ClientError::from));
        };
        self.environment.spawn(answer).detach();
    }

    /// What the owner wants to be in from now on.
    fn wants(&mut self, way: Way, media: MediaState, reply: Joining) {
        if let Some(wanted) = self.wanted.as_mut().filter(|wanted| wanted.is_earlier(&way)) {
            wanted.early = false;
            match wanted.early_answer.take() {
                Some(snapshot) => drop(reply.send(Ok(snapshot))),
                None => wanted.reply = Some(reply),
            }
            self.set_media(media);
            return;
        }
        if self.wanted.is_some() {
            let _ = reply.send(Err(ClientError::InCall));
            return;
        }
        self.media.send_replace(media);
        self.wanted = Some(Wanted::new(way, reply));
        self.ask_for_call();
    }

    pub(super) fn set_media(&mut self, media: MediaState) {
        self.media.send_replace(media);
        if let Some(call) = self.calls.roster().map(Roster::call) {
            let id = self.link.next_command();
            self.say(ClientFrame::MediaState { id, call, media });
        }
    }

    /// Sends a question; its answer comes by its number.
    fn ask(&mut self, frame: ClientFrame, id: CommandId, ask: Ask) {
        self.asks.insert(id, ask);
        self.say(frame);
        // Dropped for want of room: there will be no answer.
        if !self.link.holds(id)
            && let Some(ask) = self.asks.remove(&id)
        {
            ask.fail(ClientError::AnswerLost);
        }
    }

    pub(super) fn leave(&mut self, reply: Option<oneshot::Sender<()>>) {
        let joining = self.wanted.take().and_then(|wanted| wanted.ask);
        let call = self.calls.roster().map(Roster::call);
        self.calls.end(Gone::SelfLeft);
        self.keep();
        let Some(call) = call else {
            // The hub may let this client in yet: `leave_late`.
            self.leaving = reply.and_then(|reply| Some((joining?, reply)));
            return;
        };
        self.events.emit(Event::Left { call });
        let id = self.link.next_command();
        self.leaving = reply.map(|reply| (id, reply));
        self.say(ClientFrame::Leave { id, call });
    }

    /// The hub lists these calls in a new epoch, but this client does not want them.
    pub(super) fn leave_others(&mut self, calls: Vec<CallSnapshot>) {
        if self.leaving.as_ref().is_some_and(|(id, _)| self.link.holds(*id)) {
            // Its `leave`, or its `join` that is not wanted any more, was just said again.
            return;
        }
        let mut leaving = self.leaving.take();
        for call in calls {
            let id = self.link.next_command();
            if let Some((_, reply)) = leaving.take() {
                self.leaving = Some((id, reply));
            }
            self.say(ClientFrame::Leave { id, call: call.id });
        }
        // No such call any more: that is what was waited for.
        if let Some((_, reply)) = leaving {
            let _ = reply.send(());
        }
    }

    /// The hub let this client into a call that it does not want any more.
    pub(super) fn leave_late(&mut self, join: CommandId, call: &CallSnapshot) {
        if self.calls.roster().is_some_and(|roster| roster.call() == call.id) {
            return;
        }
        let id = self.link.next_command();
        if let Some((waits_for, _)) = &mut self.leaving
            && *waits_for == join
        {
            *waits_for = id;
        }
        self.say(ClientFrame::Leave { id, call: call.id });
    }
}
