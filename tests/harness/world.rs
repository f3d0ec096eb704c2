//! A simulated world: a network and a hub. Its clients are in `bot`.

use crate::{
    clock::VirtualClock,
    entropy::SeededEntropy,
    log::EventLog,
    net::{Host, LinkProfile, Network},
    store::FragileStore,
};
use holdfast_protocol::{Entropy, Secret};
use holdfast_server::{Config, HubKey, Shutdown};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

/// The hub's address. Clients are hosts 2, 3 and so on of the same network.
const HUB_HOST: u8 = 1;
const HUB_PORT: u16 = 80;
/// The operator's token of the hub.
pub const ADMIN_TOKEN: &str = "the-operator-of-this-world";
/// What a TCP segment takes each way.
const TCP_LATENCY: Duration = Duration::from_millis(20);

/// One world, made from one seed.
pub struct World {
    /// What happened in it.
    pub log: EventLog,
    /// Its network, to be harmed.
    pub network: Network,
    /// The hub's wall clock.
    pub clock: VirtualClock,
    /// What outlives the hub.
    pub store: Arc<FragileStore>,
    seed: u64,
}

impl World {
    /// An empty world whose UDP paths begin with `profile`.
    pub fn new(seed: u64, profile: LinkProfile, log: EventLog) -> Self {
        let network = Network::new(seed, profile, TCP_LATENCY);
        Self { log, network, clock: VirtualClock::start(), store: Arc::default(), seed }
    }

    /// The machine with this number.
    pub fn host(&self, number: u8) -> Host {
        self.network.host(IpAddr::from([127, 7, 0, number]))
    }

    /// The hub's address.
    pub fn hub_address(&self) -> SocketAddr {
        SocketAddr::from(([127, 7, 0, HUB_HOST], HUB_PORT))
    }

    /// Random bytes of one party.
    pub fn entropy(&self, party: &str) -> Arc<dyn Entropy> {
        Arc::new(SeededEntropy::new(self.seed, party))
    }

    /// Starts the hub. Started again after a crash it has the same key and the same store; `life` counts its
    /// starts, so that it does not make the same ids again.
    pub fn start_hub(&self, life: u32) -> Hub {
        self.start_hub_with(life, Config::default())
    }

    /// The same with settings of its own.
    pub fn start_hub_with(&self, life: u32, config: Config) -> Hub {
        let host = self.host(HUB_HOST);
        let key = HubKey::generate(&*self.entropy("hub-key"));
        let mut config = Config { hub_key: Some(key), ..config };
        config.store.given = Some(self.store.clone());
        config.api.admin_token = Some(Secret::new(ADMIN_TOKEN));
        let (clock, entropy) = (Arc::new(self.clock.clone()), self.entropy(&format!("hub-{life}")));
        let (listener, shutdown) = (host.listen(HUB_PORT), Shutdown::default());
        let (log, stop) = (self.log.clone(), shutdown.clone());
        host.spawn(async move {
            log.say("hub", "starts");
            match holdfast_server::run(config, vec![listener], clock, entropy, stop).await {
                Ok(()) => log.say("hub", "has stopped"),
                Err(error) => log.say("hub", format_args!("could not start: {error}")),
            }
        });
        Hub { host, shutdown }
    }
}

/// A running hub.
pub struct Hub {
    /// The machine it runs on; crash it to kill the hub.
    pub host: Host,
    /// Asks it to stop in order.
    pub shutdown: Shutdown,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Probe;
    use holdfast_protocol::{HubFrame, LeaveReason, PolicyPreset, RoomName};

    /// The hub alone, with probes: no peer library and no media.
    #[tokio::test(start_paused = true)]
    async fn the_hub_lives_in_the_simulated_world() {
        let world = World::new(1, LinkProfile::default(), EventLog::new());
        let config = Config { room_policy: PolicyPreset::Event.policy(), ..Config::default() };
        let hub = world.start_hub_with(1, config);
        let room = RoomName::generate(&*world.entropy("room"));
        let connect = async |number, name| {
            Probe::connect(&world.host(number), world.hub_address(), name, &*world.entropy(name))
                .await
                .unwrap()
        };
        let (mut ann, mut bob) = (connect(2, "ann").await, connect(3, "bob").await);
        assert_eq!(ann.join(&room).await.unwrap().participants.len(), 1);
        let call = bob.join(&room).await.unwrap();
        assert_eq!(call.participants.len(), 2);
        assert!(matches!(ann.next().await.unwrap(), HubFrame::PeerJoined { .. }));

        // A lost socket is told at once, and its place is given up 30 s later.
        world.network.cut_tcp(world.host(3).ip(), world.host(HUB_HOST).ip());
        let HubFrame::PeerDisconnected { participant, ms_left, .. } = ann.next().await.unwrap() else {
            panic!("the others hear of it")
        };
        assert_eq!((participant, ms_left), (call.you, 30_000));
        let heartbeat = holdfast_protocol::ClientFrame::Heartbeat;
        ann.send(&heartbeat).await.unwrap();
        let gone = loop {
            match ann.next().await.unwrap() {
                HubFrame::HeartbeatAck => {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                    ann.send(&heartbeat).await.unwrap();
                }
                HubFrame::Ack { .. } => {}
                other => break other,
            }
        };
        let reason = LeaveReason::NetworkLost;
        assert_eq!(gone, HubFrame::PeerLeft { call: call.id, participant: call.you, reason });

        assert_eq!(ann.next().await.unwrap(), HubFrame::HeartbeatAck);
        hub.host.crash();
        assert!(ann.next().await.unwrap_err().contains("reset"));
    }
}
