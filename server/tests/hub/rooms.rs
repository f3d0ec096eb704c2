//! Joining, leaving, and what participants hear of each other.

use crate::support::{ON, TestHub, config, long_offer, offer};
use holdfast_protocol::{
    ClientFrame, CommandId, ErrorCode, HubFrame, LeaveReason, MediaState, ParticipantState,
};
use holdfast_server::Config;

#[tokio::test]
async fn participants_see_each_other_and_hear_only_what_is_theirs() {
    let hub = TestHub::defaults().await;
    let (mut ada, _, alone) = hub.joined("Ada", "team").await;
    assert_eq!((alone.kind.room().unwrap().as_str(), alone.participants.len()), ("team", 1));
    let (mut bob, welcome, both) = hub.joined("Bob", "Team").await;
    assert_eq!((both.id, both.participants.len()), (alone.id, 2), "room names have no case");
    assert_eq!(both.participants[0].name.as_str(), "Ada");
    assert_eq!((both.participants[1].user, both.you), (welcome.user, both.participants[1].id));
    let (mut eve, _, other) = hub.joined("Eve", "other").await;
    assert_ne!(other.id, alone.id);

    match ada.next().await {
        HubFrame::PeerJoined { call, participant } => {
            assert_eq!(call, alone.id);
            assert_eq!(participant, both.participants[1]);
            assert_eq!((participant.incarnation, participant.state), (1, ParticipantState::Connected));
        }
        other => panic!("{other:?}"),
    }
    bob.signal(&both, alone.you, 1, offer(1)).await;
    let expected = HubFrame::Signal {
        call: both.id,
        from: both.you,
        from_incarnation: 1,
        to_incarnation: 1,
        signal: offer(1),
    };
    assert_eq!(ada.next().await, expected);

    let media = MediaState { audio: false, ..ON };
    for media in [media, media] {
        bob.send(ClientFrame::MediaState { id: CommandId(9), call: both.id, media }).await;
    }
    assert_eq!(ada.next().await, HubFrame::MediaState { call: both.id, participant: both.you, media });

    bob.leave(&both).await;
    let left = HubFrame::PeerLeft { call: both.id, participant: both.you, reason: LeaveReason::Hangup };
    assert_eq!(ada.next().await, left);
    for client in [&mut ada, &mut bob, &mut eve] {
        client.nothing_else().await;
    }
    assert_eq!(hub.metric("holdfast_relays_total{kind=\"offer\",outcome=\"delivered\"}").await, 1);
    assert_eq!((hub.metric("holdfast_rooms").await, hub.metric("holdfast_participants").await), (2, 2));
}

#[tokio::test]
async fn a_signal_that_cannot_be_delivered_is_refused_or_dropped() {
    let hub = TestHub::defaults().await;
    let (mut ada, _, call) = hub.joined("Ada", "team").await;
    let (mut bob, _, both) = hub.joined("Bob", "team").await;
    let (_eve, _, elsewhere) = hub.joined("Eve", "other").await;
    let cases = [
        (&elsewhere, call.you, offer(1), ErrorCode::NotInCall),
        (&both, elsewhere.you, offer(1), ErrorCode::UnknownParticipant),
        (&both, both.you, offer(1), ErrorCode::UnknownParticipant),
        (&both, call.you, long_offer(65_000), ErrorCode::InvalidSignal),
    ];
    for (call, to, signal, code) in cases {
        let id = if code == ErrorCode::InvalidSignal {
            let text =
                ClientFrame::Signal { id: CommandId(99), call: call.id, to, to_incarnation: 1, signal };
            bob.text(&text.encode().replace("v=0x", "x=0x")).await;
            CommandId(99)
        } else {
            bob.signal(call, to, 1, signal).await
        };
        let error = bob.next_error().await;
        assert_eq!((error.code, error.in_reply_to), (code, Some(id)));
    }
    bob.signal(&both, call.you, 2, offer(7)).await;
    bob.signal(&both, call.you, 1, offer(8)).await;
    bob.nothing_else().await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    match ada.next().await {
        HubFrame::Signal { signal, .. } => assert_eq!(signal, offer(8), "the stale one is dropped"),
        other => panic!("{other:?}"),
    }
    ada.nothing_else().await;
    assert_eq!(hub.metric("holdfast_relays_total{kind=\"offer\",outcome=\"stale\"}").await, 1);
}

#[tokio::test]
async fn rooms_and_sessions_have_bounds() {
    let hub = TestHub::start(Config { participants_max: 2, calls_max: 2, rooms_max: 3, ..config() }).await;
    let (mut ada, welcome, one) = hub.joined("Ada", "one").await;
    assert_eq!((welcome.limits.participants_max, welcome.limits.calls_max), (2, 2));
    let (mut bob, _, bobs) = hub.joined("Bob", "one").await;
    let (mut eve, _) = hub.welcomed("Eve").await;
    let id = eve.send_join("one").await;
    let full = eve.next_error().await;
    assert_eq!((full.code, full.in_reply_to), (ErrorCode::RoomFull, Some(id)));
    assert_eq!(full.message, "the room has 2 of 2 participants");

    assert_eq!(bob.join("one").await.you, bobs.you, "asked again, answered again");
    bob.join("two").await;
    bob.send_join("three").await;
    assert_eq!(bob.next_error().await.code, ErrorCode::TooManyCalls);

    eve.join("three").await;
    eve.send_join("four").await;
    assert_eq!(eve.next_error().await.code, ErrorCode::HubFull);
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    ada.leave(&one).await;
    eve.join("one").await;
}

#[tokio::test]
async fn a_call_ends_with_its_last_participant_and_the_name_gets_a_new_one() {
    let hub = TestHub::defaults().await;
    let (mut ada, _, first) = hub.joined("Ada", "team").await;
    ada.leave(&first).await;
    hub.metric_becomes("holdfast_rooms", 0).await;
    let second = ada.join("team").await;
    assert_ne!(first.id, second.id);
    ada.leave(&first).await;
    ada.nothing_else().await;
}

/// Joins that meet a call just as it ends must open a new one, never hang or fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joining_and_leaving_at_once_never_loses_a_join() {
    // Nobody here is slow, but a busy machine may let one wait while the others go round many times.
    let hub = TestHub::start(Config {
        frames_burst: 10_000,
        queue_frames_max: 10_000,
        calls_per_minute_max: 100_000,
        ..config()
    })
    .await;
    let mut clients = Vec::new();
    for name in ["Ada", "Bob", "Eve"] {
        clients.push(hub.welcomed(name).await.0);
    }
    let runs = clients.into_iter().map(|mut client| {
        tokio::spawn(async move {
            for _ in 0..300 {
                client.send_join("busy").await;
                let call = loop {
                    match client.next().await {
                        HubFrame::Joined { call, .. } => break call,
                        HubFrame::Error(error) => panic!("{error:?}"),
                        _ => {}
                    }
                };
                let id = client.id();
                client.send(ClientFrame::Leave { id, call: call.id }).await;
                loop {
                    match client.next().await {
                        HubFrame::Left { .. } => break,
                        HubFrame::Error(error) => panic!("{error:?}"),
                        _ => {}
                    }
                }
            }
        })
    });
    for run in runs.collect::<Vec<_>>() {
        run.await.unwrap();
    }
    hub.metric_becomes("holdfast_rooms", 0).await;
    assert_eq!(hub.metric("holdfast_participants").await, 0);
}
