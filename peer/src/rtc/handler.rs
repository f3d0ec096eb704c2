//! The crate's callbacks. They run on the connection's driver, so they only note, push, or start a task.

use super::{RtcEvent, Shared, inbound};
use crate::recovery::IceState;
use async_trait::async_trait;
use holdfast_protocol::IceCandidate;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use webrtc::{
    media_stream::track_remote::TrackRemote,
    peer_connection::{
        PeerConnectionEventHandler, RTCIceConnectionState, RTCPeerConnectionIceErrorEvent,
        RTCPeerConnectionIceEvent, RTCPeerConnectionState,
    },
};

/// Whether anything may be written. Media written into a long outage desynchronises SRTP for good, and a data channel
/// backs off far beyond it.
#[derive(Debug, Default)]
pub(super) struct Gate {
    ice: AtomicBool,
    /// Once up, DTLS stays up.
    dtls: AtomicBool,
    closed: AtomicBool,
}

impl Gate {
    pub(super) fn is_open(&self) -> bool {
        let is = |flag: &AtomicBool| flag.load(Ordering::Acquire);
        is(&self.ice) && is(&self.dtls) && !is(&self.closed)
    }

    /// For good, by one's own wish.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

pub(super) struct Handler(pub(super) Arc<Shared>);

#[async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        match event.candidate.to_json() {
            Ok(candidate) => self.0.report(RtcEvent::Candidate(IceCandidate {
                candidate: candidate.candidate,
                // All sections share one transport; the first one names it.
                sdp_mid: None,
                sdp_mline_index: Some(0),
                username_fragment: None,
            })),
            Err(error) => tracing::warn!(%error, "a local candidate cannot be sent"),
        }
    }

    async fn on_ice_candidate_error(&self, event: RTCPeerConnectionIceErrorEvent) {
        tracing::debug!(url = %event.url, code = event.error_code, "a STUN or TURN server gave no candidate");
    }

    async fn on_ice_connection_state_change(&self, state: RTCIceConnectionState) {
        let state = match state {
            RTCIceConnectionState::Checking => IceState::Checking,
            RTCIceConnectionState::Connected => IceState::Connected,
            RTCIceConnectionState::Completed => IceState::Completed,
            RTCIceConnectionState::Disconnected => IceState::Disconnected,
            RTCIceConnectionState::Failed => IceState::Failed,
            RTCIceConnectionState::Closed => IceState::Closed,
            _ => IceState::New,
        };
        let connected = matches!(state, IceState::Connected | IceState::Completed);
        self.0.gate.ice.store(connected, Ordering::Release);
        if !connected || self.0.gate.dtls.load(Ordering::Acquire) {
            self.0.report(RtcEvent::Ice(state));
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        match state {
            RTCPeerConnectionState::Connected
                if !self.0.gate.dtls.swap(true, Ordering::AcqRel)
                    && self.0.gate.ice.load(Ordering::Acquire) =>
            {
                self.0.report(RtcEvent::Ice(IceState::Connected));
            }
            // DTLS failed, which ICE knows nothing of.
            RTCPeerConnectionState::Failed if self.0.gate.ice.load(Ordering::Acquire) => {
                self.0.report(RtcEvent::Lost);
            }
            _ => {}
        }
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        self.0.environment.spawn(inbound::receive(track, self.0.clone())).detach();
    }
}
