//! A lost socket: the place is kept, what was said meanwhile arrives, and after a while the place is given up.

use crate::support::{ON, TestHub, config, long_offer, ms, offer};
use holdfast_protocol::{
    ClientFrame, CommandId, ErrorCode, GuestCredential, HubFrame, LeaveReason, MediaState, ParticipantState,
    Resume, Secret, Seq,
};
use holdfast_server::Config;

#[tokio::test]
async fn a_lost_socket_keeps_its_place_and_the_signals_sent_meanwhile() {
    let hub = TestHub::defaults().await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (bob, welcome, call) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    let instance = bob.cut();
    let away_since = match ada.next().await {
        HubFrame::PeerDisconnected { participant, since_unix_ms, deadline_unix_ms, ms_left, .. } => {
            assert_eq!((participant, ms_left), (call.you, 30_000));
            assert!(deadline_unix_ms >= since_unix_ms + ms_left);
            since_unix_ms
        }
        other => panic!("{other:?}"),
    };
    let (eve, _, with_eve) = hub.joined("Eve", "team").await;
    match with_eve.participants[1].state {
        ParticipantState::TemporarilyDisconnected { since_unix_ms, ms_left, .. } => {
            assert_eq!(since_unix_ms, away_since);
            assert!(ms_left <= 30_000);
        }
        ParticipantState::Connected => panic!("Bob is away"),
    }
    for generation in 1..=3 {
        ada.signal(&call, call.you, 1, offer(generation)).await;
    }
    let media = MediaState { camera: false, ..ON };
    ada.send(ClientFrame::MediaState { id: CommandId(9), call: call.id, media }).await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    ada.nothing_else().await;

    let (mut bob, again) = hub.back(&welcome, Some(instance)).await;
    assert!(again.resumed);
    assert_eq!((again.session, again.user, &again.name), (welcome.session, welcome.user, &welcome.name));
    assert_eq!(again.calls.len(), 1);
    let snapshot = &again.calls[0];
    assert_eq!((snapshot.id, snapshot.you, snapshot.participants.len()), (call.id, call.you, 3));
    assert_eq!(snapshot.participants[0].media, media, "the snapshot is of now");
    for generation in 1..=3 {
        match bob.next().await {
            HubFrame::Signal { signal, .. } => assert_eq!(signal, offer(generation)),
            other => panic!("{other:?}"),
        }
    }
    bob.nothing_else().await;
    let mut eve = eve;
    assert!(matches!(eve.next().await, HubFrame::MediaState { .. }));
    for client in [&mut ada, &mut eve] {
        match client.next().await {
            HubFrame::PeerReconnected { participant, incarnation, reconnect_count, .. } => {
                assert_eq!((participant, incarnation, reconnect_count), (call.you, 1, 1));
            }
            other => panic!("{other:?}"),
        }
        client.nothing_else().await;
    }
    assert_eq!(hub.metric("holdfast_resumes_total{outcome=\"resumed\"}").await, 1);
}

#[tokio::test]
async fn a_place_is_given_up_when_the_window_has_passed() {
    let hub = TestHub::start(Config { resume_window: ms(200), ..config() }).await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (bob, welcome, call) = hub.joined("Bob", "team").await;
    let instance = bob.cut();
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    assert!(matches!(ada.next().await, HubFrame::PeerDisconnected { ms_left: 200, .. }));
    let left = HubFrame::PeerLeft { call: call.id, participant: call.you, reason: LeaveReason::NetworkLost };
    assert_eq!(ada.next().await, left);
    hub.metric_becomes("holdfast_sessions", 1).await;
    let (mut bob, again) = hub.back(&welcome, Some(instance)).await;
    assert!(!again.resumed && again.calls.is_empty());
    assert_ne!(again.session, welcome.session);
    let rejoined = bob.join("team").await;
    assert_eq!(rejoined.id, call.id);
    assert_ne!(rejoined.you, call.you);
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    ada.nothing_else().await;
    drop((ada, bob));
    hub.metric_becomes("holdfast_rooms", 0).await;
    hub.metric_becomes("holdfast_sessions", 0).await;
    assert_eq!(hub.metric("holdfast_participants").await, 0);
}

#[tokio::test]
async fn another_socket_takes_over_and_nobody_else_notices() {
    let hub = TestHub::defaults().await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (bob, welcome, call) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    let (mut second, again) = hub.back(&welcome, Some(bob.instance)).await;
    assert!(again.resumed);
    assert_eq!(bob.closed().await, (4005, vec![]));
    ada.signal(&call, call.you, 1, offer(1)).await;
    assert!(matches!(second.next().await, HubFrame::Signal { .. }));
    second.nothing_else().await;
    ada.nothing_else().await;
}

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
    let (_third, again) = hub.back(&welcome, None).await;
    assert_eq!(again.calls[0].participants[1].incarnation, 3);
    assert!(matches!(
        ada.next().await,
        HubFrame::PeerReconnected { incarnation: 3, reconnect_count: 2, away_ms: 0, .. }
    ));
}

