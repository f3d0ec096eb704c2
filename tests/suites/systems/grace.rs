//! System 1, grace on disconnect (`phone`): the other one is told at once; back within 15 s, and nothing happens to the
//! call; not back, and it ends. What a call waits for is cleared together.

use crate::{
    device::Device,
    rules::{all_is_over, calls, logged},
    stage::{Pair, give_back, give_back_at, seconds, take_away, under, world},
};
use holdfast_protocol::{CallStatus, EndReason, HubFrame, OutageCause, PolicyPreset};
use holdfast_server::{Config, store::Store as _};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

const GRACE: Duration = Duration::from_secs(15);
const ONE_WAY: Duration = Duration::from_millis(20);

#[tokio::test(start_paused = true)]
async fn the_other_is_told_at_once_and_a_return_changes_nothing() {
    let Pair { world, hub: _hub, mut ada, mut bob, call, bobs } = Pair::under(PolicyPreset::Phone).await;
    sleep(seconds(20)).await;
    let lost_at = Instant::now();
    take_away(&world, &bob);
    assert_eq!(ada.away(bobs).await, 15_000);
    assert_eq!(lost_at.elapsed(), ONE_WAY, "at once");
    let waiting = logged(&world, call).await;
    assert_eq!((waiting.status, waiting.reason), (CallStatus::Active, None), "it waits");

    sleep_until(lost_at + seconds(14)).await;
    give_back(&world, &bob).await;
    assert_eq!(ada.back(bobs).await, (1, 1), "the same instance");
    bob.up(2).await;
    assert!(bob.state.borrow().welcomes[1].1, "in the same epoch");
    // For longer than any deadline that there was.
    ada.quiet_for(seconds(120)).await;
    bob.quiet_for(seconds(1)).await;
    let entry = logged(&world, call).await;
    assert_eq!(entry.status, CallStatus::Active);
    let outages = &entry.participants[1].outages;
    assert_eq!(outages.len(), 1);
    assert_eq!((outages[0].cause, outages[0].returned), (OutageCause::SocketClosed, true));
    assert!(outages[0].until_unix_ms.is_some(), "{outages:?}");

    ada.leave(call).await;
    assert_eq!(bob.ended(call).await, EndReason::Hangup);
    sleep(seconds(1)).await;
    all_is_over(&world, &[&ada, &bob]).await;
}

#[tokio::test(start_paused = true)]
async fn not_back_ends_it_once() {
    let Pair { world, hub: _hub, mut ada, mut bob, call, bobs } = Pair::under(PolicyPreset::Phone).await;
    sleep(seconds(30)).await;
    let lost_at = Instant::now();
    take_away(&world, &bob);
    ada.away(bobs).await;
    assert_eq!(ada.ended(call).await, EndReason::NetworkLost);
    assert_eq!(lost_at.elapsed(), GRACE + ONE_WAY);
    give_back(&world, &bob).await;
    bob.up(2).await;
    assert_eq!(bob.ended(call).await, EndReason::NetworkLost, "told when it is there again");
    ada.quiet_for(seconds(300)).await;
    bob.quiet_for(seconds(1)).await;
    let entry = logged(&world, call).await;
    assert_eq!(entry.reason, Some(EndReason::NetworkLost));
    let outage = entry.participants[1].outages[0];
    assert_eq!((outage.cause, outage.returned), (OutageCause::SocketClosed, false));
    let talked = outage.since_unix_ms - entry.active_unix_ms.unwrap();
    assert_eq!(entry.talk_ms, talked, "the outage is not talk");
    all_is_over(&world, &[&ada, &bob]).await;

    // Nobody is busy afterwards.
    let again = ada.call(bob.user()).await;
    assert_ne!(again.id, call);
    bob.accept().await;
}

