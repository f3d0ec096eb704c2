//! Two peer connections without hub or peer library: shows that the network carries ICE, DTLS and SCTP, and that a
//! run repeats. When this fails, look at `net`; when only the others fail, look above it.

use crate::{
    log::EventLog,
    net::{Host, LinkProfile, Network},
};
use bytes::BytesMut;
use rtc::{
    ice::mdns::MulticastDnsMode, peer_connection::configuration::setting_engine::SettingEngineBuilder,
};
use std::{net::IpAddr, sync::Arc, time::Duration};
use tokio::{sync::watch, time::timeout};
use webrtc::{
    data_channel::{DataChannel, DataChannelEvent, RTCDataChannelInit},
    peer_connection::{
        PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState,
        RTCPeerConnectionState,
    },
};

const MESSAGES: u32 = 50;
const PATIENCE: Duration = Duration::from_mins(2);
/// Both sides make the channel with this id, so nothing about it is negotiated.
const CHANNEL_ID: u16 = 0;

/// Connects the two, sends messages one way, then takes the path away.
pub(super) async fn run(seed: u64, log: EventLog) -> (Network, Result<(), String>) {
    let profile = LinkProfile {
        latency: Duration::from_millis(20),
        jitter: Duration::from_millis(20),
        ..LinkProfile::default()
    };
    let network = Network::new(seed, profile, Duration::from_millis(20));
    let result = timeout(PATIENCE, Box::pin(call(&network, &log))).await;
    (network, result.unwrap_or_else(|_| Err("the call did not end".to_owned())))
}

async fn call(network: &Network, log: &EventLog) -> Result<(), String> {
    let (a, b) = (IpAddr::from([127, 7, 1, 1]), IpAddr::from([127, 7, 1, 2]));
    let offerer = Side::new("offerer", network.host(a), log).await?;
    let answerer = Side::new("answerer", network.host(b), log).await?;

    let offer = describe(offerer.pc.create_offer(None).await)?;
    describe(offerer.pc.set_local_description(offer).await)?;
    describe(answerer.pc.set_remote_description(offerer.gathered().await?).await)?;
    let answer = describe(answerer.pc.create_answer(None).await)?;
    describe(answerer.pc.set_local_description(answer).await)?;
    describe(offerer.pc.set_remote_description(answerer.gathered().await?).await)?;
    wait(&offerer.seen, |seen| seen.open).await?;

    // From here on the path is bad: the channel is reliable and mends it.
    network.edit_path(a, b, |path| path.loss = 0.1);
    for number in 0..MESSAGES {
        describe(offerer.channel.send(BytesMut::from(&number.to_be_bytes()[..])).await)?;
    }
    wait(&answerer.seen, |seen| seen.messages == MESSAGES).await?;

    network.edit_path(a, b, |path| path.blackhole = true);
    wait(&answerer.seen, |seen| seen.state == RTCPeerConnectionState::Disconnected).await?;
    network.edit_path(a, b, |path| path.blackhole = false);
    wait(&answerer.seen, |seen| seen.state == RTCPeerConnectionState::Connected).await
}

struct Side {
    pc: Arc<dyn PeerConnection>,
    channel: Arc<dyn DataChannel>,
    seen: watch::Receiver<Seen>,
}

/// What the callbacks told.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    gathered: bool,
    open: bool,
    state: RTCPeerConnectionState,
    messages: u32,
}

struct Callbacks {
    name: &'static str,
    log: EventLog,
    seen: Arc<watch::Sender<Seen>>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Callbacks {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        self.seen.send_modify(|seen| seen.gathered = state == RTCIceGatheringState::Complete);
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.log.say(self.name, state);
        self.seen.send_modify(|seen| seen.state = state);
    }
}

impl Side {
    async fn new(name: &'static str, host: Host, log: &EventLog) -> Result<Self, String> {
        let (sender, seen) = watch::channel(Seen::default());
        let sender = Arc::new(sender);
        let handler = Callbacks { name, log: log.clone(), seen: sender.clone() };
        let settings =
            SettingEngineBuilder::new().with_multicast_dns_mode(MulticastDnsMode::Disabled).build();
        let builder = PeerConnectionBuilder::new()
            .with_setting_engine(settings)
            .with_handler(Arc::new(handler))
            .with_runtime(host.runtime())
            .with_udp_addrs(vec![format!("{}:5000", host.ip())]);
        let pc: Arc<dyn PeerConnection> = Arc::new(describe(Box::pin(builder.build()).await)?);
        let init = RTCDataChannelInit { negotiated: Some(CHANNEL_ID), ..RTCDataChannelInit::default() };
        let channel = describe(pc.create_data_channel("bare", Some(init)).await)?;
        host.spawn(listen(name, log.clone(), channel.clone(), sender));
        Ok(Self { pc, channel, seen })
    }

    /// The local description with all candidates in it.
    async fn gathered(&self) -> Result<webrtc::peer_connection::RTCSessionDescription, String> {
        wait(&self.seen, |seen| seen.gathered).await?;
        self.pc.local_description().await.ok_or_else(|| "there is no local description".to_owned())
    }
}

async fn listen(name: &str, log: EventLog, channel: Arc<dyn DataChannel>, seen: Arc<watch::Sender<Seen>>) {
    while let Some(event) = channel.poll().await {
        match event {
            DataChannelEvent::OnOpen => seen.send_modify(|seen| seen.open = true),
            DataChannelEvent::OnMessage(message) => {
                log.say(name, format_args!("message {:?}", &message.data[..]));
                seen.send_modify(|seen| seen.messages += 1);
            }
            _ => {}
        }
    }
}

async fn wait(seen: &watch::Receiver<Seen>, ready: impl FnMut(&Seen) -> bool) -> Result<(), String> {
    describe(seen.clone().wait_for(ready).await.map(|_| ()))
}

fn describe<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}
