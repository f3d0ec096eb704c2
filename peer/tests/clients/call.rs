//! Whole clients in calls with real peer connections over loopback, through a small hub in memory.

use crate::support::{AUDIO_AND_CAMERA, Bot, TestHub, room};
use bytes::Bytes;
use holdfast_peer::{
    ClientError, Event, Received,
    event::Gone,
    media::{Clip, Section, vp8},
};
use holdfast_protocol::{ErrorCode, MediaState, ParticipantId};

/// Two bots in a call, both playing, with media flowing both ways.
async fn two_in_a_call(hub: &TestHub) -> (Bot, Bot, Vec<holdfast_peer::Playing>) {
    let (mut ada, mut bob) = (Bot::join(hub, "Ada").await, Bot::join(hub, "Bob").await);
    let mut playing = vec![];
    for bot in [&ada, &bob] {
        playing.push(bot.client.play(Section::Camera, Clip::test_pattern()));
        playing.push(bot.client.play(Section::Audio, Clip::tone()));
    }
    ada.media_flows().await;
    bob.media_flows().await;
    (ada, bob, playing)
}

fn opened(event: &Event) -> bool {
    matches!(event, Event::ConnectionOpened { .. })
}

/// Frames of the camera received so far, over all pairs.
async fn frames(bot: &Bot) -> u64 {
    let stats = bot.client.stats().await.unwrap();
    stats.iter().map(|pair| pair.sections[Section::Camera.index()].frames_received).sum()
}

