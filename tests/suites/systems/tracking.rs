//! System 4, participant tracking (`event`): three states, a heartbeat that is answered, 30 s, a state that is restored,
//! news for everyone, and the clean-up afterwards.

use crate::{
    device::Device,
    rules::{logged, rules_hold},
    stage::{give_back, give_back_at, seconds, take_away, under, world},
};
use holdfast_protocol::{
    CallId, ClientFrame, HubFrame, LeaveReason, MediaState, OutageCause, ParticipantId, ParticipantState,
    PolicyPreset, Role,
};
use holdfast_tests::world::{Hub, World};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const GRACE: Duration = Duration::from_secs(30);
const ONE_WAY: Duration = Duration::from_millis(20);
const QUIET: MediaState = MediaState { audio: false, camera: true, screen: false, screen_audio: false };

/// Bob is the host, and has his microphone off.
struct Event {
    world: World,
    hub: Hub,
    bob: Device,
    others: [Device; 2],
    call: CallId,
    bobs: ParticipantId,
}

async fn event() -> Event {
    let world = world();
    let hub = world.start_hub_with(1, under(PolicyPreset::Event));
    let mut bob = Device::start(&world, 3, "Bob").await;
    let (mut ada, mut cyd) = (Device::start(&world, 2, "Ada").await, Device::start(&world, 4, "Cyd").await);
    let call = bob.join("stage").await;
    ada.join("stage").await;
    bob.met().await;
    cyd.join("stage").await;
    bob.met().await;
    ada.met().await;
    let id = call.id;
    bob.say(move |command| ClientFrame::MediaState { id: command, call: id, media: QUIET }).await;
    for other in [&mut ada, &mut cyd] {
        assert!(matches!(other.next().await, HubFrame::MediaState { media: QUIET, .. }));
    }
    sleep(seconds(20)).await;
    Event { world, hub, bob, others: [ada, cyd], call: call.id, bobs: call.you }
}

/// What a newcomer is told of a participant.
async fn as_told(
    world: &World,
    number: u8,
    who: ParticipantId,
) -> Option<(ParticipantState, Role, MediaState)> {
    let mut eve = Device::start(world, number, "Eve").await;
    let call = eve.join("stage").await;
    let told = call.participants.iter().find(|participant| participant.id == who);
    let told = told.map(|participant| (participant.state, participant.role, participant.media));
    eve.leave(call.id).await;
    told
}

/// Somebody came to look, and left.
async fn looked_at(devices: &mut [Device]) {
    for device in devices {
        device.met().await;
        assert!(matches!(device.next().await, HubFrame::PeerLeft { reason: LeaveReason::Hangup, .. }));
    }
}

