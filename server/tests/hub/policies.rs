//! What happens when somebody is away: each preset, named after the system that runs it, with short numbers.

use crate::support::{Client, TestHub, config, ms};
use holdfast_protocol::{
    CallSnapshot, ClientFrame, DisconnectPolicy, EndReason, ErrorCode, HubFrame, LeaveReason, PolicyPreset,
};
use holdfast_server::Config;

const AWAY_MS: u64 = 400;

/// The preset with [`AWAY_MS`].
fn short(preset: PolicyPreset) -> DisconnectPolicy {
    DisconnectPolicy { away_ms: AWAY_MS, all_away_ms: AWAY_MS, ..preset.policy() }
}

async fn direct(preset: PolicyPreset) -> TestHub {
    TestHub::start(Config { direct_policy: short(preset), ..config() }).await
}

async fn rooms(preset: PolicyPreset) -> TestHub {
    TestHub::start(Config { room_policy: short(preset), ..config() }).await
}

/// Hears that somebody is away.
async fn away(client: &mut Client, call: &CallSnapshot) {
    match client.next().await {
        HubFrame::PeerDisconnected { call: of, since_unix_ms, deadline_unix_ms, ms_left, .. } => {
            assert_eq!(of, call.id);
            // What is left when it is written, which a busy machine does a little later.
            assert!(ms_left <= AWAY_MS, "{ms_left}");
            assert!(since_unix_ms + AWAY_MS <= deadline_unix_ms, "counted from when it was noticed");
        }
        other => panic!("not away: {other:?}"),
    }
}

async fn reconnected(client: &mut Client) -> (u32, u32) {
    match client.next().await {
        HubFrame::PeerReconnected { incarnation, reconnect_count, .. } => (incarnation, reconnect_count),
        other => panic!("not back: {other:?}"),
    }
}

#[tokio::test]
async fn phone_grace_on_disconnect() {
    let hub = direct(PolicyPreset::Phone).await;
    let ((mut ada, _), (bob, bob_welcome), call) = hub.in_direct_call().await;
    let instance = bob.cut();
    away(&mut ada, &call).await;
    let (bob, _) = hub.back(&bob_welcome, Some(instance)).await;
    assert_eq!(reconnected(&mut ada).await, (1, 1), "nothing happened to the call");
    ada.nothing_else().await;
    drop(bob);
    assert!(matches!(ada.next().await, HubFrame::PeerDisconnected { .. }));
    // The second one when the return was not confirmed.
    let lost = [EndReason::NetworkLost, EndReason::ReconnectFailed];
    assert!(lost.contains(&ada.ended(call.id).await));
    ada.nothing_else().await;
}

#[tokio::test]
async fn support_ends_when_nobody_came_back_and_says_so_to_who_comes_later() {
    let hub = direct(PolicyPreset::Support).await;
    let ((mut ada, _), (bob, bob_welcome), call) = hub.in_direct_call().await;
    drop(bob);
    away(&mut ada, &call).await;
    assert_eq!(ada.ended(call.id).await, EndReason::NetworkLost);
    let (mut bob, _) = hub.device_of(&bob_welcome).await;
    assert_eq!(bob.too_late_for(call.id).await, EndReason::NetworkLost);
    for client in [&mut ada, &mut bob] {
        client.nothing_else().await;
    }
    hub.metric_becomes("holdfast_participants", 0).await;
}

#[tokio::test]
async fn support_hang_up_while_the_other_is_away_ends_the_call_at_once() {
    let hub = TestHub::defaults().await;
    let ((mut ada, _), (bob, bob_welcome), call) = hub.in_direct_call().await;
    drop(bob);
    assert!(matches!(ada.next().await, HubFrame::PeerDisconnected { ms_left: 40_000..=60_000, .. }));
    ada.leave(&call).await;
    let (mut bob, _) = hub.device_of(&bob_welcome).await;
    assert_eq!(bob.too_late_for(call.id).await, EndReason::Hangup);
    ada.nothing_else().await;
}

#[tokio::test]
async fn event_goes_on_without_who_stays_away() {
    let hub = rooms(PolicyPreset::Event).await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (bob, bob_welcome, call) = hub.joined("Bob", "team").await;
    let (mut eve, ..) = hub.joined("Eve", "team").await;
    for _ in 0..2 {
        assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    }
    drop(bob);
    let left = HubFrame::PeerLeft { call: call.id, participant: call.you, reason: LeaveReason::NetworkLost };
    for client in [&mut ada, &mut eve] {
        away(client, &call).await;
        assert_eq!(client.next().await, left);
    }
    let (mut bob, _) = hub.device_of(&bob_welcome).await;
    let id = bob.send_rejoin(call.id).await;
    match bob.next().await {
        HubFrame::Joined { in_reply_to, call: again } => {
            assert_eq!((in_reply_to, again.id, again.participants.len()), (id, call.id, 3));
            assert_ne!(again.you, call.you, "a new place");
        }
        other => panic!("{other:?}"),
    }
    for client in [&mut ada, &mut eve] {
        assert!(matches!(client.next().await, HubFrame::PeerJoined { .. }), "never left after a return");
        client.nothing_else().await;
    }
}

#[tokio::test]
async fn patient_waits_and_expires_when_nobody_is_left() {
    let hub = rooms(PolicyPreset::Patient).await;
    let (mut ada, ada_welcome, call) = hub.joined("Ada", "team").await;
    let (bob, ..) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    drop(bob);
    away(&mut ada, &call).await;
    drop(ada);
    hub.metric_becomes("holdfast_calls_ended_total{reason=\"expired\"}", 1).await;
    let (mut ada, _) = hub.device_of(&ada_welcome).await;
    assert_eq!(ada.too_late_for(call.id).await, EndReason::Expired);
    assert_eq!(hub.metric("holdfast_participants").await, 0);
}

