//! What does not go on after the hub's death: it ends once, is kept in the log, and nothing stays ringing or busy.

use super::{Ahead, ended_in_log, kept, log, logged};
use crate::support::{TestHub, ms, resume};
use holdfast_protocol::{
    CallId, DisconnectPolicy, EndReason, ErrorCode, HubFrame, LeaveReason, OutageCause, PolicyPreset,
};
use holdfast_server::Config;

/// The preset, with little patience.
fn short(preset: PolicyPreset) -> DisconnectPolicy {
    DisconnectPolicy { away_ms: 300, all_away_ms: 300, ..preset.policy() }
}

#[tokio::test]
async fn a_ring_ends_as_cleaned_up_and_both_are_free() {
    let config = kept();
    let hub = TestHub::start(config.clone()).await;
    let (mut ada, ada_welcome) = hub.welcomed("Ada").await;
    let (mut bob, bob_welcome) = hub.welcomed("Bob").await;
    let call = ada.ring(bob_welcome.user).await;
    assert_eq!(bob.incoming().await.call, call.id);
    hub.dies().await;

    let hub = TestHub::start(config).await;
    assert_eq!(log(&hub, "?status=ringing").await.calls, []);
    assert_eq!(log(&hub, "?status=active").await.calls, []);
    let row = logged(&hub, call.id).await;
    assert_eq!(row.reason, Some(EndReason::ServerCleanup));
    let mut late = hub.connect().await;
    late.send_hello("Ada", None, Some(resume(&ada_welcome))).await;
    assert_eq!(late.next_error().await.code, ErrorCode::SessionUnknown, "it was in nothing else");
    let (mut bob, again) = hub.device_of(&bob_welcome).await;
    assert_eq!(again.incoming, [], "nothing is shown");
    let (mut ada, _) = hub.device_of(&ada_welcome).await;
    for client in [&mut ada, &mut bob] {
        assert_eq!(client.too_late_for(call.id).await, EndReason::ServerCleanup);
        client.nothing_else().await;
    }
    let second = bob.ring(ada_welcome.user).await;
    assert_eq!(ada.incoming().await.call, second.id, "neither is busy");
    let ids: Vec<CallId> = log(&hub, "").await.calls.iter().map(|row| row.id).collect();
    assert_eq!(ids, [second.id, call.id]);
}

#[tokio::test]
async fn calls_that_nobody_comes_back_to_end_once_and_are_kept() {
    let (direct_policy, room_policy) = (short(PolicyPreset::Phone), short(PolicyPreset::Patient));
    let config = Config { direct_policy, room_policy, ..kept() };
    let hub = TestHub::start(config.clone()).await;
    let ((ada, _), (bob, _), call) = hub.in_direct_call().await;
    let (cy, cy_welcome, room) = hub.joined("Cy", "team").await;
    hub.dies().await;
    drop((ada, bob, cy));

    let hub = TestHub::start_at(config.clone(), Ahead(600_000)).await;
    let row = ended_in_log(&hub, call.id).await;
    assert_eq!(row.reason, Some(EndReason::NetworkLost));
    let left: Vec<_> = row.participants.iter().map(|entry| entry.left_reason).collect();
    assert!(left.contains(&Some(LeaveReason::NetworkLost)), "{left:?}");
    for entry in &row.participants {
        let [outage] = &entry.outages[..] else { panic!("{entry:?}") };
        assert_eq!((outage.cause, outage.returned), (OutageCause::HubRestart, false));
        assert!(outage.until_unix_ms >= Some(outage.since_unix_ms + 600_000), "while the hub was away, too");
    }
    assert_eq!(ended_in_log(&hub, room.id).await.reason, Some(EndReason::Expired));
    let (mut cy, again) = hub.device_of(&cy_welcome).await;
    assert_eq!(again.calls, []);
    assert_eq!(cy.too_late_for(room.id).await, EndReason::Expired);
    let before = log(&hub, "").await.calls;
    hub.dies().await;

    let hub = TestHub::start_at(config, Ahead(700_000)).await;
    assert_eq!(log(&hub, "").await.calls, before, "over is over");
    assert_eq!(hub.metric("holdfast_sessions").await, 0);
}

#[tokio::test]
async fn phone_grace_on_disconnect_counts_from_the_hubs_return() {
    let config = Config { direct_policy: short(PolicyPreset::Phone), ..kept() };
    let hub = TestHub::start(config.clone()).await;
    let ((mut ada, ada_welcome), (bob, _), call) = hub.in_direct_call().await;
    ada.nothing_else().await;
    hub.dies().await;
    drop(bob);
    // Long enough for the call to end many times over, had the hub been there.
    let hub = TestHub::start_at(config, Ahead(60_000)).await;
    let (mut ada, again) = hub.back(&ada_welcome, Some(ada.instance)).await;
    assert_eq!(again.calls.first().map(|call| call.id), Some(call.id));
    assert_eq!(ada.ended(call.id).await, EndReason::NetworkLost, "Bob did not come back");
    ada.nothing_else().await;
}

#[tokio::test]
async fn what_was_over_before_stays_as_it_was() {
    let config = kept();
    let hub = TestHub::start(config.clone()).await;
    let ((mut ada, _), (mut bob, bob_welcome), call) = hub.in_direct_call().await;
    ada.leave(&call).await;
    assert_eq!(bob.ended(call.id).await, EndReason::Hangup);
    let (mut eve, eve_welcome, room) = hub.joined("Eve", "team").await;
    eve.leave(&room).await;
    let before = log(&hub, "").await.calls;
    hub.dies().await;
    let hub = TestHub::start(config.clone()).await;
    assert_eq!(log(&hub, "").await.calls, before);
    for welcome in [&bob_welcome, &eve_welcome] {
        let (mut client, again) = hub.device_of(welcome).await;
        assert_eq!((again.calls.len(), again.incoming.len()), (0, 0));
        assert_eq!(
            client.too_late_for(if welcome.user == eve_welcome.user { room.id } else { call.id }).await,
            EndReason::Hangup
        );
    }
    let (_, _, again) = hub.joined("Eve", "team").await;
    assert_ne!(again.id, room.id, "the room's next call is another one");
}

#[tokio::test]
async fn a_planned_stop_is_a_restart_that_was_announced() {
    let config = Config { retry_after: ms(700), ..kept() };
    let mut hub = TestHub::start(config.clone()).await;
    let (ada, ada_welcome, _) = hub.joined("Ada", "team").await;
    let (bob, _, call) = hub.joined("Bob", "team").await;
    hub.shutdown.drain.cancel();
    let instance = ada.instance;
    for client in [ada, bob] {
        let (code, frames) = client.closed().await;
        assert_eq!((code, frames.last()), (1001, Some(&HubFrame::GoingAway { retry_after_ms: 700 })));
        assert!(!frames.iter().any(|frame| matches!(frame, HubFrame::PeerDisconnected { .. })));
    }
    (&mut hub.task).await.unwrap().unwrap();
    let hub = TestHub::start(config).await;
    let (_ada, again) = hub.back(&ada_welcome, Some(instance)).await;
    assert_eq!((again.calls[0].id, again.calls[0].participants.len()), (call.id, 2));
    let row = logged(&hub, call.id).await;
    assert!(
        row.participants.iter().all(|entry| entry.outages[0].cause == OutageCause::HubRestart),
        "{row:?}"
    );
}
