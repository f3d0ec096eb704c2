//! What a client tells its owner: a stream of events, each with its time. They serialise to JSON as the command line
//! prints them with `--events`.

use crate::{
    environment::Clock,
    media::{Frame, Section},
    pair::Flow,
    recovery::{IceState, PairState},
};
use bytes::Bytes;
use holdfast_protocol::{
    CallId, ConnectionId, Epoch, ErrorCode, LeaveReason, MediaState, NegotiateReason, Participant,
    ParticipantId, UserId,
};
use serde::Serialize;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::mpsc;

/// Events that wait for their owner; more are dropped and counted in [`Event::Missed`].
pub const EVENTS_MAX: usize = 1_024;

/// An event with its time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Stamped {
    /// Milliseconds since the client started, by a clock that does not go back.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// Why someone is not in the call any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gone {
    /// It hung up.
    Hangup,
    /// It was away for too long.
    NetworkLost,
    /// A new instance (a reload, a restarted process) took its place, or the hub's new roster has it no more.
    Replaced,
    /// The own client left or ended.
    SelfLeft,
}

impl From<Option<LeaveReason>> for Gone {
    fn from(reason: Option<LeaveReason>) -> Self {
        match reason {
            Some(LeaveReason::NetworkLost | LeaveReason::ReconnectFailed | LeaveReason::SeatTaken) => {
                Self::NetworkLost
            }
            Some(LeaveReason::Hangup | LeaveReason::CallEnded) => Self::Hangup,
            None => Self::Replaced,
        }
    }
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The hub greeted; frames flow.
    Welcome {
        /// Who the hub says this is.
        user: UserId,
        /// The hub's memory.
        epoch: Epoch,
        /// The session from before, with nothing forgotten.
        resumed: bool,
    },
    /// The socket to the hub is lost, or an attempt to open it failed. Media goes on.
    SocketLost {
        /// Why, in words.
        reason: String,
        /// When the next attempt starts, from now.
        retry_in_ms: u64,
    },
    /// More was to be said to the hub than is kept while it is away; all of it was dropped.
    OutboxOverflow {
        /// How many frames.
        frames: usize,
    },
    /// The hub refused something, or for good: then [`Event::Ended`] follows.
    Refused {
        /// What programs act on.
        code: ErrorCode,
        /// What people read.
        message: String,
        /// How long to wait before trying again.
        retry_after_ms: Option<u64>,
    },
    /// This client is in the call.
    Joined {
        /// The call.
        call: CallId,
        /// Its own place.
        you: ParticipantId,
        /// How many participants there are, itself included.
        participants: usize,
    },
    /// This client has left the call.
    Left {
        /// The call.
        call: CallId,
    },
    /// Someone is there.
    PeerJoined(Participant),
    /// Someone's socket is lost. Its media may go on.
    PeerAway {
        /// Who.
        participant: ParticipantId,
        /// How long its place is kept, from now.
        ms_left: u64,
    },
    /// It is back.
    PeerBack {
        /// Who.
        participant: ParticipantId,
    },
    /// Someone switched media sections.
    PeerMedia {
        /// Who.
        participant: ParticipantId,
        /// What it sends now.
        media: MediaState,
    },
    /// Someone is gone.
    PeerLeft {
        /// Who.
        participant: ParticipantId,
        /// Why.
        reason: Gone,
    },
    /// The state of the pair, as people would be shown it.
    PeerState {
        /// With whom.
        participant: ParticipantId,
        /// The new state.
        state: PairState,
    },
    /// A peer connection was built.
    ConnectionOpened {
        /// With whom.
        participant: ParticipantId,
        /// Which.
        connection: ConnectionId,
    },
    /// A peer connection was closed by this side.
    ConnectionClosed {
        /// With whom.
        participant: ParticipantId,
        /// Which.
        connection: ConnectionId,
    },
    /// A peer connection died by itself.
    ConnectionLost {
        /// With whom.
        participant: ParticipantId,
        /// Which.
        connection: ConnectionId,
    },
    /// ICE changed its state.
    Ice {
        /// With whom.
        participant: ParticipantId,
        /// Of which connection.
        connection: ConnectionId,
        /// The new state.
        state: IceState,
    },
    /// This side made an offer.
    Offered {
        /// To whom.
        participant: ParticipantId,
        /// Of which connection.
        connection: ConnectionId,
        /// The offer's number.
        generation: u32,
        /// Whether it restarts ICE.
        ice_restart: bool,
    },
    /// This side wants an ICE restart.
    RestartWanted {
        /// With whom.
        participant: ParticipantId,
        /// Why.
        reason: NegotiateReason,
    },
    /// This side wants a new peer connection.
    RebuildWanted {
        /// With whom.
        participant: ParticipantId,
        /// Why.
        reason: NegotiateReason,
    },
    /// The control channel of a connection is open.
    ControlOpen {
        /// With whom.
        participant: ParticipantId,
    },
    /// Which ways media flows, by counters of both sides.
    Media {
        /// With whom.
        participant: ParticipantId,
        /// Which ways.
        flow: Flow,
    },
    /// Events that were dropped because their owner did not take them.
    Missed {
        /// How many.
        count: u64,
    },
    /// There will be no more events.
    Ended,
}

