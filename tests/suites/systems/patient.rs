//! System 3, the reconnecting video call (`patient`): the client's waits, what everyone knows of an absence and of a
//! return, the count of returns, and half an hour.

use crate::{
    device::Device,
    rules::{all_is_over, logged, rules_hold},
    stage::{give_back, give_back_at, seconds, take_away, under, world},
};
use holdfast_protocol::{
    CallId, CallSnapshot, CallStatus, EndReason, HubFrame, LeaveReason, ParticipantId, ParticipantState,
    PolicyPreset, timing::RECONNECT_BACKOFF_MS,
};
use holdfast_tests::world::{Hub, World};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

const HALF_AN_HOUR: Duration = Duration::from_mins(30);
const ONE_WAY: Duration = Duration::from_millis(20);

struct Room {
    world: World,
    hub: Hub,
    ada: Device,
    bob: Device,
    call: CallId,
    bobs: ParticipantId,
}

async fn room() -> Room {
    let world = world();
    let hub = world.start_hub_with(1, under(PolicyPreset::Patient));
    let (mut ada, mut bob) = (Device::start(&world, 2, "Ada").await, Device::start(&world, 3, "Bob").await);
    ada.join("ward-7").await;
    let call = bob.join("ward-7").await;
    assert_eq!(ada.met().await, call.you);
    Room { world, hub, ada, bob, call: call.id, bobs: call.you }
}

/// Whether the other one is there, as a snapshot says.
fn peer_online(call: &CallSnapshot) -> bool {
    let other = call.participants.iter().find(|participant| participant.id != call.you).unwrap();
    other.state == ParticipantState::Connected
}

fn own_returns(call: &CallSnapshot) -> u32 {
    call.participants.iter().find(|participant| participant.id == call.you).unwrap().reconnect_count
}

#[tokio::test(start_paused = true)]
async fn the_client_goes_on_trying_with_growing_waits() {
    let Room { world, hub: _hub, mut ada, mut bob, bobs, .. } = room().await;
    sleep(seconds(10)).await;
    take_away(&world, &bob);
    assert_eq!(ada.away(bobs).await, 1_800_000);
    sleep(seconds(120)).await;
    let waits = bob.state.borrow().waits_ms.clone();
    assert!(waits.len() >= 12, "{waits:?}");
    for (index, wait_ms) in waits.iter().enumerate() {
        let full_ms = RECONNECT_BACKOFF_MS[index.min(RECONNECT_BACKOFF_MS.len() - 1)];
        assert!((full_ms * 3 / 4..=full_ms).contains(wait_ms), "{waits:?}");
    }
    // In reach again, it is back within the longest wait by itself.
    world.network.refuse_tcp(bob.host.ip(), world.hub_address().ip(), false);
    let reachable_at = Instant::now();
    bob.up(2).await;
    assert!(reachable_at.elapsed() <= seconds(11), "{:?}", reachable_at.elapsed());
    assert_eq!(ada.back(bobs).await, (1, 1));
    ada.quiet_for(HALF_AN_HOUR).await;
    // After a success it begins with no wait again.
    take_away(&world, &bob);
    ada.away(bobs).await;
    sleep(seconds(1)).await;
    assert_eq!(bob.state.borrow().waits_ms[waits.len()..][0], 0, "at once");
    rules_hold(&world, &[&ada, &bob]).await;
}

