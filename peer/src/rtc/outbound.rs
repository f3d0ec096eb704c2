//! The sent sections of one connection: frames wait in one short queue, are cut into packets and written, but only
//! while the connection is connected. What cannot be sent is dropped, and then video goes on with a key frame.

use super::{RtcError, Shared, engine::codec};
use crate::media::{Frame, Section, rtp::Packetizer};
use rtc::{
    media_stream::MediaStreamTrack,
    rtcp::{
        payload_feedbacks::{
            full_intra_request::FullIntraRequest, picture_loss_indication::PictureLossIndication,
        },
        receiver_report::ReceiverReport,
        sender_report::SenderReport,
    },
    rtp::{Packet, header::Header},
    rtp_transceiver::rtp_sender::{RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::mpsc;
use webrtc::{
    media_stream::track_local::{TrackLocal, TrackLocalEvent, static_rtp::TrackLocalStaticRTP},
    peer_connection::PeerConnection,
    rtp_transceiver::RtpSender,
};

/// Frames waiting for the connection's driver; more are dropped, since late media is worth nothing.
const FRAMES_MAX: usize = 64;

/// Where frames for one connection go.
#[derive(Clone)]
pub struct Outlet {
    queue: mpsc::Sender<(Section, Frame)>,
    shared: Arc<Shared>,
    /// Video sections whose next frame must be a key frame.
    needs_key: Arc<[AtomicBool; 4]>,
}

impl Outlet {
    /// Queues a frame if the connection is connected and the receiver can use it. Never waits.
    pub fn send(&self, section: Section, frame: Frame) {
        let needs_key = &self.needs_key[section.index()];
        let wanted = !section.is_video() || frame.key || !needs_key.load(Ordering::Acquire);
        if !self.shared.gate.is_open() {
            needs_key.store(true, Ordering::Release);
        } else if !wanted {
            self.shared.inlet.key_frame_wanted(section);
        } else if self.queue.try_send((section, frame)).is_ok() {
            needs_key.store(false, Ordering::Release);
        } else {
            needs_key.store(true, Ordering::Release);
            self.shared.inlet.counters(section).frames_not_sent.add(1);
        }
    }
}

/// The sending half of a connection.
pub(super) struct Outbound {
    outlet: Outlet,
}

impl Outbound {
    pub(super) fn outlet(&self) -> Outlet {
        self.outlet.clone()
    }
}

struct SentSection {
    ssrc: u32,
    track: Arc<TrackLocalStaticRTP>,
    sender: Arc<dyn RtpSender>,
    packetizer: Packetizer,
}

/// Adds the four tracks and starts their tasks, which end with the connection.
pub(super) async fn open(pc: &Arc<dyn PeerConnection>, shared: &Arc<Shared>) -> Result<Outbound, RtcError> {
    let entropy = &shared.environment.entropy;
    // Unlike the ids of the tracks received: the crate finds tracks of both directions by them.
    let stream = format!("{:016x}", u64::from_be_bytes(entropy.bytes()));
    let mut sections = Vec::with_capacity(Section::ALL.len());
    for section in Section::ALL {
        let kind = if section.is_video() { RtpCodecKind::Video } else { RtpCodecKind::Audio };
        let ssrc = u32::from_be_bytes(entropy.bytes()).max(1);
        let coding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
            codec: codec(kind),
            ..Default::default()
        };
        let id = format!("{stream}-{}", section.name());
        let track = MediaStreamTrack::new(stream.clone(), id, section.name().into(), kind, vec![coding]);
        let track = Arc::new(TrackLocalStaticRTP::new(track));
        let sender = pc.add_track(track.clone() as Arc<dyn TrackLocal>).await?;
        shared.inlet.sends(section, ssrc);
        shared.environment.spawn(read_feedback(track.clone(), shared.clone())).detach();
        let first_sequence = u16::from_be_bytes(entropy.bytes()) >> 1;
        let packetizer = Packetizer::new(section, first_sequence, u32::from_be_bytes(entropy.bytes()));
        sections.push(SentSection { ssrc, track, sender, packetizer });
    }
    let (queue, frames) = mpsc::channel(FRAMES_MAX);
    shared.environment.spawn(write(frames, sections, shared.clone())).detach();
    let needs_key = Arc::new(std::array::from_fn(|_| AtomicBool::new(true)));
    Ok(Outbound { outlet: Outlet { queue, shared: shared.clone(), needs_key } })
}

/// Writes frames until the connection is closed.
async fn write(
    mut frames: mpsc::Receiver<(Section, Frame)>,
    mut sections: Vec<SentSection>,
    shared: Arc<Shared>,
) {
    while let Some((section, frame)) = frames.recv().await {
        if shared.gate.is_closed() {
            return;
        }
        if !shared.gate.is_open() {
            continue;
        }
        let sent = &mut sections[section.index()];
        let Some(payload_type) = payload_type(&*sent.sender).await else { continue };
        let counters = shared.inlet.counters(section);
        for packet in sent.packetizer.packets(&frame) {
            counters.packets_sent.add(1);
            counters.bytes_sent.add(packet.payload.len() as u64);
            let header = Header {
                version: 2,
                marker: packet.marker,
                payload_type,
                sequence_number: packet.sequence,
                timestamp: packet.timestamp_ticks,
                ssrc: sent.ssrc,
                ..Default::default()
            };
            if sent.track.write_rtp(Packet { header, payload: packet.payload }).await.is_err() {
                tracing::debug!("a packet for a connection that is gone");
                break;
            }
        }
        counters.frames_sent.add(1);
    }
}

/// The payload type that the two sides agreed on.
async fn payload_type(sender: &dyn RtpSender) -> Option<u8> {
    let parameters = sender.get_parameters().await.ok()?;
    parameters.rtp_parameters.codecs.first().map(|codec| codec.payload_type)
}

async fn read_feedback(track: Arc<TrackLocalStaticRTP>, shared: Arc<Shared>) {
    while let Some(event) = track.poll().await {
        if let TrackLocalEvent::OnRtcpPacket(packets) = event {
            feedback(&shared, &packets);
        }
    }
}

/// Takes what the other side reports about what this side sends.
pub(super) fn feedback(shared: &Shared, packets: &[Box<dyn rtc::rtcp::Packet>]) {
    for packet in packets {
        let packet = packet.as_any();
        if let Some(request) = packet.downcast_ref::<PictureLossIndication>() {
            shared.inlet.key_frame_requested(request.media_ssrc);
        } else if let Some(request) = packet.downcast_ref::<FullIntraRequest>() {
            for entry in &request.fir {
                shared.inlet.key_frame_requested(entry.ssrc);
            }
        } else if let Some(report) = packet.downcast_ref::<ReceiverReport>() {
            report.reports.iter().for_each(|r| shared.inlet.arrived(r.ssrc, r.last_sequence_number));
        } else if let Some(report) = packet.downcast_ref::<SenderReport>() {
            report.reports.iter().for_each(|r| shared.inlet.arrived(r.ssrc, r.last_sequence_number));
        }
    }
}
