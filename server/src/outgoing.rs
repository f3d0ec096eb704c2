//! Frames on their way to a client: written out once, whoever gets them, with what a queue must know about them.

use axum::extract::ws::Utf8Bytes;
use holdfast_protocol::{CallId, ClientFrame, HubFrame, ParticipantId, Signal};

/// A frame as text. Cloning shares the text.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    /// The message.
    pub(crate) text: Utf8Bytes,
    /// Its `type`.
    pub(crate) kind: &'static str,
    /// What becomes of it when the client comes back on another socket before it was sent.
    pub(crate) keep: Keep,
    /// Which participant made the hub queue it, if it is a signal: one alone must not fill another's queue.
    pub(crate) from: Option<ParticipantId>,
}

/// What becomes of a queued frame when its client resumes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Keep {
    /// It is sent after `welcome`.
    Always,
    /// It is dropped: the call's snapshot in `welcome` is newer.
    UntilSnapshot(CallId),
    /// It is sent unless another instance has come back, which knows nothing of the connection.
    ForInstance(CallId),
    /// It is about the lost socket alone.
    Never,
}

impl Outgoing {
    /// Writes `frame` out.
    pub(crate) fn new(frame: &HubFrame) -> Self {
        let from = match frame {
            HubFrame::Signal { from, .. } => Some(*from),
            _ => None,
        };
        Self { text: frame.encode().into(), kind: hub_frame_type(frame), keep: keep(frame), from }
    }
}

fn keep(frame: &HubFrame) -> Keep {
    match frame {
        HubFrame::Joined { call, .. } => Keep::UntilSnapshot(call.id),
        // A `left` that is older than a snapshot with the call in it would tell of a leaving before the last joining.
        HubFrame::Left { call, .. }
        | HubFrame::PeerJoined { call, .. }
        | HubFrame::PeerDisconnected { call, .. }
        | HubFrame::PeerReconnected { call, .. }
        | HubFrame::PeerLeft { call, .. }
        | HubFrame::MediaState { call, .. } => Keep::UntilSnapshot(*call),
        HubFrame::Signal { call, .. } => Keep::ForInstance(*call),
        HubFrame::Error(_) => Keep::Always,
        HubFrame::Welcome(_)
        | HubFrame::IceServers { .. }
        | HubFrame::HeartbeatAck
        | HubFrame::GoingAway { .. } => Keep::Never,
    }
}

/// The `type` of a hub frame.
pub(crate) fn hub_frame_type(frame: &HubFrame) -> &'static str {
    match frame {
        HubFrame::Welcome(_) => "welcome",
        HubFrame::Joined { .. } => "joined",
        HubFrame::Left { .. } => "left",
        HubFrame::PeerJoined { .. } => "peer-joined",
        HubFrame::PeerDisconnected { .. } => "peer-disconnected",
        HubFrame::PeerReconnected { .. } => "peer-reconnected",
        HubFrame::PeerLeft { .. } => "peer-left",
        HubFrame::Signal { .. } => "signal",
        HubFrame::MediaState { .. } => "media-state",
        HubFrame::IceServers { .. } => "ice-servers",
        HubFrame::HeartbeatAck => "heartbeat-ack",
        HubFrame::GoingAway { .. } => "going-away",
        HubFrame::Error(_) => "error",
    }
}

/// The `type` of a client frame.
pub(crate) fn client_frame_type(frame: &ClientFrame) -> &'static str {
    match frame {
        ClientFrame::Hello(_) => "hello",
        ClientFrame::Join { .. } => "join",
        ClientFrame::Leave { .. } => "leave",
        ClientFrame::Signal { .. } => "signal",
        ClientFrame::MediaState { .. } => "media-state",
        ClientFrame::IceServers { .. } => "ice-servers",
        ClientFrame::Heartbeat => "heartbeat",
    }
}

/// The `kind` of a signal.
pub(crate) fn signal_kind(signal: &Signal) -> &'static str {
    match signal {
        Signal::Offer { .. } => "offer",
        Signal::Answer { .. } => "answer",
        Signal::Candidate { .. } => "candidate",
        Signal::Negotiate { .. } => "negotiate",
    }
}
