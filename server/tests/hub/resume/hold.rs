//! A client that asks its person before it comes back: the session is taken up, the place is not.

use crate::support::{Client, TestHub, kept_for, resume};
use holdfast_protocol::{HubFrame, ParticipantState, Resume, Welcome};

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
