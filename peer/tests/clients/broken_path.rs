//! A path that is dead for longer than ICE bears: the pair restarts ICE and keeps its connection. And one that loses
//! packets.

use crate::support::{AUDIO_AND_CAMERA, Bot, Path, TestHub, environment, room};
use holdfast_peer::{
    Client, Event, Options, Received,
    environment::Environment,
    media::{Clip, Section},
    recovery::{IceState, PairState},
};
use holdfast_protocol::{DisplayName, NegotiateReason};
use std::sync::Arc;

async fn join(hub: &TestHub, path: &Path, name: &str) -> Bot {
    let environment = Environment { runtime: Arc::new(path.clone()), ..environment(hub) };
    let options = Options::new("ws://hub/ws", DisplayName::new(name).unwrap());
    let (client, streams) = Client::connect(environment, options).await.unwrap();
    client.join(room(), AUDIO_AND_CAMERA).await.unwrap();
    Bot { client, streams, seen: vec![] }
}

async fn state(bot: &mut Bot, wanted: PairState) {
    bot.event(|event| matches!(event, Event::PeerState { state, .. } if *state == wanted).then_some(()))
        .await;
}

#[tokio::test]
async fn ice_is_restarted_and_the_connection_kept() {
    let (hub, path) = (TestHub::new(6), Path::default());
    let (mut ada, mut bob) = (join(&hub, &path, "Ada").await, join(&hub, &path, "Bob").await);
    let _playing = [&ada, &bob].map(|bot| {
        [(Section::Camera, Clip::test_pattern()), (Section::Audio, Clip::tone())]
            .map(|(section, clip)| bot.client.play(section, clip))
    });
    ada.media_flows().await;
    bob.media_flows().await;

    path.set_broken(true);
    for bot in [&mut ada, &mut bob] {
        state(bot, PairState::Reconnecting).await;
    }
    let written = |bot: &Bot| {
        let client = bot.client.clone();
        async move { client.stats().await.unwrap()[0].sections[Section::Camera.index()].packets_sent }
    };
    // What was queued before the gate closed is out by the time the restart is due.
    let reason = ada
        .event(|event| match event {
            Event::RestartWanted { reason, .. } => Some(*reason),
            _ => None,
        })
        .await;
    assert!(matches!(reason, NegotiateReason::IceDisconnected | NegotiateReason::IceFailed), "{reason:?}");
    let before = written(&ada).await;
    bob.event(|event| matches!(event, Event::RestartWanted { .. }).then_some(())).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(written(&ada).await, before, "nothing is written into the void");

    path.set_broken(false);
    for bot in [&mut ada, &mut bob] {
        state(bot, PairState::Connected).await;
        bot.media_flows().await;
        assert_eq!(bot.count(|event| matches!(event, Event::ConnectionOpened { .. })), 1);
        assert_eq!(bot.count(|event| matches!(event, Event::RebuildWanted { .. })), 0);
        let ice = bot.count(|event| matches!(event, Event::Ice { state: IceState::Disconnected, .. }));
        assert!(ice >= 1, "it was ICE that noticed");
    }
    let restarts = |bot: &Bot| bot.count(|event| matches!(event, Event::Offered { ice_restart: true, .. }));
    assert!(restarts(&ada) + restarts(&bob) >= 1);
    assert!(restarts(&ada) == 0 || restarts(&bob) == 0, "one side makes every offer");
}

#[tokio::test]
async fn lost_packets_are_sent_again_and_what_arrives_decodes() {
    let (hub, path) = (TestHub::new(6), Path::default());
    let (mut ada, bob) = (join(&hub, &path, "Ada").await, join(&hub, &path, "Bob").await);
    let _playing = [(Section::Camera, Clip::test_pattern()), (Section::Audio, Clip::tone())]
        .map(|(section, clip)| bob.client.play(section, clip));
    ada.event(|event| matches!(event, Event::Media { .. }).then_some(())).await;
    path.set_lossy(19);
    let clip = Clip::test_pattern();
    let mut last: Option<usize> = None;
    let mut gaps = 0;
    for _ in 0..100 {
        let frame = ada.received(|received| match received {
            Received::Frame { section: Section::Camera, frame, .. } => Some(frame),
            _ => None,
        });
        let frame = frame.await;
        let place = clip.frames().iter().position(|sent| sent.data == frame.data);
        let place = place.expect("a frame that was not sent");
        let follows = last.is_some_and(|last| place == (last + 1) % clip.frames().len());
        assert!(follows || frame.key, "a frame that does not decode: {place} after {last:?}");
        gaps += usize::from(!follows);
        last = Some(place);
    }
    assert!(gaps >= 1, "the first frame counts as one");
    let [audio, camera, ..] = ada.client.stats().await.unwrap()[0].sections;
    assert!(audio.packets_lost > 0, "the path was not lossy");
    let got = camera.frames_received * 100 / (camera.frames_received + camera.frames_dropped).max(1);
    assert!(got >= 80, "{got} % of the frames came through");
}
