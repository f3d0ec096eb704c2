//! A store that fails while the hub runs: calls go on in memory, somebody is told, and what it missed is made up for.

use super::{ended_in_log, kept, log, logged};
use crate::support::{Flaky, TestHub, offer, soon};
use holdfast_protocol::{CallStatus, EndReason, ErrorCode, HubFrame};
use holdfast_server::{Config, store::Store};
use std::{
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};

pub(super) fn flaky() -> (Arc<Flaky>, Config) {
    let (store, mut config) = (Arc::new(Flaky::default()), kept());
    config.store.given = Some(Arc::clone(&store) as Arc<dyn Store>);
    (store, config)
}

pub(super) async fn says(hub: &TestHub, state: &str) {
    soon(state, async {
        loop {
            let (status, _, body) = hub.http("GET /readyz HTTP/1.1").await;
            assert_eq!(status, 200, "it keeps its calls going: {body}");
            let body: serde_json::Value = serde_json::from_str(&body).unwrap();
            if body["store"] == state {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn calls_go_on_in_memory_and_are_stored_later() {
    let (store, config) = flaky();
    let hub = TestHub::start(config.clone()).await;
    says(&hub, "ok").await;
    let (mut ada, _, before) = hub.joined("Ada", "before").await;
    store.fails.store(true, SeqCst);
    says(&hub, "failing").await;
    assert_eq!(hub.metric("holdfast_store_failing").await, 1);
    assert!(hub.metric("holdfast_store_failures_total").await > 0);

    let (mut bob, bob_welcome, joined) = hub.joined("Bob", "before").await;
    assert_eq!((joined.id, joined.participants.len()), (before.id, 2));
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    let (mut cy, cy_welcome, new) = hub.joined("Cy", "new").await;
    let id = cy.send_call(bob_welcome.user).await;
    let refused = cy.next_error().await;
    assert_eq!(
        (refused.code, refused.in_reply_to),
        (ErrorCode::Internal, Some(id)),
        "nobody knows who is free"
    );
    let (mut eve, _, short) = hub.joined("Eve", "short").await;
    eve.leave(&short).await;
    ada.leave(&before).await;
    assert!(matches!(bob.next().await, HubFrame::PeerLeft { .. }));

    store.fails.store(false, SeqCst);
    says(&hub, "ok").await;
    assert_eq!(hub.metric("holdfast_store_failing").await, 0);
    let ended = soon("the call that came and went", async {
        while log(&hub, "?status=ended").await.calls.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        log(&hub, "?status=ended").await.calls
    });
    assert_eq!(ended.await[0].id, short.id);
    soon("what was missed", async {
        while log(&hub, "?status=active").await.calls.len() < 2
            || logged(&hub, before.id).await.participants.len() < 2
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    for client in [&mut bob, &mut cy, &mut eve] {
        client.nothing_else().await;
    }
    hub.dies().await;

    // The sessions as well: everyone comes back to what began while nothing was stored.
    let hub = TestHub::start(config).await;
    for (client, welcome, call) in [(bob, &bob_welcome, before.id), (cy, &cy_welcome, new.id)] {
        let (_client, again) = hub.back(welcome, Some(client.instance)).await;
        assert_eq!(again.calls.iter().map(|call| call.id).collect::<Vec<_>>(), [call]);
    }
}

/// System 5: what ended while the store was lost does not stay ringing or busy.
#[tokio::test]
async fn after_a_lost_store_nothing_stays_ringing_or_busy() {
    let (store, config) = flaky();
    let hub = TestHub::start(config).await;
    let (mut ada, ada_welcome) = hub.welcomed("Ada").await;
    let (mut bob, bob_welcome) = hub.welcomed("Bob").await;
    let ring = ada.ring(bob_welcome.user).await;
    bob.incoming().await;
    store.fails.store(true, SeqCst);
    bob.decline(ring.id).await;
    assert_eq!(ada.ended(ring.id).await, EndReason::Declined, "told although it is not stored");
    store.fails.store(false, SeqCst);
    says(&hub, "ok").await;
    assert_eq!(ended_in_log(&hub, ring.id).await.reason, Some(EndReason::Declined));
    assert_eq!(log(&hub, "?status=ringing").await.calls, []);
    let second = bob.ring(ada_welcome.user).await;
    assert_eq!(ada.incoming().await.call, second.id, "both are free");
}

#[tokio::test]
async fn a_ring_that_a_store_took_without_saying_so_is_cleaned_up() {
    let (store, config) = flaky();
    let hub = TestHub::start(config).await;
    let (mut ada, ada_welcome) = hub.welcomed("Ada").await;
    let (mut bob, bob_welcome) = hub.welcomed("Bob").await;
    store.lies.store(true, SeqCst);
    ada.send_call(bob_welcome.user).await;
    assert_eq!(ada.next_error().await.code, ErrorCode::Internal);
    bob.nothing_else().await;
    store.lies.store(false, SeqCst);
    says(&hub, "ok").await;
    let ghosts = log(&hub, "?status=ringing").await.calls;
    assert_eq!((ghosts.len(), ghosts[0].status), (1, CallStatus::Ringing));
    assert_eq!(ended_in_log(&hub, ghosts[0].id).await.reason, Some(EndReason::ServerCleanup));
    // They have said nothing for long enough to be given up.
    let (mut ada, _) = hub.device_of(&ada_welcome).await;
    let (mut bob, _) = hub.device_of(&bob_welcome).await;
    let call = bob.ring(ada_welcome.user).await;
    assert_eq!(ada.incoming().await.call, call.id, "both are free");
}

#[tokio::test]
async fn a_store_that_never_answers_holds_nobody_up_for_long() {
    let (store, config) = flaky();
    let hub = TestHub::start(config).await;
    let (mut ada, ..) = hub.joined("Ada", "team").await;
    let (mut bob, _, call) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    store.hangs.store(true, SeqCst);
    says(&hub, "failing").await;
    // Nobody waits any more: not these changes, and not the signals after them.
    for round in 1..=20 {
        let name = format!("Eve {round}");
        let (mut eve, _, with_eve) = hub.joined(&name, "team").await;
        assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
        assert!(matches!(bob.next().await, HubFrame::PeerJoined { .. }));
        eve.leave(&with_eve).await;
        for client in [&mut ada, &mut bob] {
            assert!(matches!(client.next().await, HubFrame::PeerLeft { .. }));
        }
        ada.signal(&call, call.you, 1, offer(round)).await;
        assert!(matches!(bob.next().await, HubFrame::Signal { .. }));
    }
    store.hangs.store(false, SeqCst);
    says(&hub, "ok").await;
    soon("what was missed", async {
        while logged(&hub, call.id).await.participants.len() < 22 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}
