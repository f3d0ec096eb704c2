//! What a client tells its owner: a stream of events, each with its time. They serialise to JSON as the command line
//! prints them with `--events`.

use crate::{
    media::{Frame, Section},
    pair::Flow,
    recovery::{IceState, PairState},
};
use bytes::Bytes;
use holdfast_protocol::{
    CallId, Caller, ConnectionId, DirectoryEntry, EndReason, Epoch, ErrorCode, LeaveReason, MediaState,
    NegotiateReason, Participant, ParticipantId, Presence, UserId,
};
use serde::Serialize;

mod sink;

pub use sink::EVENTS_MAX;
pub(crate) use sink::EventSink;

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
    /// The hub's new roster has it no more.
    Replaced,
    /// The call is over.
    CallEnded,
    /// The own client left or ended.
    SelfLeft,
}

impl From<Option<LeaveReason>> for Gone {
    fn from(reason: Option<LeaveReason>) -> Self {
        match reason {
            Some(LeaveReason::NetworkLost | LeaveReason::ReconnectFailed | LeaveReason::SeatTaken) => {
                Self::NetworkLost
            }
            Some(LeaveReason::Hangup) => Self::Hangup,
            Some(LeaveReason::CallEnded) => Self::CallEnded,
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
        /// The hub's memory of what was said.
        epoch: Epoch,
        /// It is the session from before.
        resumed: bool,
        /// It is the epoch from before: nothing that the hub said was lost.
        same_epoch: bool,
    },
    /// The socket to the hub is lost, or an attempt to open it failed. Media goes on.
    SocketLost {
        /// Why, in words.
        reason: String,
        /// When the next attempt starts, from now.
        retry_in_ms: u64,
    },
    /// More was to be said to the hub than is kept while it is away; some of it was dropped.
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
    /// This client has its place in the call.
    Joined {
        /// The call.
        call: CallId,
        /// Its own place.
        you: ParticipantId,
        /// How many participants there are, itself included.
        participants: usize,
        /// How many others are connected at the moment.
        peers_online: usize,
        /// It was in this call before, and came back.
        is_reconnect: bool,
        /// How often it has come back to this place.
        reconnect_count: u32,
    },
    /// This client has left the call.
    Left {
        /// The call.
        call: CallId,
    },
    /// The hub has given this client's place in the call up. The client asks for a new one; media goes on meanwhile.
    PlaceLost {
        /// The call.
        call: CallId,
        /// Why.
        reason: LeaveReason,
    },
    /// The user called is being rung.
    Ringing {
        /// The call.
        call: CallId,
        /// Whom.
        to: UserId,
        /// How long it rings, from now.
        ms_left: u64,
    },
    /// Somebody calls.
    IncomingCall {
        /// The call.
        call: CallId,
        /// Who.
        from: Caller,
        /// The hub's time when it stops ringing, in milliseconds since the Unix epoch.
        deadline_unix_ms: u64,
        /// How long it rings, from now.
        ms_left: u64,
    },
    /// Another device of this user took the call; it rings here no more.
    AcceptedElsewhere {
        /// The call.
        call: CallId,
    },
    /// A call rings here no more; why was lost with an outage.
    RingingStopped {
        /// The call.
        call: CallId,
    },
    /// Somebody called while this user was busy or away.
    MissedCall {
        /// The call.
        call: CallId,
        /// Who.
        from: Caller,
        /// When, by the hub's time, in milliseconds since the Unix epoch.
        at_unix_ms: u64,
    },
    /// The call is over, or rings no more. Nothing more comes of it.
    CallEnded {
        /// The call.
        call: CallId,
        /// Why.
        reason: EndReason,
    },
    /// The call that this client wanted to come back to, or to accept, was over by then. Nothing more comes of it.
    CallOver {
        /// The call.
        call: CallId,
        /// Why it ended.
        reason: EndReason,
    },
    /// What the directory found.
    Directory {
        /// Users that are online.
        users: Vec<DirectoryEntry>,
        /// Whether there are more.
        more: bool,
    },
    /// What a user of the last [`Event::Directory`] does now.
    Presence {
        /// Who.
        user: UserId,
        /// What.
        presence: Presence,
    },
    /// Someone is there.
    PeerJoined(Participant),
    /// Someone's socket is lost. Its media may go on.
    PeerDisconnected {
        /// Who.
        participant: ParticipantId,
        /// The hub's time of the last frame received from it, in milliseconds since the Unix epoch.
        since_unix_ms: u64,
        /// The hub's time when its place is given up, in milliseconds since the Unix epoch.
        deadline_unix_ms: u64,
        /// How long its place is kept, from now.
        ms_left: u64,
    },
    /// It is back.
    PeerReconnected {
        /// Who.
        participant: ParticipantId,
        /// Higher than before when another instance (a reload, a restarted process) took the place: its connections are
        /// gone, and new ones follow.
        incarnation: u32,
        /// How often it has come back in this call.
        reconnect_count: u32,
        /// How long it was away; absent when the hub did not say, as after a new epoch.
        #[serde(skip_serializing_if = "Option::is_none")]
        away_ms: Option<u64>,
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

#[cfg(test)]
mod tests {
    use super::*;

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
