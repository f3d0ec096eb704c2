//! Frames on their way to a client: written out once, whoever gets them, with what a queue must know about them.

use axum::extract::ws::Utf8Bytes;
use holdfast_protocol::{CallId, HubFrame, ParticipantId};

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
        Self { text: frame.encode().into(), kind: frame.kind(), keep: keep(frame), from }
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
        HubFrame::Error(_)
        | HubFrame::Ringing { .. }
        | HubFrame::IncomingCall(_)
        | HubFrame::AcceptedElsewhere { .. }
        | HubFrame::MissedCall { .. }
        | HubFrame::CallEnded { .. }
        | HubFrame::CallOver { .. }
        | HubFrame::Directory { .. }
        | HubFrame::Presence { .. } => Keep::Always,
        HubFrame::Welcome(_)
        | HubFrame::Ack { .. }
        | HubFrame::IceServers { .. }
        | HubFrame::HeartbeatAck
        | HubFrame::GoingAway { .. } => Keep::Never,
    }
}
