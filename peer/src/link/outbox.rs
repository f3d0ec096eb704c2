//! What was said to the hub and not acknowledged yet: kept, so that a lost socket loses none of it. Pure.

use holdfast_protocol::{ClientFrame, CommandId};
use std::collections::VecDeque;

/// Most commands kept. One more drops the signals among them, loudly: the negotiation says them again.
pub const OUTBOX_FRAMES_MAX: usize = 256;

/// Commands, in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Outbox(VecDeque<Kept>);

#[derive(Debug)]
struct Kept {
    frame: ClientFrame,
    /// Whether it was written on a socket: the hub may have it.
    sent: bool,
}

impl Outbox {
    /// Keeps a command that is sent now or later; says how many were dropped for want of room.
    pub(super) fn keep(&mut self, frame: ClientFrame, sent: bool) -> usize {
        let before = self.0.len();
        if before >= OUTBOX_FRAMES_MAX {
            self.0.retain(|kept| !is_signal(&kept.frame));
        }
        let dropped = before - self.0.len();
        if self.0.len() >= OUTBOX_FRAMES_MAX || (dropped > 0 && is_signal(&frame)) {
            return dropped + 1;
        }
        self.0.push_back(Kept { frame, sent });
        dropped
    }

    /// Whether this command is still to be acknowledged.
    pub(super) fn holds(&self, id: CommandId) -> bool {
        self.0.iter().any(|kept| kept.frame.command() == Some(id))
    }

    /// The hub has dealt with everything up to `last`.
    pub(super) fn acknowledged(&mut self, last: CommandId) {
        self.0.retain(|kept| kept.frame.command() > Some(last));
    }

    /// A new epoch: signals may have met another world. In a new session, so does what is about the old one's places. A
    /// `call` that the hub may have carried out is not made twice: it may have rung, and be over.
    pub(super) fn new_epoch(&mut self, same_session: bool) {
        self.0.retain(|Kept { frame, sent }| {
            let rang = *sent && matches!(frame, ClientFrame::Call { .. });
            !is_signal(frame) && !rang && (same_session || !is_of_session(frame))
        });
    }

    /// Everything kept, to be said again now.
    pub(super) fn send_all(&mut self) -> impl Iterator<Item = ClientFrame> {
        self.0.iter_mut().map(|kept| {
            kept.sent = true;
            kept.frame.clone()
        })
    }
}

fn is_signal(frame: &ClientFrame) -> bool {
    matches!(frame, ClientFrame::Signal { .. })
}

fn is_of_session(frame: &ClientFrame) -> bool {
    matches!(frame, ClientFrame::Leave { .. } | ClientFrame::End { .. } | ClientFrame::MediaState { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_protocol::{NegotiateReason, Signal};

    fn other(id: u32) -> ClientFrame {
        ClientFrame::IceServers { id: CommandId(id) }
    }

    fn signal(id: u32) -> ClientFrame {
        ClientFrame::Signal {
            id: CommandId(id),
            call: "0000ca11-0000-4000-8000-000000000001".parse().unwrap(),
            to: "0000b0b0-0000-4000-8000-000000000002".parse().unwrap(),
            to_incarnation: 1,
            signal: Signal::Negotiate { connection: None, generation: 0, reason: NegotiateReason::NoOffer },
        }
    }

    #[test]
    fn a_full_outbox_drops_signals_and_then_what_comes() {
        let most = u32::try_from(OUTBOX_FRAMES_MAX).unwrap();
        let mut outbox = Outbox::default();
        for id in 1..=most {
            assert_eq!(outbox.keep(if id % 2 == 0 { signal(id) } else { other(id) }, true), 0);
        }
        assert_eq!(outbox.keep(signal(most + 1), true), OUTBOX_FRAMES_MAX / 2 + 1);
        assert!(outbox.send_all().all(|kept| !is_signal(&kept)));
        for id in most + 2.. {
            if outbox.keep(other(id), true) > 0 {
                break;
            }
        }
        assert_eq!(outbox.send_all().count(), OUTBOX_FRAMES_MAX);
    }

    #[test]
    fn what_is_acknowledged_is_not_said_again() {
        let mut outbox = Outbox::default();
        for id in 1..=5 {
            outbox.keep(if id == 4 { signal(id) } else { other(id) }, true);
        }
        outbox.acknowledged(CommandId(2));
        assert!(!outbox.holds(CommandId(2)) && outbox.holds(CommandId(3)));
        outbox.new_epoch(true);
        assert_eq!(outbox.send_all().collect::<Vec<_>>(), [other(3), other(5)]);
    }

    #[test]
    fn a_call_that_may_have_rung_is_not_made_twice() {
        let call = |id| ClientFrame::Call {
            id: CommandId(id),
            to: "00000011-0000-4000-8000-000000000002".parse().unwrap(),
            media: holdfast_protocol::MediaState::default(),
        };
        let mut outbox = Outbox::default();
        outbox.keep(call(1), true);
        outbox.keep(call(2), false);
        outbox.new_epoch(true);
        assert_eq!(outbox.send_all().collect::<Vec<_>>(), [call(2)]);
        outbox.new_epoch(true);
        assert_eq!(outbox.send_all().count(), 0, "by now it was sent");
    }
}