#[tokio::test(start_paused = true)]
async fn three_states_are_told_to_everyone_and_what_was_is_restored() {
    let Event { world, hub: _hub, bob, mut others, call, bobs } = event().await;
    take_away(&world, &bob);
    for other in &mut others {
        assert_eq!(other.away(bobs).await, 30_000, "away");
    }
    let (state, role, media) = as_told(&world, 20, bobs).await.expect("it keeps its place");
    assert!(matches!(state, ParticipantState::TemporarilyDisconnected { ms_left: 29_000..30_000, .. }));
    assert_eq!((role, media), (Role::Host, QUIET));
    looked_at(&mut others).await;

    give_back(&world, &bob).await;
    for other in &mut others {
        assert_eq!(other.back(bobs).await, (1, 1), "connected");
    }
    assert_eq!(as_told(&world, 21, bobs).await, Some((ParticipantState::Connected, Role::Host, QUIET)));
    looked_at(&mut others).await;

    take_away(&world, &bob);
    let lost_at = Instant::now();
    for other in &mut others {
        other.away(bobs).await;
        let left = HubFrame::PeerLeft { call, participant: bobs, reason: LeaveReason::NetworkLost };
        assert_eq!(other.next().await, left, "left");
    }
    assert_eq!(lost_at.elapsed(), GRACE + ONE_WAY, "counted anew");
    assert_eq!(as_told(&world, 22, bobs).await, None, "cleaned up");
    looked_at(&mut others).await;
    let entry = logged(&world, call).await;
    assert_eq!(entry.participants[0].left_reason, Some(LeaveReason::NetworkLost));
    let returned: Vec<bool> = entry.participants[0].outages.iter().map(|outage| outage.returned).collect();
    assert_eq!(returned, [true, false]);
    let [ada, cyd] = &others;
    rules_hold(&world, &[ada, cyd]).await;
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_that_stays_away_ends_a_half_open_socket() {
    let Event { world, hub: _hub, mut bob, mut others, call, bobs } = event().await;
    // Acknowledged heartbeats keep it: nobody hears anything.
    others[0].quiet_for(seconds(60)).await;
    let (client, hub) = (bob.host.ip(), world.hub_address().ip());
    let stalled_at = Instant::now();
    world.network.stall_tcp(client, hub, true);
    for other in &mut others {
        assert_eq!(other.away(bobs).await, 30_000, "from when it was noticed");
    }
    let noticed_after = stalled_at.elapsed();
    // Up to 5 s before the stall it was heard last.
    assert!((seconds(7)..=seconds(13)).contains(&noticed_after), "{noticed_after:?}");
    sleep(seconds(2)).await;
    assert!(!bob.state.borrow().is_up, "the client has noticed, too");
    world.network.stall_tcp(client, hub, false);
    for other in &mut others {
        assert_eq!(other.back(bobs).await, (1, 1));
        other.quiet_for(seconds(60)).await;
    }
    bob.quiet_for(seconds(1)).await;
    let entry = logged(&world, call).await;
    let outage = entry.participants[0].outages[0];
    assert_eq!((outage.cause, outage.returned), (OutageCause::HeartbeatTimeout, true));
    let [ada, cyd] = &others;
    rules_hold(&world, &[ada, cyd, &bob]).await;
}

/// The trap: "left" must not be sent after a rejoin.
#[tokio::test(start_paused = true)]
async fn who_rejoined_does_not_leave() {
    for (step_ms, is_back) in [(0, true), (1, false), (2, false)] {
        let Event { world, hub: _hub, mut bob, mut others, call, bobs } = event().await;
        take_away(&world, &bob);
        let deadline = Instant::now() + GRACE;
        for other in &mut others {
            other.away(bobs).await;
        }
        let returns_at = deadline - Duration::from_millis(1) + Duration::from_millis(step_ms);
        give_back_at(&world, &bob, returns_at).await;
        let left = HubFrame::PeerLeft { call, participant: bobs, reason: LeaveReason::NetworkLost };
        for other in &mut others {
            if is_back {
                assert_eq!(other.back(bobs).await, (1, 1), "step {step_ms}");
            } else {
                assert_eq!(other.next().await, left, "step {step_ms}");
            }
            // Not now, and not when the old deadline would have come twice over.
            other.quiet_for(seconds(120)).await;
        }
        if !is_back {
            bob.is_out_of_it(call, bobs).await;
        }
        bob.quiet_for(seconds(120)).await;
        let [ada, cyd] = &others;
        rules_hold(&world, &[ada, cyd, &bob]).await;
    }
}

/// The trap: somebody sets the hub's clock while a deadline runs.
#[tokio::test(start_paused = true)]
async fn a_jump_of_the_wall_clock_does_not_matter() {
    const HOUR_MS: i64 = 3_600_000;
    for jump_ms in [HOUR_MS, -HOUR_MS, 24 * HOUR_MS] {
        let Event { world, hub: _hub, mut bob, mut others, call, bobs } = event().await;
        take_away(&world, &bob);
        for other in &mut others {
            other.away(bobs).await;
        }
        sleep(seconds(10)).await;
        world.clock.jump(jump_ms);
        sleep(seconds(15)).await;
        give_back(&world, &bob).await;
        for other in &mut others {
            assert_eq!(other.back(bobs).await, (1, 1), "{jump_ms}: 25 s are not 30 s");
        }
        bob.up(2).await;
        // Its return counts once it has said that it knows of it.
        sleep(seconds(1)).await;
        take_away(&world, &bob);
        let lost_at = Instant::now();
        world.clock.jump(-2 * jump_ms);
        for other in &mut others {
            assert_eq!(other.away(bobs).await, 30_000);
            let left = HubFrame::PeerLeft { call, participant: bobs, reason: LeaveReason::NetworkLost };
            assert_eq!(other.next().await, left);
        }
        assert_eq!(lost_at.elapsed(), GRACE + ONE_WAY, "{jump_ms}");
        let entry = logged(&world, call).await;
        let away_ms: Vec<u64> = entry.participants[0]
            .outages
            .iter()
            .map(|outage| outage.until_unix_ms.unwrap() - outage.since_unix_ms)
            .collect();
        assert!(away_ms.iter().all(|ms| (25_000..=36_000).contains(ms)), "{jump_ms}: {away_ms:?}");
        let [ada, cyd] = &others;
        rules_hold(&world, &[ada, cyd, &bob]).await;
    }
}
