//! What the tests of whole clients share: a small hub in memory, a path that can break, and a bot with its streams.

mod hub;
mod path;

pub(crate) use hub::TestHub;
pub(crate) use path::Path;

use holdfast_peer::{
    Client, Environment, Event, Options, Playing, Received, Stamped, Streams,
    environment::LocalAddresses,
    media::{Clip, Section},
};
use holdfast_protocol::{DisplayName, Entropy, MediaState, ParticipantId, RoomName};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use webrtc::runtime::TokioRuntime;

/// Far beyond what anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Not random, but different each time, in every test of the process.
pub(crate) struct Counting;

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let mut state = NEXT.fetch_add(1, Ordering::Relaxed);
        for byte in bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = state.to_be_bytes()[0];
        }
    }
}

struct Loopback;

impl LocalAddresses for Loopback {
    fn for_connection(&self) -> Vec<SocketAddr> {
        vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))]
    }
}

/// A client and what it says.
pub(crate) struct Bot {
    pub(crate) client: Client,
    pub(crate) streams: Streams,
    /// Every event so far.
    pub(crate) seen: Vec<Stamped>,
}

pub(crate) fn environment(hub: &TestHub) -> Environment {
    Environment {
        runtime: Arc::new(TokioRuntime),
        dial: Arc::new(hub.clone()),
        entropy: Arc::new(Counting),
        addresses: Arc::new(Loopback),
    }
}

pub(crate) fn room() -> RoomName {
    RoomName::new("test").unwrap()
}

pub(crate) const AUDIO_AND_CAMERA: MediaState =
    MediaState { audio: true, camera: true, screen: false, screen_audio: false };

impl Bot {
    pub(crate) async fn connect(hub: &TestHub, name: &str) -> Self {
        let options = Options::new("ws://hub/ws", DisplayName::new(name).unwrap());
        let (client, streams) = Client::connect(environment(hub), options).await.unwrap();
        Self { client, streams, seen: vec![] }
    }

    /// Plays a picture and a sound to everyone.
    pub(crate) fn play(&self) -> [Playing; 2] {
        [(Section::Camera, Clip::test_pattern()), (Section::Audio, Clip::tone())]
            .map(|(section, clip)| self.client.play(section, clip))
    }

    /// Connects and joins with a picture and a sound announced.
    pub(crate) async fn join(hub: &TestHub, name: &str) -> Self {
        let bot = Self::connect(hub, name).await;
        bot.client.join(room(), AUDIO_AND_CAMERA).await.unwrap();
        bot
    }

    /// The next event for which `wanted` finds something; those before it are kept in `seen`.
    pub(crate) async fn event<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> T {
        let search = async {
            loop {
                let event = self.streams.events.recv().await.expect("the client has ended");
                let found = wanted(&event.event);
                self.seen.push(event);
                if let Some(found) = found {
                    return found;
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, search).await;
        found.unwrap_or_else(|_| panic!("it did not come; seen: {:#?}", self.seen))
    }

    /// Takes every event there is by now.
    pub(crate) fn catch_up(&mut self) {
        while let Ok(event) = self.streams.events.try_recv() {
            self.seen.push(event);
        }
    }

    /// The next thing received for which `wanted` finds something.
    pub(crate) async fn received<T>(&mut self, wanted: impl Fn(Received) -> Option<T>) -> T {
        let search = async {
            loop {
                if let Some(found) = wanted(self.streams.received.recv().await.expect("the client has ended"))
                {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("it did not come")
    }

    /// Waits until media flows both ways with someone; says with whom.
    pub(crate) async fn media_flows(&mut self) -> ParticipantId {
        self.event(|event| match event {
            Event::Media { participant, flow: holdfast_peer::pair::Flow::Both } => Some(*participant),
            _ => None,
        })
        .await
    }

    /// How many events so far are of that kind.
    pub(crate) fn count(&self, kind: impl Fn(&Event) -> bool) -> usize {
        self.seen.iter().filter(|event| kind(&event.event)).count()
    }
}