#[tokio::test]
async fn patient_knows_a_reconnect_from_a_join() {
    let hub = TestHub::defaults().await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (bob, bob_welcome, call) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    drop(bob);
    assert!(matches!(ada.next().await, HubFrame::PeerDisconnected { ms_left: 1_780_000..=1_800_000, .. }));
    let (mut bob, _) = hub.back(&bob_welcome, None).await;
    assert_eq!(reconnected(&mut ada).await, (2, 1), "a reloaded page");
    let id = bob.send_rejoin(call.id).await;
    loop {
        match bob.next().await {
            HubFrame::Joined { in_reply_to, call: again } => {
                assert_eq!((in_reply_to, again.you), (id, call.you), "its own place");
                assert_eq!(again.participants[1].reconnect_count, 1);
                assert!(again.participants[0].state == holdfast_protocol::ParticipantState::Connected);
                break;
            }
            HubFrame::Error(error) => panic!("{error:?}"),
            _ => {}
        }
    }
    ada.nothing_else().await;
}

#[tokio::test]
async fn a_room_waits_for_who_is_away_when_the_last_one_hangs_up() {
    let hub = rooms(PolicyPreset::Event).await;
    let (mut ada, _, _) = hub.joined("Ada", "team").await;
    let (bob, bob_welcome, call) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    drop(bob);
    away(&mut ada, &call).await;
    ada.leave(&call).await;
    hub.metric_becomes("holdfast_calls_ended_total{reason=\"network-lost\"}", 1).await;
    let (mut bob, _) = hub.device_of(&bob_welcome).await;
    assert_eq!(bob.too_late_for(call.id).await, EndReason::NetworkLost);
    assert_eq!(hub.metric("holdfast_calls_ended_total{reason=\"hangup\"}").await, 0);
}

#[tokio::test]
async fn a_deadline_does_not_fire_while_media_flows() {
    let hub = direct(PolicyPreset::Support).await;
    let ((mut ada, _), (bob, bob_welcome), call) = hub.in_direct_call().await;
    let (mut cy, _) = hub.welcomed("Cy").await;
    let (mut dee, dee_welcome) = hub.welcomed("Dee").await;
    let other = cy.ring(dee_welcome.user).await;
    dee.incoming().await;
    let participants = vec![dee.accept(other.id).await.participants[1].id];
    assert!(matches!(cy.next().await, HubFrame::PeerJoined { .. }));
    let instance = bob.cut();
    let bobs = match ada.next().await {
        HubFrame::PeerDisconnected { participant, .. } => participant,
        unexpected => panic!("{unexpected:?}"),
    };
    ada.send(ClientFrame::MediaAlive { call: call.id, participants: vec![bobs] }).await;
    ada.nothing_else().await;
    // Later than that deadline: one that began later has fired. Whose media flows in another call is not asked.
    drop(dee);
    assert!(matches!(cy.next().await, HubFrame::PeerDisconnected { .. }));
    ada.send(ClientFrame::MediaAlive { call: call.id, participants }).await;
    assert_eq!(cy.ended(other.id).await, EndReason::NetworkLost);
    ada.nothing_else().await;
    let (_bob, _) = hub.back(&bob_welcome, Some(instance)).await;
    assert_eq!(reconnected(&mut ada).await, (1, 1), "only its socket was lost");
    ada.nothing_else().await;
}

#[tokio::test]
async fn the_seat_of_who_is_away_may_be_given_away_after_a_while() {
    let hub = TestHub::start(Config { participants_max: 2, seat_kept: ms(AWAY_MS), ..config() }).await;
    let (mut ada, ..) = hub.joined("Ada", "team").await;
    let (bob, bob_welcome, call) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    drop(bob);
    assert!(matches!(ada.next().await, HubFrame::PeerDisconnected { .. }));
    let (mut eve, _) = hub.welcomed("Eve").await;
    let mut refusals = 0;
    while {
        eve.send_join("team").await;
        match eve.next().await {
            HubFrame::Error(error) => {
                assert_eq!(error.code, ErrorCode::RoomFull);
                refusals += 1;
                tokio::time::sleep(ms(AWAY_MS / 8)).await;
                true
            }
            HubFrame::Joined { call, .. } => {
                assert_eq!(call.participants.len(), 2);
                false
            }
            other => panic!("{other:?}"),
        }
    } {}
    assert!(refusals > 0, "it is kept for a while");
    let left = HubFrame::PeerLeft { call: call.id, participant: call.you, reason: LeaveReason::SeatTaken };
    assert_eq!(ada.next().await, left);
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    let (mut bob, _) = hub.device_of(&bob_welcome).await;
    bob.send_rejoin(call.id).await;
    assert_eq!(bob.next_error().await.code, ErrorCode::RoomFull);
    ada.nothing_else().await;
}

#[tokio::test]
async fn a_call_is_no_longer_than_it_may_be() {
    let hub = TestHub::start(Config { max_duration: Some(ms(AWAY_MS)), ..config() }).await;
    let ((mut ada, _), (mut bob, _), call) = hub.in_direct_call().await;
    for client in [&mut ada, &mut bob] {
        assert_eq!(client.ended(call.id).await, EndReason::MaxDuration);
        client.nothing_else().await;
    }
    hub.metric_becomes("holdfast_rooms", 0).await;
}
