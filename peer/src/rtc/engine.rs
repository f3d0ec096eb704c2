//! How every connection is configured. Each setting answers something that was measured (`docs/`, "webrtc notes").

use super::{CONTROL_BYTES_MAX, RtcError, handler::Handler, tap::RtcpTap};
use crate::{
    environment::Environment,
    media::{opus, vp8},
};
use holdfast_protocol::IceConfig;
use rtc::{
    ice::mdns::MulticastDnsMode,
    interceptor::Registry,
    peer_connection::configuration::{
        interceptor_registry::{Slot, register_default_interceptors},
        media_engine::{MIME_TYPE_OPUS, MIME_TYPE_VP8, MediaEngine},
    },
    rtp_transceiver::rtp_sender::{RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RtpCodecKind},
};
use std::{sync::Arc, time::Duration};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, RTCConfiguration, RTCConfigurationBuilder, RTCIceServer,
    SettingEngine, SettingEngineBuilder,
};

/// ICE checks of one candidate pair, 200 ms apart: 400 s. With the crate's own 7 a pair dies in 1.4 s, and a restart
/// issued during an outage never connects.
const CHECK_INTERVAL: Duration = Duration::from_millis(200);
const CHECKS_MAX: u16 = 2_000;
/// Behind every interceptor of the crate, so that they have acted on what it passes on.
const TAP_SLOT: usize = 14_000;

pub(super) async fn build(
    environment: &Environment,
    ice: &IceConfig,
    handler: Arc<Handler>,
) -> Result<Arc<dyn PeerConnection>, RtcError> {
    let mut engine = MediaEngine::default();
    for (kind, payload_type) in [(RtpCodecKind::Video, 96), (RtpCodecKind::Audio, 111)] {
        // Without RTX: the crate unwraps it too late and asks for every packet again.
        let parameters = RTCRtpCodecParameters { rtp_codec: codec(kind), payload_type };
        engine.register_codec(parameters, kind)?;
    }
    let registry = register_default_interceptors(Registry::new(), &mut engine)?;
    let registry = registry.with(Slot::from(TAP_SLOT), RtcpTap::default());
    let pc = PeerConnectionBuilder::new()
        .with_configuration(configuration(ice))
        .with_media_engine(engine)
        .with_setting_engine(settings())
        .with_interceptor_registry(registry)
        .with_handler(handler)
        .with_runtime(environment.runtime.clone())
        .with_udp_addrs(environment.addresses.for_connection())
        .with_data_channel_send_buffer_limit(CONTROL_BYTES_MAX)
        .build();
    // Boxed: the future is large.
    Ok(Arc::new(Box::pin(pc).await?))
}

/// The codec of every section of a kind.
pub(super) fn codec(kind: RtpCodecKind) -> RTCRtpCodec {
    let feedback = |typ: &str, parameter: &str| RTCPFeedback { typ: typ.into(), parameter: parameter.into() };
    match kind {
        RtpCodecKind::Video => RTCRtpCodec {
            mime_type: MIME_TYPE_VP8.into(),
            clock_rate: vp8::TICKS_PER_SECOND,
            channels: 0,
            sdp_fmtp_line: String::new(),
            rtcp_feedback: vec![feedback("ccm", "fir"), feedback("nack", ""), feedback("nack", "pli")],
        },
        _ => RTCRtpCodec {
            mime_type: MIME_TYPE_OPUS.into(),
            clock_rate: opus::TICKS_PER_SECOND,
            channels: 2,
            sdp_fmtp_line: "minptime=10;useinbandfec=1".into(),
            rtcp_feedback: vec![],
        },
    }
}

fn settings() -> SettingEngine {
    SettingEngineBuilder::new()
        .with_ice_connection_attempts(Some(CHECK_INTERVAL), Some(CHECKS_MAX))
        // Else a new address never connects and new TURN credentials re-sign the old allocation.
        .with_discard_local_candidates_during_ice_restart(true)
        // A check that overtakes the signaling of its candidate shows a direct path, not one to hesitate about: by
        // default the side that offers waits a second before it takes it.
        .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        .with_include_loopback_candidate(true)
        .build()
}

/// The servers that the crate can use: it has no TURN over TCP or TLS, and one such URL ends its gathering empty.
pub(super) fn configuration(ice: &IceConfig) -> RTCConfiguration {
    let servers = ice
        .servers
        .iter()
        .map(|server| RTCIceServer {
            urls: server.urls.iter().filter(|url| is_supported(url)).cloned().collect(),
            username: server.username.clone().unwrap_or_default(),
            credential: server
                .credential
                .as_ref()
                .map(|secret| secret.expose().to_owned())
                .unwrap_or_default(),
        })
        .filter(|server| !server.urls.is_empty())
        .collect();
    RTCConfigurationBuilder::default().with_ice_servers(servers).build()
}

fn is_supported(url: &str) -> bool {
    url.starts_with("stun:") || (url.starts_with("turn:") && !url.ends_with("transport=tcp"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_servers_over_udp_are_used() {
        let file = include_str!("../../../tests/vectors/wire/hub/ice-servers.json");
        let ice: IceConfig =
            serde_json::from_value(serde_json::from_str::<serde_json::Value>(file).unwrap()["ice"].clone())
                .unwrap();
        let configuration = configuration(&ice);
        let urls: Vec<_> =
            configuration.ice_servers().iter().flat_map(|server| server.urls.clone()).collect();
        assert_eq!(urls, ["stun:turn.example.org:3478", "turn:turn.example.org:3478?transport=udp"]);
    }
}