/// The trap: a marker and its timer that expire at the same moment must not read as a return.
#[tokio::test(start_paused = true)]
async fn a_return_at_the_deadline_is_either_back_or_over() {
    // From a millisecond before it to a millisecond after it.
    for (step_ms, is_back) in [(0, true), (1, false), (2, false)] {
        let Pair { world, hub: _hub, mut ada, mut bob, call, bobs } = Pair::under(PolicyPreset::Phone).await;
        sleep(seconds(30)).await;
        take_away(&world, &bob);
        let deadline = Instant::now() + GRACE;
        ada.away(bobs).await;
        let returns_at = deadline - Duration::from_millis(1) + Duration::from_millis(step_ms);
        give_back_at(&world, &bob, returns_at).await;
        if is_back {
            assert_eq!(ada.back(bobs).await, (1, 1), "step {step_ms}");
            assert_eq!(Instant::now(), returns_at + ONE_WAY, "the return was when it was meant to be");
        } else {
            assert_eq!(ada.ended(call).await, EndReason::NetworkLost, "step {step_ms}");
            assert_eq!(Instant::now(), deadline + ONE_WAY);
            bob.up(2).await;
            assert_eq!(bob.ended(call).await, EndReason::NetworkLost, "step {step_ms}");
        }
        ada.quiet_for(seconds(60)).await;
        bob.quiet_for(seconds(1)).await;
        let entry = logged(&world, call).await;
        assert_eq!(entry.participants[1].outages[0].returned, is_back, "step {step_ms}");
        if is_back {
            assert_eq!(entry.status, CallStatus::Active);
            ada.leave(call).await;
            assert_eq!(bob.ended(call).await, EndReason::Hangup);
        }
        sleep(seconds(1)).await;
        all_is_over(&world, &[&ada, &bob]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn ringing_duration_and_grace_are_cleared_together() {
    let config = Config { max_duration: Some(seconds(60)), ..under(PolicyPreset::Phone) };

    // Hung up during the grace of the other: nothing fires later.
    let Pair { world, hub: _hub, mut ada, mut bob, call, bobs } = Pair::with(config.clone()).await;
    take_away(&world, &bob);
    ada.away(bobs).await;
    sleep(seconds(5)).await;
    let (_, stored) = world.store.call(call).await.unwrap().unwrap();
    assert!(stored.deadline_unix_ms.is_some());
    ada.leave(call).await;
    let (_, stored) = world.store.call(call).await.unwrap().unwrap();
    assert_eq!((stored.deadline_unix_ms, stored.claims), (None, vec![]));
    ada.quiet_for(seconds(120)).await;
    assert_eq!(logged(&world, call).await.reason, Some(EndReason::Hangup));
    give_back(&world, &bob).await;
    bob.up(2).await;
    all_is_over(&world, &[&ada, &bob]).await;

    // Too long during a grace: one reason, and the grace does not fire.
    let Pair { world, hub: _hub, mut ada, mut bob, call, bobs } = Pair::with(config).await;
    sleep(seconds(50)).await;
    take_away(&world, &bob);
    ada.away(bobs).await;
    assert_eq!(ada.ended(call).await, EndReason::MaxDuration);
    ada.quiet_for(seconds(120)).await;
    give_back(&world, &bob).await;
    bob.up(2).await;
    all_is_over(&world, &[&ada, &bob]).await;
}

#[tokio::test(start_paused = true)]
async fn a_ring_ends_after_45_s_or_with_its_answer() {
    let world = world();
    let _hub = world.start_hub_with(1, under(PolicyPreset::Phone));
    let (mut ada, mut bob) = (Device::start(&world, 2, "Ada").await, Device::start(&world, 3, "Bob").await);
    let rang_at = Instant::now();
    let missed = ada.call(bob.user()).await.id;
    assert!(matches!(bob.next().await, HubFrame::IncomingCall(incoming) if incoming.ms_left == 45_000));
    assert_eq!(calls(&world, "?status=ringing").await.len(), 1);
    assert_eq!(ada.ended(missed).await, EndReason::Missed);
    assert_eq!(rang_at.elapsed(), seconds(45) + 2 * ONE_WAY);
    assert_eq!(bob.ended(missed).await, EndReason::Missed, "every dialog closes");

    // Taken at the last moment: the ring's deadline does not end the call.
    let call = ada.call(bob.user()).await.id;
    sleep(seconds(44)).await;
    bob.accept().await;
    ada.met().await;
    ada.quiet_for(seconds(60)).await;

    // The callee's socket is lost while it rings: its grace is not the caller's concern, and the ring ends by itself.
    ada.leave(call).await;
    bob.ended(call).await;
    let call = ada.call(bob.user()).await.id;
    bob.next().await;
    take_away(&world, &bob);
    assert_eq!(ada.ended(call).await, EndReason::Missed);
    give_back(&world, &bob).await;
    assert_eq!(bob.up(2).await.incoming, [], "nothing rings any more");
    sleep(seconds(20)).await;
    all_is_over(&world, &[&ada, &bob]).await;
}