#[tokio::test]
async fn whoever_cannot_prove_the_session_gets_a_new_one_and_learns_nothing() {
    let hub = TestHub::defaults().await;
    let (mut ada, welcome, _) = hub.joined("Ada", "team").await;
    let (_bob, bob) = hub.welcomed("Bob").await;
    let known = Resume {
        session: welcome.session,
        token: Secret::new("guess"),
        epoch: welcome.epoch,
        seq: Seq(0),
        hold: false,
    };
    let unknown =
        Resume { session: "000005e5-0000-4000-8000-000000000001".parse().unwrap(), ..known.clone() };
    for resume in [known, unknown] {
        let fresh = hub.connect().await.hello("Eve", None, Some(resume)).await;
        assert!(!fresh.resumed && fresh.calls.is_empty());
        assert!(fresh.session != welcome.session && fresh.user != welcome.user);
    }
    // The right token, but as somebody else.
    let guest = Some(GuestCredential { user: bob.user, secret: bob.guest_secret });
    let resume = Some(Resume {
        session: welcome.session,
        token: welcome.token,
        epoch: welcome.epoch,
        seq: Seq(0),
        hold: false,
    });
    let fresh = hub.connect().await.hello("Bob", guest, resume).await;
    assert!(!fresh.resumed && fresh.user == bob.user);
    ada.nothing_else().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed_and_cannot_pretend_to_have_read() {
    let hub = TestHub::start(Config {
        queue_frames_max: 8,
        frames_per_second: 100_000,
        frames_burst: 100_000,
        ..config()
    })
    .await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (slow, welcome, call) = hub.joined("Slow", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    // Until the kernel's buffers are full as well; the queue itself holds eight.
    for sent in 0.. {
        assert!(sent < 5_000, "300 MB without an effect");
        ada.signal(&call, call.you, 1, long_offer(60_000)).await;
        ada.send(ClientFrame::Heartbeat).await;
        match ada.next().await {
            HubFrame::HeartbeatAck => {}
            HubFrame::PeerDisconnected { participant, .. } => {
                assert_eq!(participant, call.you);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    let instance = slow.instance;
    assert_eq!(slow.closed().await.0, 4004);
    let (_fresh, again) = hub.back(&welcome, Some(instance)).await;
    assert!(!again.resumed, "signals were lost, so the session cannot go on as if none were");
    loop {
        match ada.next().await {
            HubFrame::HeartbeatAck => {}
            HubFrame::PeerLeft { participant, reason, .. } => {
                break assert_eq!((participant, reason), (call.you, LeaveReason::NetworkLost));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn one_participant_cannot_fill_the_queue_of_another_who_is_away() {
    let hub = TestHub::start(Config { queue_frames_max: 12, ..config() }).await;
    let (mut eve, _, _) = hub.joined("Eve", "team").await;
    let (bob, welcome, call) = hub.joined("Bob", "team").await;
    let instance = bob.cut();
    assert!(matches!(eve.next().await, HubFrame::PeerJoined { .. }));
    assert!(matches!(eve.next().await, HubFrame::PeerDisconnected { .. }));
    let media = MediaState { audio: true, ..MediaState::default() };
    for generation in 1..=15 {
        eve.signal(&call, call.you, 1, offer(generation)).await;
        let media = MediaState { camera: generation % 2 == 0, ..media };
        eve.send(ClientFrame::MediaState { id: CommandId(100 + generation), call: call.id, media }).await;
    }
    for _ in 3..=15 {
        let refused = eve.next_error().await;
        assert_eq!((refused.code, refused.retry_after_ms), (ErrorCode::RateLimited, Some(1_000)));
    }
    let (mut bob, again) = hub.back(&welcome, Some(instance)).await;
    assert!(again.resumed, "Bob has his session, whatever Eve did");
    for generation in [1, 2] {
        match bob.next().await {
            HubFrame::Signal { signal, .. } => assert_eq!(signal, offer(generation), "her share, in order"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_overflows_while_away_cannot_be_resumed() {
    let hub = TestHub::start(Config { queue_frames_max: 4, ..config() }).await;
    let (bob, welcome, call) = hub.joined("Bob", "team").await;
    let instance = bob.cut();
    let mut others = Vec::new();
    for name in ["Ada", "Cy", "Dee", "Eli", "Fay"] {
        let (mut other, ..) = hub.joined(name, "team").await;
        other.signal(&call, call.you, 1, offer(1)).await;
        others.push(other);
    }
    others.last_mut().unwrap().nothing_else().await;
    let (mut bob, again) = hub.back(&welcome, Some(instance)).await;
    assert!(!again.resumed);
    let left = HubFrame::PeerLeft { call: call.id, participant: call.you, reason: LeaveReason::NetworkLost };
    assert_eq!(others.last_mut().unwrap().next().await, left);
    bob.join("team").await;
    bob.send(ClientFrame::Leave {
        id: CommandId(77),
        call: "0000ca11-0000-4000-8000-000000000001".parse().unwrap(),
    })
    .await;
    assert_eq!(bob.next_error().await.code, ErrorCode::NotInCall);
}