#[tokio::test(start_paused = true)]
async fn a_reconnect_is_known_from_a_join_and_counted() {
    let Room { world, hub: _hub, mut ada, mut bob, call, bobs } = room().await;
    let first = bob.state.borrow().welcomes[0].0.clone();
    assert!(!first.resumed, "is_reconnect: no");

    // Twice the socket alone, once the page.
    for count in 1..=2 {
        sleep(seconds(60)).await;
        take_away(&world, &bob);
        assert_eq!(ada.away(bobs).await, 1_800_000);
        sleep(seconds(300)).await;
        give_back(&world, &bob).await;
        assert_eq!(ada.back(bobs).await, (1, count));
        assert!(bob.up(bob.welcomes().max(1 + count as usize)).await.resumed, "is_reconnect: yes");
    }
    sleep(seconds(60)).await;
    let mut bob = bob.reborn(&world, false);
    ada.away(bobs).await;
    let welcome = bob.up(1).await;
    assert!(welcome.resumed, "is_reconnect: yes");
    assert_eq!((welcome.calls[0].id, welcome.calls[0].you), (call, bobs));
    assert!(peer_online(&welcome.calls[0]), "peer_online: yes");
    assert_eq!(own_returns(&welcome.calls[0]), 3);
    assert_eq!(ada.back(bobs).await, (2, 3));
    let entry = logged(&world, call).await;
    assert_eq!((entry.participants[1].reconnect_count, entry.participants[1].incarnation), (3, 2));
    assert_eq!(entry.participants[1].outages.len(), 3);

    // The other one is away when it comes back: it knows that, too, and until when.
    sleep(seconds(60)).await;
    take_away(&world, &ada);
    let adas = welcome.calls[0].participants.iter().find(|other| other.id != bobs).unwrap().id;
    assert_eq!(bob.away(adas).await, 1_800_000);
    let mut bob = bob.reborn(&world, false);
    let again = bob.up(1).await;
    assert!(again.resumed && !peer_online(&again.calls[0]), "peer_online: no");
    rules_hold(&world, &[&ada, &bob]).await;
}

#[tokio::test(start_paused = true)]
async fn who_stays_away_for_half_an_hour_has_left_and_the_call_goes_on() {
    // From a millisecond before the end of it to a millisecond after it.
    for (step_ms, is_back) in [(0, true), (1, false), (2, false)] {
        let Room { world, hub: _hub, mut ada, mut bob, call, bobs } = room().await;
        sleep(seconds(30)).await;
        let lost_at = Instant::now();
        take_away(&world, &bob);
        ada.away(bobs).await;
        let returns_at = lost_at + HALF_AN_HOUR - Duration::from_millis(1) + Duration::from_millis(step_ms);
        give_back_at(&world, &bob, returns_at).await;
        if is_back {
            assert_eq!(ada.back(bobs).await, (1, 1), "step {step_ms}");
            bob.up(2).await;
        } else {
            let reason = LeaveReason::NetworkLost;
            assert_eq!(ada.next().await, HubFrame::PeerLeft { call, participant: bobs, reason });
            assert_eq!(lost_at.elapsed(), HALF_AN_HOUR + ONE_WAY);
            bob.is_out_of_it(call, bobs).await;
            // The call has gone on: there is a new place in it.
            bob.rejoin(call).await;
            let again = bob.joined().await;
            assert_eq!(again.id, call);
            assert_ne!(again.you, bobs);
            assert_eq!(ada.met().await, again.you);
        }
        ada.quiet_for(HALF_AN_HOUR).await;
        bob.quiet_for(seconds(1)).await;
        assert_eq!(logged(&world, call).await.status, CallStatus::Active);
        rules_hold(&world, &[&ada, &bob]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_all_have_left_alone_for_half_an_hour_expires() {
    let Room { world, hub: _hub, mut ada, mut bob, call, bobs } = room().await;
    take_away(&world, &bob);
    ada.away(bobs).await;
    sleep(seconds(600)).await;
    let lost_at = Instant::now();
    take_away(&world, &ada);
    sleep_until(lost_at + HALF_AN_HOUR - seconds(1)).await;
    // Bob's own half an hour is over, but the call waits for whoever comes first.
    let waiting = logged(&world, call).await;
    assert_eq!(waiting.status, CallStatus::Active);
    assert!(waiting.participants.iter().all(|participant| participant.left_unix_ms.is_none()));
    sleep(seconds(2)).await;
    assert_eq!(logged(&world, call).await.reason, Some(EndReason::Expired));
    for device in [&mut ada, &mut bob] {
        give_back(&world, device).await;
        device.up(2).await;
    }
    assert_eq!(ada.ended(call).await, EndReason::Expired);
    assert!(matches!(bob.next().await, HubFrame::PeerDisconnected { .. }), "what it missed comes first");
    assert_eq!(bob.ended(call).await, EndReason::Expired);
    sleep(seconds(1)).await;
    all_is_over(&world, &[&ada, &bob]).await;
}
