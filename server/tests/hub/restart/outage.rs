//! A store that fails while calls begin and end: in what order it is told, and what it stands in the way of.

use super::trouble::{flaky, says};
use crate::support::TestHub;
use holdfast_protocol::{EndReason, ErrorCode, HubFrame};
use std::sync::atomic::Ordering::SeqCst;

/// Who is told of a place has it after a restart: a call names its sessions, and only what they name comes back.
#[tokio::test]
async fn a_session_is_stored_before_the_call_that_gives_it_a_place() {
    let (store, config) = flaky();
    let hub = TestHub::start(config).await;
    let writes = || std::mem::take(&mut *store.writes.lock().unwrap());
    let (mut ada, ..) = hub.joined("Ada", "team").await;
    assert_eq!(writes(), ["session", "call"]);
    let (mut bob, bob_welcome) = hub.welcomed("Bob").await;
    ada.nothing_else().await;
    let call = ada.ring(bob_welcome.user).await;
    bob.incoming().await;
    assert_eq!(writes(), ["session", "call"]);
    bob.accept(call.id).await;
    assert_eq!(writes(), ["session", "call"]);
}

#[tokio::test]
async fn why_a_call_is_over_is_known_before_the_store_knows() {
    let (store, config) = flaky();
    let hub = TestHub::start(config).await;
    let (mut ada, _) = hub.welcomed("Ada").await;
    let (mut bob, bob_welcome) = hub.welcomed("Bob").await;
    let (mut cy, _) = hub.welcomed("Cy").await;
    let call = ada.ring(bob_welcome.user).await;
    bob.incoming().await;
    store.fails.store(true, SeqCst);
    ada.leave(&call).await;
    assert_eq!(bob.ended(call.id).await, EndReason::Cancelled);
    let id = bob.send_accept(call.id).await;
    let over = HubFrame::CallOver { in_reply_to: id, call: call.id, reason: EndReason::Cancelled };
    assert_eq!(bob.next().await, over);
    bob.decline(call.id).await;
    cy.send_accept(call.id).await;
    assert_eq!(cy.next_error().await.code, ErrorCode::UnknownCall);
}

#[tokio::test]
async fn a_claim_of_a_call_that_nobody_owns_stands_in_nobodys_way() {
    let (store, config) = flaky();
    let hub = TestHub::start(config).await;
    let (mut ada, ada_welcome) = hub.welcomed("Ada").await;
    let (mut bob, bob_welcome) = hub.welcomed("Bob").await;
    let (mut cy, _) = hub.welcomed("Cy").await;
    for to_one_of_them in [true, false] {
        store.lies.store(true, SeqCst);
        ada.send_call(bob_welcome.user).await;
        assert_eq!(ada.next_error().await.code, ErrorCode::Internal);
        store.lies.store(false, SeqCst);
        says(&hub, "ok").await;
        let (caller, other, to) = if to_one_of_them {
            (&mut cy, &mut bob, bob_welcome.user)
        } else {
            (&mut bob, &mut ada, ada_welcome.user)
        };
        let call = caller.ring(to).await;
        assert_eq!(other.incoming().await.call, call.id);
        caller.leave(&call).await;
        assert_eq!(other.ended(call.id).await, EndReason::Cancelled);
    }
}
