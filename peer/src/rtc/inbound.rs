//! One received section: from the crate's RTP packets to whole frames, and requests for key frames back.

use super::{Shared, outbound};
use crate::media::{
    Frame, Section, assembler::Assembler, reorder::Ordered, reorder::Reorder, rtp::RtpPacket,
};
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use std::sync::Arc;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};

/// How long a missing packet is waited for: a retransmission takes one round trip, and audio has none.
const VIDEO_WAIT_MS: u64 = 300;
const AUDIO_WAIT_MS: u64 = 60;

/// Runs until the track ends.
pub(super) async fn receive(track: Arc<dyn TrackRemote>, shared: Arc<Shared>) {
    let Some(section) = section_of(&track, &shared).await else {
        tracing::warn!("a track that belongs to no media section");
        return;
    };
    let clock = shared.inlet.clock();
    let mut stream = Stream::new(section);
    loop {
        let wake_ms = stream.wake_ms();
        tokio::select! {
            biased;
            event = track.poll() => match event {
                Some(TrackRemoteEvent::OnRtpPacket(packet)) => stream.packet(&shared, packet),
                Some(TrackRemoteEvent::OnRtcpPacket(packets)) => outbound::feedback(&shared, &packets),
                Some(_) => {}
                None => return,
            },
            () = shared.key_frame_requests[section.index()].notified() => stream.ask = true,
            () = clock.until(wake_ms) => {}
        }
        stream.drain(&shared);
        if let Some(media_ssrc) = stream.asks_key_frame(&shared) {
            shared.inlet.counters(section).key_frame_requests_sent.add(1);
            let request = PictureLossIndication { sender_ssrc: 0, media_ssrc };
            if track.write_rtcp(vec![Box::new(request)]).await.is_err() {
                return;
            }
        }
    }
}

/// The section whose receiver carries `track`, by its mid in the descriptions.
async fn section_of(track: &Arc<dyn TrackRemote>, shared: &Shared) -> Option<Section> {
    let pc = shared.pc.get()?.upgrade()?;
    for transceiver in pc.get_transceivers().await {
        let Ok(Some(receiver)) = transceiver.receiver().await else { continue };
        if Arc::ptr_eq(receiver.track(), track) {
            let mid = transceiver.mid().await.ok()??;
            let mids = shared.mids.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let place = mids.iter().position(|known| *known == mid)?;
            return Section::ALL.get(place).copied();
        }
    }
    None
}

struct Stream {
    section: Section,
    ssrc: Option<u32>,
    reorder: Reorder,
    assembler: Assembler,
    /// The application wants a key frame.
    ask: bool,
}

impl Stream {
    fn new(section: Section) -> Self {
        let wait_ms = if section.is_video() { VIDEO_WAIT_MS } else { AUDIO_WAIT_MS };
        Self {
            section,
            ssrc: None,
            reorder: Reorder::new(wait_ms),
            assembler: Assembler::default(),
            ask: false,
        }
    }

    fn packet(&mut self, shared: &Shared, packet: rtc::rtp::Packet) {
        // A section has one stream; another SSRC is the sender's track replaced.
        if self.ssrc != Some(packet.header.ssrc) {
            *self = Self { ssrc: Some(packet.header.ssrc), ask: self.ask, ..Self::new(self.section) };
        }
        let counters = shared.inlet.counters(self.section);
        counters.packets_received.add(1);
        counters.bytes_received.add(packet.payload.len() as u64);
        let packet = RtpPacket {
            sequence: packet.header.sequence_number,
            timestamp_ticks: packet.header.timestamp,
            marker: packet.header.marker,
            payload: packet.payload,
        };
        self.reorder.push(shared.inlet.clock().now_ms(), packet);
    }

    fn drain(&mut self, shared: &Shared) {
        let now_ms = shared.inlet.clock().now_ms();
        let counters = shared.inlet.counters(self.section);
        while let Some(next) = self.reorder.pop(now_ms) {
            if let Ordered::Lost { packets } = &next {
                counters.packets_lost.add(*packets);
            }
            let frame =
                if self.section.is_video() { self.assembler.push(now_ms, next) } else { opus_frame(next) };
            if let Some(frame) = frame {
                shared.inlet.frame(self.section, frame);
            }
        }
        counters.frames_dropped.add(self.assembler.take_dropped());
    }

    fn wake_ms(&self) -> Option<u64> {
        let request_ms = self.assembler.request_due_ms().filter(|_| self.section.is_video());
        self.reorder.deadline_ms().into_iter().chain(request_ms).min()
    }

    /// The stream to ask, when it is time to.
    fn asks_key_frame(&mut self, shared: &Shared) -> Option<u32> {
        let now_ms = shared.inlet.clock().now_ms();
        let ask = self.section.is_video()
            && (self.assembler.asks_key_frame(now_ms) || std::mem::take(&mut self.ask));
        self.ssrc.filter(|_| ask)
    }
}

/// Every packet of Opus is a frame; an empty one is a keep-alive.
fn opus_frame(next: Ordered) -> Option<Frame> {
    match next {
        Ordered::Packet(packet) if !packet.payload.is_empty() => {
            Some(Frame { data: packet.payload, timestamp_ticks: packet.timestamp_ticks, key: true })
        }
        _ => None,
    }
}
