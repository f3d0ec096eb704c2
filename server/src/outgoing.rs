//! Frames on their way to a client: written out once, whoever gets them, with what a queue must know about them.

use axum::extract::ws::Utf8Bytes;
use holdfast_protocol::{CallId, HubFrame, ParticipantId, Seq, frame::numbered};
use std::sync::Arc;

/// A frame as text. Cloning shares the text.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    /// The message, as it is written at once and without a number.
    text: Utf8Bytes,
    /// Its `type`.
    pub(crate) kind: &'static str,
    /// Whether it has a number, and is kept until it is acknowledged.
    pub(crate) numbered: bool,
    /// What it is about.
    pub(crate) about: About,
    /// Which participant made the hub queue it, if it is a signal: one alone must not fill another's queue.
    pub(crate) from: Option<ParticipantId>,
    /// The frame itself, when it reads differently later.
    timed: Option<Arc<HubFrame>>,
}

/// What a frame is about, as far as a queue must know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum About {
    /// What goes on in a call: a snapshot of it that is taken later holds all that this says.
    Call(CallId),
    /// The end of a call.
    End(CallId),
    /// Anything else.
    Other,
}

/// A frame as it goes out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Written {
    /// The message.
    pub(crate) text: Utf8Bytes,
    /// Its `type`.
    pub(crate) kind: &'static str,
}

impl Outgoing {
    /// Writes `frame` out.
    pub(crate) fn new(frame: &HubFrame) -> Self {
        let from = match frame {
            HubFrame::Signal { from, .. } => Some(*from),
            _ => None,
        };
        Self {
            text: frame.encode().into(),
            kind: frame.kind(),
            numbered: frame.is_numbered(),
            about: about(frame),
            from,
            timed: frame.tells_time().then(|| Arc::new(frame.clone())),
        }
    }

    /// A `signal` that is written out already.
    pub(crate) fn signal(text: String, call: CallId, from: ParticipantId) -> Self {
        Self {
            text: text.into(),
            kind: "signal",
            numbered: true,
            about: About::Call(call),
            from: Some(from),
            timed: None,
        }
    }

    /// What it takes in a queue, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The frame, `age_ms` after it was made.
    pub(crate) fn write(&self, seq: Option<Seq>, age_ms: u64) -> Written {
        let aged = self.timed.as_ref().filter(|_| age_ms > 0);
        let text =
            aged.map_or_else(|| self.text.clone(), |frame| (**frame).clone().aged(age_ms).encode().into());
        let text = seq.map_or_else(|| text.clone(), |seq| numbered(&text, seq).into());
        Written { text, kind: self.kind }
    }
}

fn about(frame: &HubFrame) -> About {
    match frame {
        HubFrame::Joined { call, .. } | HubFrame::Ringing { call, .. } => About::Call(call.id),
        HubFrame::Left { call, .. }
        | HubFrame::PeerJoined { call, .. }
        | HubFrame::PeerDisconnected { call, .. }
        | HubFrame::PeerReconnected { call, .. }
        | HubFrame::PeerLeft { call, .. }
        | HubFrame::Signal { call, .. }
        | HubFrame::MediaState { call, .. } => About::Call(*call),
        HubFrame::CallEnded { call, .. } => About::End(*call),
        HubFrame::Welcome(_)
        | HubFrame::IncomingCall(_)
        | HubFrame::AcceptedElsewhere { .. }
        | HubFrame::MissedCall { .. }
        | HubFrame::CallOver { .. }
        | HubFrame::IceServers { .. }
        | HubFrame::Directory { .. }
        | HubFrame::Presence { .. }
        | HubFrame::Ack { .. }
        | HubFrame::HeartbeatAck
        | HubFrame::GoingAway { .. }
        | HubFrame::Error(_) => About::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::OsEntropy;

    #[test]
    fn a_frame_is_written_as_it_is_when_it_goes_out() {
        let (call, participant) = (CallId::mint(&OsEntropy), ParticipantId::mint(&OsEntropy));
        let made = |ms_left| HubFrame::PeerDisconnected {
            call,
            participant,
            since_unix_ms: 1,
            deadline_unix_ms: 2,
            ms_left,
        };
        let frame = Outgoing::new(&made(500));
        assert_eq!((frame.about, frame.numbered), (About::Call(call), true));
        assert_eq!(frame.write(None, 0).text.as_str(), made(500).encode());
        let later = frame.write(Some(Seq(7)), 200).text;
        assert_eq!(later.as_str(), numbered(&made(300).encode(), Seq(7)));
    }
}
