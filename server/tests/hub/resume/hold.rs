//! A client that asks its person before it comes back: the session is taken up, the place is not.

use crate::support::{Client, ON, TestHub, kept_for, ms, offer, resume};
use holdfast_protocol::{ClientFrame, HubFrame, ParticipantState, Resume, Welcome};

async fn holds(hub: &TestHub, welcome: &Welcome) -> (Client, Welcome) {
    let mut client = hub.connect().await;
    let again = client.hello("Bob", None, Some(Resume { hold: true, ..resume(welcome) })).await;
    (client, again)
}

#[tokio::test]
async fn whoever_only_asks_is_still_away() {
    let hub = TestHub::start(kept_for(600_000)).await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (bob, welcome, call) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    bob.cut();
    assert!(matches!(ada.next().await, HubFrame::PeerDisconnected { .. }));
    let (asking, held) = holds(&hub, &welcome).await;
    assert!(held.resumed && held.calls[0].you == call.you);
    let me = &held.calls[0].participants[1];
    assert!(matches!(me.state, ParticipantState::TemporarilyDisconnected { .. }));
    assert_eq!(me.incarnation, 1);
    ada.nothing_else().await;
    // Lost again, and nobody hears of it.
    let instance = asking.cut();
    let (again, held) = holds(&hub, &held).await;
    drop(again);
    let (_back, welcome) = hub.back(&held, Some(instance)).await;
    assert_eq!(welcome.calls[0].participants[1].state, ParticipantState::Connected);
    assert!(matches!(ada.next().await, HubFrame::PeerReconnected { incarnation: 2, .. }));
    ada.nothing_else().await;
}

#[tokio::test]
async fn whoever_asks_in_another_place_leaves_the_first_one() {
    let hub = TestHub::start(kept_for(600_000)).await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (bob, welcome, call) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    let (_asking, held) = holds(&hub, &welcome).await;
    assert_eq!(bob.closed().await, (4005, vec![]));
    let gone = ada.next().await;
    assert!(matches!(gone, HubFrame::PeerDisconnected { participant, .. } if participant == call.you));
    let me = &held.calls[0].participants[1];
    assert!(matches!(me.state, ParticipantState::TemporarilyDisconnected { .. }));
    ada.nothing_else().await;
}

#[tokio::test]
async fn whoever_says_yes_is_back_as_if_it_had_never_asked() {
    let hub = TestHub::start(kept_for(600_000)).await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (bob, welcome, call) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    bob.cut();
    assert!(matches!(ada.next().await, HubFrame::PeerDisconnected { .. }));
    let (mut bob, _) = holds(&hub, &welcome).await;
    // Said before the answer: it is in the snapshot or it follows, and is not for the incarnation that is gone.
    ada.signal(&call, call.you, 1, offer(1)).await;
    let id = bob.id();
    bob.send(ClientFrame::Rejoin { id, call: call.id, media: ON }).await;
    let joined = loop {
        match bob.next().await {
            HubFrame::Joined { in_reply_to, call } => {
                assert_eq!(in_reply_to, id);
                break call;
            }
            HubFrame::Signal { to_incarnation: 1, .. } => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((joined.you, joined.participants[1].incarnation), (call.you, 2));
    assert!(matches!(ada.next().await, HubFrame::PeerReconnected { incarnation: 2, .. }));
    ada.signal(&call, call.you, 2, offer(2)).await;
    assert!(matches!(bob.next().await, HubFrame::Signal { signal, .. } if signal == offer(2)));
    bob.cut();
    let gone = ada.next().await;
    assert!(matches!(gone, HubFrame::PeerDisconnected { participant, .. } if participant == call.you));
}

#[tokio::test]
async fn whoever_says_no_has_left() {
    let hub = TestHub::start(kept_for(600_000)).await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (bob, welcome, call) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    bob.cut();
    assert!(matches!(ada.next().await, HubFrame::PeerDisconnected { .. }));
    let (mut bob, held) = holds(&hub, &welcome).await;
    bob.leave(&held.calls[0]).await;
    assert!(matches!(ada.next().await, HubFrame::PeerLeft { participant, .. } if participant == call.you));
    ada.nothing_else().await;
}

/// A socket that dies before its client has acknowledged anything was no return: the place is not kept for longer.
#[tokio::test]
async fn a_return_counts_once_it_is_acknowledged() {
    let hub = TestHub::start(kept_for(600_000)).await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (mut bob, mut welcome, _) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    let instance = bob.instance;
    let mut deadlines = Vec::new();
    for acks in [false, true, true] {
        bob.cut();
        match ada.next().await {
            HubFrame::PeerDisconnected { deadline_unix_ms, .. } => deadlines.push(deadline_unix_ms),
            other => panic!("{other:?}"),
        }
        tokio::time::sleep(ms(20)).await;
        bob = hub.connect().await;
        (bob.instance, bob.acks) = (instance, acks);
        welcome = bob.hello("Bob", None, Some(resume(&welcome))).await;
        assert!(matches!(ada.next().await, HubFrame::PeerReconnected { .. }));
        bob.nothing_else().await;
    }
    assert_eq!(deadlines[0], deadlines[1], "the first return was none");
    assert!(deadlines[2] > deadlines[1]);
}

/// The client goes on where it stopped, and its place with another incarnation, which it is to know of.
#[tokio::test]
async fn whoever_comes_back_without_asking_any_more_is_told_how_things_stand() {
    let hub = TestHub::start(kept_for(600_000)).await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (bob, welcome, _) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    bob.cut();
    assert!(matches!(ada.next().await, HubFrame::PeerDisconnected { .. }));
    let (asking, held) = holds(&hub, &welcome).await;
    let (_bob, back) = hub.back(&held, Some(asking.cut())).await;
    assert!(back.resumed && back.epoch != held.epoch);
    assert_eq!(back.calls[0].participants[1].incarnation, 2);
    assert!(matches!(ada.next().await, HubFrame::PeerReconnected { incarnation: 2, .. }));
}
