//! System 5, clean-up on lost upstream: after a hub's death or a lost store nothing stays ringing or busy, what nobody
//! comes back to has ended and is kept, and clients come back when they are told.

use crate::{
    device::Device,
    rules::{all_is_over, calls, logged, rules_hold},
    stage::{Pair, give_back, seconds, take_away, under, world},
};
use futures_util::{SinkExt as _, StreamExt as _};
use holdfast_protocol::{
    CallStatus, EndReason, ErrorCode, HubFrame, OutageCause, PolicyPreset, WEBSOCKET_PATH,
};
use holdfast_server::Config;
use holdfast_tests::world::World;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_tungstenite::{client_async, tungstenite::Message};

/// How soon after the hub's return everyone is back.
const BACK_MAX: Duration = Duration::from_secs(11);
const DOWN: Duration = Duration::from_secs(20);

#[tokio::test(start_paused = true)]
async fn a_ring_does_not_outlive_its_hub() {
    let world = world();
    let hub = world.start_hub_with(1, under(PolicyPreset::Support));
    let (mut ada, mut bob) = (Device::start(&world, 2, "Ada").await, Device::start(&world, 3, "Bob").await);
    let call = ada.call(bob.user()).await.id;
    assert!(matches!(bob.next().await, HubFrame::IncomingCall(_)));
    sleep(seconds(10)).await;
    hub.host.crash();
    sleep(DOWN).await;
    let _hub = world.start_hub_with(2, under(PolicyPreset::Support));
    let returned_at = Instant::now();
    assert_eq!(calls(&world, "?status=ringing").await, []);
    for device in [&mut ada, &mut bob] {
        let welcome = device.up(2).await;
        assert!(returned_at.elapsed() <= BACK_MAX, "{:?}", returned_at.elapsed());
        assert_eq!((welcome.calls, welcome.incoming), (vec![], vec![]), "dialogs close, sounds stop");
        assert!(!device.state.borrow().welcomes[1].1, "it cannot be taken for going on");
    }
    let entry = logged(&world, call).await;
    assert_eq!(entry.reason, Some(EndReason::ServerCleanup), "kept, with its reason");
    all_is_over(&world, &[&ada, &bob]).await;
    // Later deadlines of the ring do not fire either, and nobody is busy.
    ada.quiet_for(seconds(60)).await;
    ada.call(bob.user()).await;
    bob.accept().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_on_for_whoever_comes_back() {
    let Pair { world, hub, mut ada, mut bob, call, bobs } = Pair::under(PolicyPreset::Support).await;
    sleep(seconds(30)).await;
    hub.host.crash();
    // Longer than the window: the downtime does not count.
    sleep(seconds(120)).await;
    let _hub = world.start_hub_with(2, under(PolicyPreset::Support));
    let returned_at = Instant::now();
    for device in [&mut ada, &mut bob] {
        let welcome = device.up(2).await;
        assert!(returned_at.elapsed() <= BACK_MAX, "{:?}", returned_at.elapsed());
        assert!(welcome.resumed);
        assert_eq!(welcome.calls.iter().map(|call| call.id).collect::<Vec<_>>(), [call]);
    }
    sleep(seconds(60)).await;
    let entry = logged(&world, call).await;
    assert_eq!((entry.status, entry.reason), (CallStatus::Active, None));
    for participant in &entry.participants {
        let [outage] = participant.outages[..] else { panic!("{participant:?}") };
        assert_eq!((outage.cause, outage.returned), (OutageCause::HubRestart, true), "{entry:?}");
    }
    // Whoever was first may have heard of the other's return; of nothing else.
    for device in [&ada, &bob] {
        let heard = device.histories[0].lock().unwrap().clone();
        assert!(!heard.iter().any(|frame| matches!(
            frame,
            HubFrame::CallEnded { .. } | HubFrame::PeerLeft { .. } | HubFrame::PeerDisconnected { .. }
        )));
    }
    let mut bob = bob.drained();
    let mut ada = ada.drained();
    take_away(&world, &bob);
    assert_eq!(ada.away(bobs).await, 60_000, "deadlines are as before");
    assert_eq!(ada.ended(call).await, EndReason::NetworkLost);
    give_back(&world, &bob).await;
    bob.up(3).await;
    assert_eq!(bob.ended(call).await, EndReason::NetworkLost);
    all_is_over(&world, &[&ada, &bob]).await;
}

#[tokio::test(start_paused = true)]
async fn what_nobody_comes_back_to_has_ended_and_is_kept() {
    let Pair { world, hub, mut ada, bob, call, bobs } = Pair::under(PolicyPreset::Support).await;
    sleep(seconds(30)).await;
    hub.host.crash();
    bob.crash();
    sleep(DOWN).await;
    // One of two: the other one's window runs out.
    let hub = world.start_hub_with(2, under(PolicyPreset::Support));
    let returned_at = Instant::now();
    assert_eq!(ada.up(2).await.calls.len(), 1);
    assert_eq!(ada.ended(call).await, EndReason::NetworkLost);
    let waited = returned_at.elapsed();
    assert!((seconds(60)..=seconds(62)).contains(&waited), "{waited:?}");
    assert_eq!(logged(&world, call).await.reason, Some(EndReason::NetworkLost));

    // None of two, over two lives of the hub.
    let mut cyd = Device::start(&world, 4, "Cyd").await;
    let other = cyd.call(ada.user()).await.id;
    ada.accept().await;
    cyd.met().await;
    sleep(seconds(10)).await;
    hub.host.crash();
    ada.crash();
    cyd.crash();
    sleep(DOWN).await;
    let hub = world.start_hub_with(3, under(PolicyPreset::Support));
    sleep(seconds(30)).await;
    assert_eq!(calls(&world, "?status=active").await.len(), 1, "it waits");
    hub.host.crash();
    sleep(DOWN).await;
    let _hub = world.start_hub_with(4, under(PolicyPreset::Support));
    sleep(seconds(25)).await;
    assert_eq!(calls(&world, "?status=active").await.len(), 1, "what is left of its window, and no less");
    sleep(seconds(40)).await;
    assert_eq!(logged(&world, other).await.reason, Some(EndReason::NetworkLost));
    assert_eq!(calls(&world, "").await.len(), 2, "all are kept, and none twice");
    assert_ne!(bobs, logged(&world, other).await.participants[0].id);
    all_is_over(&world, &[&ada, &bob, &cyd]).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_store_leaves_nothing_ringing_or_busy() {
    let world = world();
    let _hub = world.start_hub_with(1, under(PolicyPreset::Support));
    let (mut ada, mut bob) = (Device::start(&world, 2, "Ada").await, Device::start(&world, 3, "Bob").await);
    let mut cyd = Device::start(&world, 4, "Cyd").await;

    // Lost while it rings, for longer than it rings.
    let missed = ada.call(bob.user()).await.id;
    assert!(matches!(bob.next().await, HubFrame::IncomingCall(_)));
    world.store.lose(true);
    assert_eq!(ada.ended(missed).await, EndReason::Missed);
    assert_eq!(bob.ended(missed).await, EndReason::Missed, "dialogs close, sounds stop");
    // Nothing can begin meanwhile, and who tries is told.
    cyd.is_refused(bob.user(), ErrorCode::Internal).await;
    bob.quiet_for(seconds(5)).await;
    world.store.lose(false);
    sleep(seconds(11)).await;
    let entry = logged(&world, missed).await;
    assert_eq!((entry.status, entry.reason), (CallStatus::Ended, Some(EndReason::Missed)));
    all_is_over(&world, &[&ada, &bob, &cyd]).await;

    // Lost in a call: it goes on, and what became of it is known afterwards.
    let call = ada.call(bob.user()).await.id;
    bob.accept().await;
    let bobs = ada.met().await;
    world.store.lose(true);
    take_away(&world, &bob);
    ada.away(bobs).await;
    sleep(seconds(20)).await;
    give_back(&world, &bob).await;
    assert_eq!(ada.back(bobs).await, (1, 1));
    sleep(seconds(5)).await;
    ada.leave(call).await;
    assert_eq!(bob.ended(call).await, EndReason::Hangup);
    world.store.lose(false);
    sleep(seconds(11)).await;
    let entry = logged(&world, call).await;
    assert_eq!(entry.reason, Some(EndReason::Hangup));
    assert_eq!(entry.participants[1].outages.len(), 1, "with all that happened");
    all_is_over(&world, &[&ada, &bob, &cyd]).await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_lost_for_long_makes_nobody_busy_for_ever() {
    let Pair { world, hub: _hub, mut ada, mut bob, call, .. } = Pair::under(PolicyPreset::Support).await;
    world.store.lose(true);
    ada.leave(call).await;
    assert_eq!(bob.ended(call).await, EndReason::Hangup);
    sleep(Duration::from_mins(30)).await;
    world.store.lose(false);
    sleep(seconds(30)).await;
    assert_eq!(logged(&world, call).await.reason, Some(EndReason::Hangup));
    all_is_over(&world, &[&ada, &bob]).await;
    ada.call(bob.user()).await;
    bob.accept().await;
}

#[tokio::test(start_paused = true)]
async fn a_planned_stop_says_when_to_come_back() {
    let config = Config { retry_after: seconds(5), ..under(PolicyPreset::Support) };
    let Pair { world, hub, mut ada, mut bob, call, .. } = Pair::with(config.clone()).await;
    sleep(seconds(30)).await;
    hub.shutdown.drain.cancel();
    sleep(seconds(1)).await;
    drop(hub);
    let _hub = world.start_hub_with(2, config);
    for device in [&mut ada, &mut bob] {
        let waits = device.state.borrow().waits_ms.clone();
        assert_eq!(waits.len(), 1, "one attempt");
        assert!((4_900..=5_000).contains(&waits[0]), "{waits:?}");
        device.hurry().await;
        let welcome = device.up(2).await;
        assert!(welcome.resumed, "it resumes normally");
        assert_eq!(welcome.calls[0].id, call);
        assert_eq!(device.state.borrow().waits_ms, waits, "no attempt before its time");
    }
    sleep(seconds(60)).await;
    let entry = logged(&world, call).await;
    assert_eq!(entry.status, CallStatus::Active);
    for participant in &entry.participants {
        assert_eq!(participant.outages[0].cause, OutageCause::HubRestart);
    }
    rules_hold(&world, &[&ada, &bob]).await;
}

/// Says nonsense until the hub has enough of this address.
async fn misbehave(world: &World, number: u8) {
    let (host, hub) = (world.host(number), world.hub_address());
    for _ in 0..60 {
        let stream = host.connect(hub).await.unwrap();
        let Ok((mut socket, _)) = client_async(format!("ws://{hub}{WEBSOCKET_PATH}"), stream).await else {
            return;
        };
        while socket.send(Message::text("nonsense")).await.is_ok() {
            match socket.next().await {
                Some(Ok(Message::Text(text))) if text.contains("banned") => return,
                Some(Ok(_)) => {}
                _ => break,
            }
        }
    }
    panic!("it has never had enough");
}

#[tokio::test(start_paused = true)]
async fn a_banned_address_stays_away_for_as_long_as_it_is_told() {
    const BAN: Duration = Duration::from_mins(11);
    let world = world();
    let _hub = world.start_hub_with(1, under(PolicyPreset::Patient));
    let (mut ada, mut bob) = (Device::start(&world, 2, "Ada").await, Device::start(&world, 3, "Bob").await);
    let call = ada.join("ward-7").await.id;
    let bobs = bob.join("ward-7").await.you;
    ada.met().await;
    sleep(seconds(30)).await;
    misbehave(&world, 3).await;
    let banned_at = Instant::now();
    sleep(seconds(1)).await;
    let (client, hub) = (bob.host.ip(), world.hub_address().ip());
    world.network.cut_tcp(client, hub);
    assert_eq!(ada.away(bobs).await, 1_800_000);
    sleep(seconds(60)).await;
    let waits = bob.state.borrow().waits_ms.clone();
    let told = *waits.last().unwrap();
    assert!((650_000..=660_000).contains(&told), "{waits:?}");
    // One client of an address at a time is told by a WebSocket, the others by an HTTP refusal: both wait.
    let others = [(); 2].map(|()| Device::boot(&world, 3, "Eve", None, Vec::new()));
    sleep(seconds(1)).await;
    for other in &others {
        let waits = other.state.borrow().waits_ms.clone();
        assert!(matches!(waits[..], [550_000..=660_000]), "{waits:?}");
    }
    // No impatience makes it hammer.
    let connections = world.network.traffic().tcp_connections;
    for _ in 0..20 {
        bob.hurry().await;
        sleep(seconds(20)).await;
    }
    assert_eq!(world.network.traffic().tcp_connections, connections);
    assert_eq!(bob.state.borrow().waits_ms, waits);
    let welcome = bob.up(2).await;
    assert!(
        banned_at.elapsed() >= BAN && banned_at.elapsed() <= BAN + seconds(2),
        "{:?}",
        banned_at.elapsed()
    );
    assert!(welcome.resumed, "it resumes normally");
    assert_eq!(ada.back(bobs).await, (1, 1));
    assert_eq!(logged(&world, call).await.status, CallStatus::Active);
    rules_hold(&world, &[&ada, &bob]).await;
}

/// The end of the call was told and could not be stored; then the hub died. It cannot know, and clients do.
#[tokio::test(start_paused = true)]
async fn a_hub_that_dies_without_its_store_takes_a_client_at_its_word() {
    let Pair { world, hub, mut ada, mut bob, call, .. } = Pair::under(PolicyPreset::Support).await;
    world.store.lose(true);
    ada.leave(call).await;
    assert_eq!(bob.ended(call).await, EndReason::Hangup);
    hub.host.crash();
    bob.crash();
    sleep(DOWN).await;
    world.store.lose(false);
    let _hub = world.start_hub_with(2, under(PolicyPreset::Support));
    let welcome = ada.up(2).await;
    assert_eq!(welcome.calls.iter().map(|call| call.id).collect::<Vec<_>>(), [call]);
    ada.leave(call).await;
    sleep(seconds(1)).await;
    assert_eq!(logged(&world, call).await.reason, Some(EndReason::Hangup));
    all_is_over(&world, &[&ada]).await;
}
