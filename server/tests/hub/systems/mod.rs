//! What of the five systems shows on real sockets only: connections that are half open, and the call log over HTTP with
//! each outage and its cause. The lines of each system, with their real numbers, are in `tests/suites/systems/`.

mod causes;
mod half_open;

use crate::support::{Client, TestHub, config, ms, soon};
use holdfast_protocol::{
    CallId, DisconnectPolicy, HubFrame, LoggedCall, ParticipantId, PolicyPreset, Secret, Welcome,
};
use holdfast_server::Config;
use std::net::SocketAddr;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

const TOKEN: &str = "correct-horse-battery";
/// Silence after which a socket is taken for dead, where that is what matters: longer than a busy machine stands still.
const SILENCE_MS: u64 = 2_000;
/// How long somebody may be away: long enough to come back on a busy machine.
const AWAY_MS: u64 = 8_000;

/// Both kinds of call under the preset, away for at most so long.
fn short(preset: PolicyPreset, away_ms: u64) -> Config {
    let policy = DisconnectPolicy { away_ms, all_away_ms: away_ms, ..preset.policy() };
    let mut config = Config { room_policy: policy, direct_policy: policy, ..config() };
    config.api.admin_token = Some(Secret::new(TOKEN));
    config
}

/// The same, and whoever is silent is soon taken for dead.
fn strict(preset: PolicyPreset, away_ms: u64) -> Config {
    let (heartbeat_interval, heartbeat_timeout) = (ms(SILENCE_MS / 4), ms(SILENCE_MS));
    Config { heartbeat_interval, heartbeat_timeout, ..short(preset, away_ms) }
}

/// A way to the hub that can be blocked: then nothing comes through, and nobody is told.
struct Way {
    address: SocketAddr,
    blocked: watch::Sender<bool>,
}

impl Way {
    async fn to(hub: &TestHub) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, hub) = (listener.local_addr().unwrap(), hub.address);
        let blocked = watch::Sender::new(false);
        let state = blocked.subscribe();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(hub).await.unwrap();
                tokio::spawn(carry(near, far, state.clone()));
            }
        });
        Self { address, blocked }
    }

    fn block(&self, blocked: bool) {
        self.blocked.send_replace(blocked);
    }

    /// A client that comes this way, its session new or taken up again.
    async fn client(&self) -> Client {
        Client::connect(self.address, 1, &[]).await.unwrap()
    }
}

/// Carries both ways until one end closes. While it is blocked nothing is read from either end.
async fn carry(mut near: TcpStream, mut far: TcpStream, mut blocked: watch::Receiver<bool>) {
    loop {
        if blocked.wait_for(|blocked| !blocked).await.is_err() {
            return;
        }
        tokio::select! {
            _ = blocked.wait_for(|blocked| *blocked) => {}
            _ = copy_bidirectional(&mut near, &mut far) => return,
        }
    }
}

/// Answers heartbeats until there is something else to hear.
async fn hears(client: &mut Client) -> HubFrame {
    soon("news", async {
        loop {
            client.send(holdfast_protocol::ClientFrame::Heartbeat).await;
            match client.next().await {
                HubFrame::HeartbeatAck => tokio::time::sleep(ms(100)).await,
                other => break other,
            }
        }
    })
    .await
}

async fn hears_of_absence(client: &mut Client, of: ParticipantId) {
    match hears(client).await {
        HubFrame::PeerDisconnected { participant, .. } if participant == of => {}
        other => panic!("not away: {other:?}"),
    }
}

async fn hears_of_return(client: &mut Client, of: ParticipantId) {
    match hears(client).await {
        HubFrame::PeerReconnected { participant, .. } if participant == of => {}
        other => panic!("not back: {other:?}"),
    }
}

/// One call of the log, as the operator sees it.
async fn logged(hub: &TestHub, call: CallId) -> LoggedCall {
    let ask = format!("GET /api/calls/{call} HTTP/1.1\r\nauthorization: Bearer {TOKEN}");
    let (status, _, body) = hub.http(&ask).await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

/// Two in a room: one who stays, and one who came by a way that can be blocked.
struct Two {
    ada: Client,
    bob: Client,
    bobs: Welcome,
    call: CallId,
    place: ParticipantId,
}

async fn two(hub: &TestHub, way: &Way) -> Two {
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let mut bob = way.client().await;
    let bobs = bob.hello("Bob", None, None).await;
    let call = bob.join("team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    Two { ada, bob, bobs, call: call.id, place: call.you }
}
