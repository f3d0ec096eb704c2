//! Others in the call: no place is left behind by who leaves at a bad moment, nobody is gone who is not, and nobody sets
//! the pace of another's work.

use crate::support::{AUDIO_AND_CAMERA, Bot, TestHub, room};
use bytes::Bytes;
use holdfast_peer::{
    Event,
    media::{Clip, Section},
};
use holdfast_protocol::{ConnectionId, NegotiateReason, Signal};

/// How many there are in the call for someone who joins it now.
async fn participants(hub: &TestHub) -> usize {
    let last = Bot::connect(hub, "Last").await;
    last.client.join(room(), AUDIO_AND_CAMERA).await.unwrap().participants.len()
}

#[tokio::test(start_paused = true)]
async fn who_leaves_while_joining_is_not_in_the_call() {
    let hub = TestHub::new(6);
    let ada = Bot::connect(&hub, "Ada").await;
    let (joined, ()) = tokio::join!(ada.client.join(room(), AUDIO_AND_CAMERA), ada.client.leave());
    assert!(joined.is_err());
    assert_eq!(participants(&hub).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_leave_that_was_lost_with_its_socket_is_said_again() {
    let hub = TestHub::new(6);
    let mut ada = Bot::join(&hub, "Ada").await;
    hub.shut();
    ada.client.leave().await;
    hub.open();
    ada.event(|event| matches!(event, Event::Welcome { resumed: true, .. }).then_some(())).await;
    assert_eq!(participants(&hub).await, 1);
}

#[tokio::test]
async fn others_who_kept_their_place_are_not_gone_when_the_own_one_was_lost() {
    let hub = TestHub::new(6);
    let (mut ada, mut bob) = (Bot::join(&hub, "Ada").await, Bot::join(&hub, "Bob").await);
    let _playing = [&ada, &bob].map(|bot| {
        [(Section::Camera, Clip::test_pattern()), (Section::Audio, Clip::tone())]
            .map(|(section, clip)| bot.client.play(section, clip))
    });
    let them = ada.media_flows().await;
    bob.media_flows().await;
    hub.shut();
    ada.event(|event| matches!(event, Event::SocketLost { .. }).then_some(())).await;
    hub.forget_one("Ada");
    hub.open();
    // The connection of the forgotten call ends once the new one stands.
    let closed = |event: &Event| match event {
        Event::ConnectionClosed { participant, .. } => Some(*participant),
        _ => None,
    };
    assert_eq!(ada.event(closed).await, them);
    assert_eq!(ada.count(|event| matches!(event, Event::PeerJoined(other) if other.id == them)), 2);
    assert_eq!(ada.count(|event| matches!(event, Event::PeerLeft { .. })), 0);
    assert_eq!(bob.client.stats().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_flood_of_wishes_for_connections_is_not_granted() {
    let hub = TestHub::new(6);
    let (mut ada, mut bob) = (Bot::join(&hub, "Ada").await, Bot::join(&hub, "Bob").await);
    for bot in [&mut ada, &mut bob] {
        bot.event(|event| matches!(event, Event::ControlOpen { .. }).then_some(())).await;
    }
    let reason = NegotiateReason::NoOffer;
    let wishes = (0..50).flat_map(|_| {
        let connection = ConnectionId::mint(&crate::support::Counting);
        [
            Signal::Offer { connection, generation: 1, sdp: String::new() },
            Signal::Negotiate { connection: None, generation: 0, reason },
        ]
    });
    hub.forge(wishes);
    for bot in [&mut ada, &mut bob] {
        let them = bot.event(|event| match event {
            Event::PeerMedia { participant, .. } => Some(*participant),
            _ => None,
        });
        let them = them.await;
        // Answered, in whatever way, once the pair is through with what came before.
        let _ = bot.client.send_control(them, Bytes::new()).await;
        bot.catch_up();
        let opened = bot.count(|event| matches!(event, Event::ConnectionOpened { .. }));
        assert!((1..=15).contains(&opened), "{opened} connections for 50 wishes");
    }
}
