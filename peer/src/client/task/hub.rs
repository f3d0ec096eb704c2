//! What the client's task does when the hub says something.

use super::{Ask, Task};
use crate::{
    client::{
        ClientError, Found,
        wanted::{Way, own, standing_in},
    },
    event::{Event, Gone},
    pair::ToPair,
};
use holdfast_protocol::{
    CallId, CallSnapshot, CallState, CommandId, EndReason, ErrorCode, ErrorFrame, HubFrame, IncomingCall,
    LeaveReason, ParticipantId, Welcome,
};
use std::collections::BTreeMap;

/// A return to the call that the hub refused is tried again after this time, or when the hub says.
const REJOIN_MS: u64 = 5_000;
/// Most calls that are believed to ring for one user.
const INCOMING_MAX: usize = 16;

impl Task {
    pub(super) fn up(&mut self, welcome: Welcome, same: bool) {
        let Welcome { user, epoch, resumed, ice, calls, incoming, .. } = welcome;
        self.events.emit(Event::Welcome { user, epoch, resumed, same_epoch: same });
        self.ice.send_replace(ice);
        if let Some(ready) = self.ready.take() {
            let _ = ready.send(Ok(()));
        }
        if !same {
            // A call that rang before and is not listed rings no more.
            let gone = |call: &CallId| !incoming.iter().any(|incoming| incoming.call == *call);
            let gone: Vec<_> = self.incoming.keys().copied().filter(gone).collect();
            for call in gone {
                self.incoming.remove(&call);
                self.events.emit(Event::RingingStopped { call });
            }
        }
        for call in incoming {
            self.rings(call);
        }
        if same {
            self.calls.tell_all(|| ToPair::HubBack);
        } else {
            self.new_epoch(calls);
        }
    }

    /// The hub tells how things stand; what it said before may be lost. No connection is touched for it.
    fn new_epoch(&mut self, mut calls: Vec<CallSnapshot>) {
        let (held, lost): (BTreeMap<_, _>, _) =
            std::mem::take(&mut self.asks).into_iter().partition(|(id, _)| self.link.holds(*id));
        self.asks = held;
        for ask in lost.into_values() {
            ask.fail(ClientError::AnswerLost);
        }
        let mine = self.wanted.as_ref().and_then(|wanted| calls.iter().position(|call| wanted.is(call)));
        let mine = mine.map(|at| calls.swap_remove(at));
        self.leave_others(calls);
        let Some(wanted) = &mut self.wanted else { return };
        if let Some(call) = mine {
            self.joined(call);
            self.calls.tell_all(|| ToPair::HubBack);
        } else if wanted.ask.is_some_and(|id| self.link.holds(id)) {
            // It was just said again.
        } else if let Some(call) = wanted.call {
            wanted.way = Way::Again(call);
            self.ask_for_call();
        } else if matches!(wanted.way, Way::User(_)) && wanted.ask.is_some() {
            // It may have rung, and be over. Nobody is called twice for one wish.
            if let Some(reply) = self.wanted.take().and_then(|wanted| wanted.reply) {
                let _ = reply.send(Err(ClientError::AnswerLost));
            }
        } else {
            self.ask_for_call();
        }
    }

    /// Sends the command for the wanted call.
    pub(super) fn ask_for_call(&mut self) {
        let media = *self.media.borrow();
        let id = self.link.next_command();
        let Some(wanted) = &mut self.wanted else { return };
        (wanted.ask, wanted.retry_at_ms) = (Some(id), None);
        let frame = wanted.way.frame(id, media);
        self.say(frame);
    }

    fn joined(&mut self, call: CallSnapshot) {
        let Some(wanted) = &mut self.wanted else { return };
        (wanted.ask, wanted.retry_at_ms) = (None, None);
        let is_return = matches!(wanted.way, Way::Again(_));
        wanted.call = Some(call.id);
        wanted.room = call.kind.room().cloned();
        let reply = wanted.reply.take();
        if wanted.early {
            wanted.early_answer = Some(call.clone());
        }
        // What an earlier process sent stands until the owner says what this one sends.
        let says_media = !wanted.early;
        self.incoming.remove(&call.id);
        if self.calls.roster().is_none_or(|roster| roster.call() != call.id || roster.you() != call.you) {
            self.keep();
            self.tell_place(&call, is_return);
        }
        self.calls.sync(&call);
        let media = *self.media.borrow();
        if says_media && own(&call).is_some_and(|own| own.media != media) {
            self.set_media(media);
        }
        if let Some(reply) = reply {
            let _ = reply.send(Ok(call));
        }
    }

    fn tell_place(&self, call: &CallSnapshot, is_return: bool) {
        if let CallState::Ringing { to, ms_left, .. } = call.state {
            self.events.emit(Event::Ringing { call: call.id, to, ms_left });
        }
        let (came_back, reconnect_count, peers_online) = standing_in(call);
        self.events.emit(Event::Joined {
            call: call.id,
            you: call.you,
            participants: call.participants.len(),
            peers_online,
            is_reconnect: is_return || came_back,
            reconnect_count,
        });
    }