/// Media and messages from the others, as they arrive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Received {
    /// A frame that decodes.
    Frame {
        /// From whom.
        participant: ParticipantId,
        /// On which connection; another one begins at another timestamp.
        connection: ConnectionId,
        /// Which section.
        section: Section,
        /// When it was complete, in milliseconds since the client started.
        at_ms: u64,
        /// The frame.
        frame: Frame,
    },
    /// A message on the control channel.
    Control {
        /// From whom.
        participant: ParticipantId,
        /// The message.
        message: Bytes,
    },
    /// A receiver needs a key frame of a section that this client sends.
    KeyFrameWanted {
        /// Who.
        participant: ParticipantId,
        /// Which section.
        section: Section,
    },
}

/// Where events go in. Never waits.
#[derive(Clone)]
pub(crate) struct EventSink {
    queue: mpsc::Sender<Stamped>,
    clock: Clock,
    missed: Arc<AtomicU64>,
}

impl EventSink {
    pub(crate) fn new(clock: Clock) -> (Self, mpsc::Receiver<Stamped>) {
        let (queue, events) = mpsc::channel(EVENTS_MAX);
        (Self { queue, clock, missed: Arc::default() }, events)
    }

    pub(crate) fn emit(&self, event: Event) {
        let at_ms = self.clock.now_ms();
        let count = self.missed.swap(0, Ordering::AcqRel);
        if count > 0 && self.queue.try_send(Stamped { at_ms, event: Event::Missed { count } }).is_err() {
            self.missed.fetch_add(count + 1, Ordering::AcqRel);
        } else if let Err(mpsc::error::TrySendError::Full(_)) = self.queue.try_send(Stamped { at_ms, event })
        {
            self.missed.fetch_add(1, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn events_that_nobody_takes_are_counted() {
        let (sink, mut events) = EventSink::new(Clock::start());
        for _ in 0..EVENTS_MAX + 3 {
            sink.emit(Event::Ended);
        }
        events.recv().await.unwrap();
        events.recv().await.unwrap();
        sink.emit(Event::Missed { count: 99 });
        let mut last = vec![];
        while let Ok(event) = events.try_recv() {
            last.push(event.event);
        }
        assert_eq!(last[last.len() - 2..], [Event::Missed { count: 3 }, Event::Missed { count: 99 }]);
    }

    #[test]
    fn events_are_flat_json() {
        let participant: ParticipantId = "0000b0b0-0000-4000-8000-000000000002".parse().unwrap();
        let event = Stamped { at_ms: 7, event: Event::PeerLeft { participant, reason: Gone::NetworkLost } };
        assert_eq!(
            serde_json::to_string(&event).unwrap(),
            r#"{"at_ms":7,"event":"peer-left","participant":"0000b0b0-0000-4000-8000-000000000002","reason":"network-lost"}"#
        );
    }
}
