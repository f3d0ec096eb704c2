//! What the client's task does when its owner asks for something.

use super::{Task, Wanted};
use crate::{
    client::{ClientError, Command, stats_of},
    event::Event,
    pair::ToPair,
    roster::Roster,
    rtc::RtcError,
};
use bytes::Bytes;
use holdfast_protocol::{CallSnapshot, ClientFrame, CommandId, ParticipantId};
use tokio::sync::oneshot;

impl Task {
    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Join { reply, .. } if self.wanted.is_some() => {
                let _ = reply.send(Err(ClientError::InCall));
            }
            Command::Join { room, media, reply } => {
                self.media.send_replace(media);
                self.wanted = Some(Wanted { room, join: None, retry_at_ms: None, reply: Some(reply) });
                // Else `up` does it.
                if self.link.is_up() {
                    self.join();
                }
            }
            Command::Leave { reply } => self.leave(Some(reply)),
            Command::SetMedia(media) => {
                self.media.send_replace(media);
                if let Some(call) = self.calls.roster().map(Roster::call) {
                    let id = self.next_command();
                    self.say(ClientFrame::MediaState { id, call, media });
                }
            }
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

    pub(super) fn leave(&mut self, reply: Option<oneshot::Sender<()>>) {
        let joining = self.wanted.take().and_then(|wanted| wanted.join);
        let call = self.calls.roster().map(Roster::call);
        self.calls.end();
        let Some(call) = call else {
            // The hub may let this client in yet: `leave_late`.
            self.leaving = reply.and_then(|reply| Some((joining?, reply)));
            return;
        };
        self.events.emit(Event::Left { call });
        let id = self.next_command();
        self.leaving = reply.map(|reply| (id, reply));
        // Else the next welcome still lists the call: `leave_others`.
        if self.link.is_up() {
            self.say(ClientFrame::Leave { id, call });
        }
    }

    /// The hub lists these calls in its welcome, but this client left them while the hub did not hear it.
    pub(super) fn leave_others(&mut self, calls: Vec<CallSnapshot>) {
        let mut leaving = self.leaving.take();
        for call in calls {
            let id = self.next_command();
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
        let id = self.next_command();
        if let Some((waits_for, _)) = &mut self.leaving
            && *waits_for == join
        {
            *waits_for = id;
        }
        self.say(ClientFrame::Leave { id, call: call.id });
    }
}