    pub(super) fn hub_said(&mut self, frame: HubFrame) {
        match frame {
            HubFrame::Joined { in_reply_to, call } | HubFrame::Ringing { in_reply_to, call } => {
                if self.wanted.as_ref().is_some_and(|wanted| wanted.ask.is_some() && wanted.is(&call)) {
                    self.joined(call);
                    self.calls.tell_all(|| ToPair::HubBack);
                } else {
                    self.leave_late(in_reply_to, &call);
                }
            }
            HubFrame::Left { in_reply_to, .. } => self.answered(in_reply_to),
            HubFrame::IncomingCall(call) => self.rings(call),
            HubFrame::AcceptedElsewhere { call } => {
                self.incoming.remove(&call);
                self.events.emit(Event::AcceptedElsewhere { call });
            }
            HubFrame::MissedCall { call, from, at_unix_ms } => {
                self.events.emit(Event::MissedCall { call, from, at_unix_ms });
            }
            HubFrame::CallEnded { call, reason } => self.call_ended(call, reason),
            HubFrame::CallOver { in_reply_to, call, reason } => {
                self.incoming.remove(&call);
                if self.wanted.as_ref().is_some_and(|wanted| wanted.ask == Some(in_reply_to)) {
                    self.over(call, reason);
                }
            }
            HubFrame::Directory { in_reply_to, users, more } => {
                if let Some(Ask::Directory(reply)) = self.asks.remove(&in_reply_to) {
                    self.events.emit(Event::Directory { users: users.clone(), more });
                    let _ = reply.send(Ok(Found { users, more }));
                }
            }
            HubFrame::Presence { user, presence } => self.events.emit(Event::Presence { user, presence }),
            HubFrame::IceServers { ice, .. } => {
                self.ice.send_replace(ice);
            }
            HubFrame::Error(error) => self.refused(error),
            HubFrame::PeerLeft { call, participant, reason } if self.is_place(call, participant) => {
                self.place_lost(call, reason);
            }
            frame => self.calls.frame(frame),
        }
    }

    fn is_place(&self, call: CallId, participant: ParticipantId) -> bool {
        self.calls.roster().is_some_and(|roster| roster.call() == call && roster.you() == participant)
    }

    /// The call goes on, without this client: it asks for a new place. Nobody takes signals from the one it had.
    fn place_lost(&mut self, call: CallId, reason: LeaveReason) {
        self.events.emit(Event::PlaceLost { call, reason });
        self.calls.tell_all(|| ToPair::HubAway);
        if let Some(wanted) = &mut self.wanted {
            wanted.way = Way::Again(call);
            self.ask_for_call();
        }
    }

    /// A call rings for this user; told once.
    fn rings(&mut self, call: IncomingCall) {
        if self.incoming.contains_key(&call.call) || self.incoming.len() >= INCOMING_MAX {
            return;
        }
        let IncomingCall { call: id, from, deadline_unix_ms, ms_left } = call.clone();
        self.incoming.insert(id, call);
        self.events.emit(Event::IncomingCall { call: id, from, deadline_unix_ms, ms_left });
    }

    fn call_ended(&mut self, call: CallId, reason: EndReason) {
        let rang = self.incoming.remove(&call).is_some();
        let mine = self.wanted.as_ref().is_some_and(|wanted| wanted.call == Some(call));
        if mine {
            self.clear(ClientError::CallOver { call, reason });
        }
        if mine || rang {
            self.events.emit(Event::CallEnded { call, reason });
        }
    }

    /// There is nothing to come back to.
    fn over(&mut self, call: CallId, reason: EndReason) {
        self.clear(ClientError::CallOver { call, reason });
        self.events.emit(Event::CallOver { call, reason });
    }

    /// The call is over: nothing is left of it.
    fn clear(&mut self, why: ClientError) {
        self.calls.end(Gone::CallEnded);
        if let Some(reply) = self.wanted.take().and_then(|wanted| wanted.reply) {
            let _ = reply.send(Err(why));
        }
        self.keep();
    }

    fn refused(&mut self, error: ErrorFrame) {
        let ErrorFrame { code, message, retry_after_ms, in_reply_to } = error.clone();
        self.events.emit(Event::Refused { code, message, retry_after_ms });
        let Some(id) = in_reply_to else { return };
        if let Some(ask) = self.asks.remove(&id) {
            ask.fail(ClientError::Refused(error));
            return;
        }
        self.answered(id);
        let Some(wanted) = self.wanted.as_mut().filter(|wanted| wanted.ask == Some(id)) else { return };
        let unknown = matches!(code, ErrorCode::UnknownCall | ErrorCode::NotInCall);
        let forgotten = unknown && matches!(wanted.way, Way::Again(_));
        match (&wanted.room, wanted.call) {
            (Some(room), Some(_)) if forgotten => {
                (wanted.way, wanted.call) = (Way::Room(room.clone()), None);
                self.ask_for_call();
            }
            _ if wanted.reply.is_some() => {
                if let Some(reply) = self.wanted.take().and_then(|wanted| wanted.reply) {
                    let _ = reply.send(Err(ClientError::Refused(error)));
                }
            }
            (None, Some(call)) if forgotten => self.over(call, EndReason::ServerCleanup),
            _ => {
                wanted.ask = None;
                wanted.retry_at_ms = Some(self.clock.now_ms() + retry_after_ms.unwrap_or(REJOIN_MS));
            }
        }
    }

    /// The answer to `leave`, `decline` or `end`, of whatever kind.
    fn answered(&mut self, id: CommandId) {
        if let Some((_, reply)) = self.leaving.take_if(|(leave, _)| *leave == id) {
            let _ = reply.send(());
        }
        match self.asks.remove(&id) {
            Some(Ask::Decline(reply)) => drop(reply.send(Ok(()))),
            Some(Ask::End(reply)) => {
                if let Some(call) = self.calls.roster().map(crate::roster::Roster::call) {
                    self.wanted = None;
                    self.calls.end(Gone::SelfLeft);
                    self.events.emit(Event::Left { call });
                    self.keep();
                }
                let _ = reply.send(Ok(()));
            }
            Some(Ask::Directory(_)) | None => {}
        }
    }
}
