//! What comes in from one connection, on its way to the application; never waits, save for messages.

use super::counters::{PairCounters, SectionCounters};
use crate::{
    environment::Clock,
    event::Received,
    media::{Frame, Section},
    received::ReceivedSink,
};
use bytes::Bytes;
use holdfast_protocol::{ConnectionId, ParticipantId};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tokio::sync::Notify;

/// Wakes the players of a section when any receiver needs a key frame.
pub type KeyFrameWishes = Arc<[Notify; 4]>;

/// The application's side of one connection.
pub struct Inlet {
    participant: ParticipantId,
    connection: ConnectionId,
    clock: Clock,
    counters: Arc<PairCounters>,
    received: ReceivedSink,
    wishes: KeyFrameWishes,
    /// The SSRCs of the sent sections.
    ssrcs: [AtomicU32; 4],
}

impl Inlet {
    /// The inlet of one connection with `participant`.
    pub(crate) fn new(
        participant: ParticipantId,
        connection: ConnectionId,
        clock: Clock,
        counters: Arc<PairCounters>,
        received: ReceivedSink,
        wishes: KeyFrameWishes,
    ) -> Self {
        Self { participant, connection, clock, counters, received, wishes, ssrcs: Default::default() }
    }

    /// The client's clock.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The numbers of a section.
    pub fn counters(&self, section: Section) -> &SectionCounters {
        self.counters.section(section)
    }

    /// A frame is complete.
    pub fn frame(&self, section: Section, frame: Frame) {
        let at_ms = self.clock.now_ms();
        let counters = self.counters(section);
        counters.frames_received.add(1);
        counters.key_frames_received.add(u64::from(frame.key));
        counters.last_received_ms.set(at_ms);
        let (participant, connection) = (self.participant, self.connection);
        let frame = Received::Frame { participant, connection, section, at_ms, frame };
        if self.received.offer(frame).is_err() {
            counters.frames_not_taken.add(1);
        }
    }

    /// A message came on the control channel; waits for room, and so holds back the sender, but not for ever.
    pub async fn control(&self, message: Bytes) {
        let participant = self.participant;
        if self.received.insist(Received::Control { participant, message }).await.is_err() {
            tracing::warn!(%participant, "a message was dropped: the application does not read what is received");
        }
    }

    /// The sent section `section` has this SSRC.
    pub fn sends(&self, section: Section, ssrc: u32) {
        self.ssrcs[section.index()].store(ssrc, Ordering::Release);
    }

    fn sent(&self, ssrc: u32) -> Option<Section> {
        Section::ALL.into_iter().find(|section| self.ssrcs[section.index()].load(Ordering::Acquire) == ssrc)
    }

    /// The other side asks for a key frame.
    pub fn key_frame_requested(&self, ssrc: u32) {
        if let Some(section) = self.sent(ssrc) {
            self.counters(section).key_frame_requests_received.add(1);
            self.key_frame_wanted(section);
        }
    }

    /// The next frame sent should be a key frame. Said often; a full queue loses nothing that is not said again.
    pub fn key_frame_wanted(&self, section: Section) {
        self.wishes[section.index()].notify_waiters();
        let _ = self.received.offer(Received::KeyFrameWanted { participant: self.participant, section });
    }

    /// The other side reports the last sequence number that arrived there.
    pub fn arrived(&self, ssrc: u32, sequence: u32) {
        if let Some(section) = self.sent(ssrc) {
            let counters = self.counters(section);
            if counters.last_arrived.get() != u64::from(sequence) {
                counters.last_arrived.set(u64::from(sequence));
                counters.last_arrived_ms.set(self.clock.now_ms());
            }
        }
    }
}
