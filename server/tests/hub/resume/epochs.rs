//! Where a history breaks: another instance, or a queue that was full. The session lives on, and a snapshot says how
//! things stand.

use crate::support::{TestHub, config, offer};
use holdfast_protocol::{ClientFrame, ErrorCode, HubFrame, MediaState};
use holdfast_server::Config;

#[tokio::test]
async fn a_reloaded_page_is_a_new_incarnation_and_hears_no_signals_for_the_old_one() {
    let hub = TestHub::defaults().await;
    let (mut ada, _, ada_call) = hub.joined("Ada", "team").await;
    let (bob, welcome, call) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    drop(bob);
    assert!(matches!(ada.next().await, HubFrame::PeerDisconnected { .. }));
    ada.signal(&call, call.you, 1, offer(1)).await;
    ada.nothing_else().await;
    let (mut reloaded, again) = hub.back(&welcome, None).await;
    assert!(again.resumed && again.epoch != welcome.epoch);
    assert_eq!(again.last_command.0, 0, "its commands count from 1 again");
    assert_eq!(again.calls[0].participants[1].incarnation, 2);
    match ada.next().await {
        HubFrame::PeerReconnected { incarnation, reconnect_count, .. } => {
            assert_eq!((incarnation, reconnect_count), (2, 1));
        }
        other => panic!("{other:?}"),
    }
    ada.signal(&call, call.you, 1, offer(2)).await;
    ada.signal(&call, call.you, 2, offer(3)).await;
    ada.nothing_else().await;
    match reloaded.next().await {
        HubFrame::Signal { signal, to_incarnation, .. } => {
            assert_eq!((signal, to_incarnation), (offer(3), 2));
        }
        other => panic!("{other:?}"),
    }
    reloaded.signal(&call, ada_call.you, 1, offer(4)).await;
    match ada.next().await {
        HubFrame::Signal { from_incarnation, .. } => assert_eq!(from_incarnation, 2),
        other => panic!("{other:?}"),
    }
    // While it is connected, too: a reload may be faster than the news of the lost socket.
    let (_third, again) = hub.back(&again, None).await;
    assert_eq!(again.calls[0].participants[1].incarnation, 3);
    assert!(matches!(
        ada.next().await,
        HubFrame::PeerReconnected { incarnation: 3, reconnect_count: 2, away_ms: 0, .. }
    ));
}

#[tokio::test]
async fn a_client_that_acknowledges_nothing_is_closed_and_comes_back_to_a_snapshot() {
    let hub = TestHub::start(Config { queue_frames_max: 8, ..config() }).await;
    let (mut ada, _, ada_call) = hub.joined("Ada", "team").await;
    let (mut slow, welcome, call) = hub.joined("Slow", "team").await;
    slow.acks = false;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    // With the answer to its `join` they are nine.
    for round in 1..=8 {
        let media = MediaState { audio: round % 2 == 0, ..MediaState::default() };
        let id = ada.id();
        ada.send(ClientFrame::MediaState { id, call: call.id, media }).await;
    }
    let gone = ada.next().await;
    assert!(matches!(gone, HubFrame::PeerDisconnected { participant, .. } if participant == call.you));
    let instance = slow.instance;
    assert_eq!(slow.closed().await.0, 4004);
    ada.signal(&call, call.you, 1, offer(1)).await;
    ada.nothing_else().await;
    let (mut back, again) = hub.back(&welcome, Some(instance)).await;
    assert!(again.resumed && again.epoch != welcome.epoch);
    let ada_now = again.calls[0].participants.iter().find(|one| one.id == ada_call.you).unwrap();
    assert!(ada_now.media.audio, "the snapshot is of now");
    assert_eq!(again.calls[0].participants[1].incarnation, 1, "nothing of its own is gone");
    assert!(matches!(ada.next().await, HubFrame::PeerReconnected { incarnation: 1, .. }));
    ada.signal(&call, call.you, 1, offer(2)).await;
    assert!(matches!(back.next().await, HubFrame::Signal { signal, .. } if signal == offer(2)));
    back.nothing_else().await;
}

#[tokio::test]
async fn what_overflows_while_away_costs_the_history_and_not_the_place() {
    let hub = TestHub::start(Config { queue_frames_max: 4, ..config() }).await;
    let (bob, welcome, call) = hub.joined("Bob", "team").await;
    let instance = bob.cut();
    let mut others = Vec::new();
    for name in ["Ada", "Cy", "Dee", "Eli", "Fay"] {
        let (mut other, ..) = hub.joined(name, "team").await;
        other.ack().await;
        for earlier in &mut others {
            let earlier: &mut crate::support::Client = earlier;
            assert!(matches!(earlier.next().await, HubFrame::PeerJoined { .. }));
            earlier.ack().await;
        }
        others.push(other);
    }
    let (mut bob, again) = hub.back(&welcome, Some(instance)).await;
    assert!(again.resumed && again.epoch != welcome.epoch);
    assert_eq!((again.calls[0].you, again.calls[0].participants.len()), (call.you, 6));
    bob.nothing_else().await;
    let back = others.last_mut().unwrap().next().await;
    assert!(matches!(back, HubFrame::PeerReconnected { participant, .. } if participant == call.you));
}

#[tokio::test]
async fn one_participant_cannot_fill_the_queue_of_another() {
    let hub = TestHub::start(Config { queue_frames_max: 12, ..config() }).await;
    for away in [true, false] {
        let room = format!("room-{away}");
        let (mut eve, _, _) = hub.joined("Eve", &room).await;
        let (mut bob, welcome, call) = hub.joined("Bob", &room).await;
        bob.acks = false;
        assert!(matches!(eve.next().await, HubFrame::PeerJoined { .. }));
        let instance = bob.instance;
        let mut still_there = None;
        if away {
            bob.cut();
            assert!(matches!(eve.next().await, HubFrame::PeerDisconnected { .. }));
        } else {
            still_there = Some(bob);
        }
        for generation in 1..=9 {
            eve.signal(&call, call.you, 1, offer(generation)).await;
        }
        for _ in 3..=9 {
            let refused = eve.next_error().await;
            assert_eq!((refused.code, refused.retry_after_ms), (ErrorCode::RateLimited, Some(1_000)));
        }
        let (mut bob, again) = hub.back(&welcome, Some(instance)).await;
        assert_eq!((again.epoch, again.resumed), (welcome.epoch, true), "Bob has lost nothing");
        for generation in [1, 2] {
            match bob.next().await {
                HubFrame::Signal { signal, .. } => {
                    assert_eq!(signal, offer(generation), "her share, in order");
                }
                other => panic!("{other:?}"),
            }
        }
        bob.nothing_else().await;
        drop(still_there);
    }
}