/// Waits until so many more frames of the camera came.
async fn more_frames(bot: &mut Bot, count: usize) {
    for _ in 0..count {
        bot.received(|received| {
            matches!(received, Received::Frame { section: Section::Camera, .. }).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn pictures_sound_and_messages_go_both_ways() {
    let hub = TestHub::new(6);
    let (mut ada, mut bob, playing) = two_in_a_call(&hub).await;
    let camera = |received| match received {
        Received::Frame { section: Section::Camera, frame, .. } => Some(frame),
        _ => None,
    };
    let first = ada.received(camera).await;
    assert_eq!(vp8::key_frame_size(&first.data), Some((320, 240)), "the first picture decodes");
    let clip = Clip::test_pattern();
    assert!(clip.frames().iter().any(|sent| sent.data == first.data), "it is one that was sent");
    let sound = |received| match received {
        Received::Frame { section: Section::Audio, frame, .. } => Some(frame.data),
        _ => None,
    };
    let heard = bob.received(sound).await;
    assert!(Clip::tone().frames().iter().any(|sent| sent.data == heard));

    let them = ada.client.stats().await.unwrap()[0].participant;
    ada.client.send_control(them, Bytes::from_static(b"hello")).await.unwrap();
    let message = bob
        .received(|received| match received {
            Received::Control { participant, message } => Some((participant, message)),
            _ => None,
        })
        .await;
    let me = bob.client.stats().await.unwrap()[0].participant;
    assert_eq!(message, (me, Bytes::from_static(b"hello")));

    drop(playing);
    bob.client.leave().await;
    let reason = ada.event(|event| match event {
        Event::PeerLeft { reason, .. } => Some(*reason),
        _ => None,
    });
    assert_eq!(reason.await, Gone::Hangup);
    ada.catch_up();
    assert_eq!((ada.count(opened), ada.count(|e| matches!(e, Event::ConnectionLost { .. }))), (1, 0));
}

#[tokio::test]
async fn a_key_frame_comes_when_asked_for_and_only_from_sections_that_are_on() {
    let hub = TestHub::new(6);
    let (mut ada, bob, _playing) = two_in_a_call(&hub).await;
    let them = ada.client.stats().await.unwrap()[0].participant;
    // The clip has a key frame each 20 frames; one that comes sooner after the last was asked for.
    frames_to_key(&mut ada).await;
    for _ in 0..3 {
        more_frames(&mut ada, 5).await;
        while ada.streams.received.try_recv().is_some() {}
        ada.client.request_key_frame(them, Section::Camera).await.unwrap();
        let gap = 5 + frames_to_key(&mut ada).await;
        assert!(gap < 20, "the next key frame came {gap} frames after the last");
    }
    let asked =
        bob.client.stats().await.unwrap()[0].sections[Section::Camera.index()].key_frame_requests_received;
    assert!(asked >= 3, "{asked} requests arrived");
    let screen = bob.client.stats().await.unwrap()[0].sections[Section::Screen.index()];
    assert_eq!((screen.packets_sent, screen.packets_received), (0, 0));
}

#[tokio::test]
async fn a_lost_socket_costs_no_connection_and_no_frame() {
    let hub = TestHub::new(6);
    let (mut ada, mut bob, _playing) = two_in_a_call(&hub).await;
    hub.shut();
    for bot in [&mut ada, &mut bob] {
        bot.event(|event| matches!(event, Event::SocketLost { .. }).then_some(())).await;
    }
    // Forty frames are two seconds of the outage.
    more_frames(&mut ada, 40).await;
    hub.open();
    for bot in [&mut ada, &mut bob] {
        bot.event(|event| matches!(event, Event::Welcome { resumed: true, .. }).then_some(())).await;
    }
    more_frames(&mut bob, 20).await;
    for bot in [&mut ada, &mut bob] {
        bot.catch_up();
        assert_eq!(bot.count(opened), 1);
        assert_eq!(
            bot.count(|event| matches!(event, Event::PeerLeft { .. } | Event::RestartWanted { .. })),
            0
        );
        let camera = bot.client.stats().await.unwrap()[0].sections[Section::Camera.index()];
        assert_eq!((camera.packets_lost, camera.frames_dropped), (0, 0));
    }
}

#[tokio::test]
async fn a_hub_that_forgot_everything_is_joined_again_while_media_goes_on() {
    let hub = TestHub::new(6);
    let (mut ada, mut bob, _playing) = two_in_a_call(&hub).await;
    let old = ada.client.stats().await.unwrap()[0].participant;
    hub.shut();
    hub.forget();
    for bot in [&mut ada, &mut bob] {
        bot.event(|event| matches!(event, Event::SocketLost { .. }).then_some(())).await;
    }
    more_frames(&mut ada, 20).await;
    hub.open();
    let new = ada.media_flows().await;
    bob.media_flows().await;
    assert_ne!(new, old, "the hub gave new ids");
    if ada.count(|event| matches!(event, Event::PeerLeft { .. })) == 0 {
        ada.event(|event| matches!(event, Event::PeerLeft { .. }).then_some(())).await;
    }
    let order: Vec<_> = ada.seen.iter().filter_map(|event| moment(&event.event, old)).collect();
    assert_eq!(order, ["new pair", "media with the new pair", "old pair ends"]);
    assert!(frames(&ada).await > 0);
}

/// How many frames of the camera come until a key frame, itself included.
async fn frames_to_key(bot: &mut Bot) -> usize {
    for count in 1.. {
        let key = bot.received(|received| match received {
            Received::Frame { section: Section::Camera, frame, .. } => Some(frame.key),
            _ => None,
        });
        if key.await {
            return count;
        }
    }
    unreachable!("a key frame comes each second")
}

fn moment(event: &Event, old: ParticipantId) -> Option<&'static str> {
    match event {
        Event::PeerJoined(participant) if participant.id != old => Some("new pair"),
        Event::Media { participant, flow: holdfast_peer::pair::Flow::In } if *participant != old => {
            Some("media with the new pair")
        }
        Event::PeerLeft { participant, reason: Gone::Replaced } if *participant == old => {
            Some("old pair ends")
        }
        _ => None,
    }
}

#[tokio::test]
async fn what_the_hub_refuses_is_an_error_with_its_code() {
    let hub = TestHub::new(1);
    let ada = Bot::join(&hub, "Ada").await;
    assert!(matches!(ada.client.join(room(), AUDIO_AND_CAMERA).await, Err(ClientError::InCall)));
    let bob = Bot::connect(&hub, "Bob").await;
    let refused = bob.client.join(room(), MediaState::default()).await;
    assert!(
        matches!(&refused, Err(ClientError::Refused(error)) if error.code == ErrorCode::RoomFull),
        "{refused:?}"
    );
    let nobody = "0000b0b0-0000-4000-8000-000000000002".parse().unwrap();
    let sent = ada.client.send_control(nobody, Bytes::new()).await;
    assert!(matches!(sent, Err(ClientError::NoParticipant)));
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_is_not_there_is_tried_until_the_time_is_up() {
    let hub = TestHub::new(6);
    hub.shut();
    let name = holdfast_protocol::DisplayName::new("Ada").unwrap();
    let options = holdfast_peer::Options::new("ws://hub/ws", name);
    let error =
        holdfast_peer::Client::connect(crate::support::environment(&hub), options).await.err().unwrap();
    assert!(matches!(&error, ClientError::Unreachable(why) if why.contains("refused")), "{error}");
    assert!((4..8).contains(&hub.dials()), "{} attempts in 10 s", hub.dials());
}
