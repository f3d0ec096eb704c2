//! System 2, the rejoin window (`support`): 60 s after a crash, with a token that is good for as long; the other side
//! waits, may end the call meanwhile, and the same call goes on when the crashed one rejoins.

use crate::{
    device::{Device, HELLO_AFTER},
    rules::{all_is_over, logged, rules_hold},
    stage::{Pair, give_back_at, seconds, take_away},
};
use holdfast_protocol::{
    CallSnapshot, CallStatus, EndReason, LeaveReason, ParticipantState, PolicyPreset, Presence,
};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{Instant, sleep, sleep_until};

const WINDOW: Duration = Duration::from_mins(1);
const ONE_WAY: Duration = Duration::from_millis(20);

/// What the hub says of the device's own place: what is left of its window.
fn own_ms_left(call: &CallSnapshot) -> Option<u64> {
    let own = call.participants.iter().find(|participant| participant.id == call.you)?;
    match own.state {
        ParticipantState::TemporarilyDisconnected { ms_left, .. } => Some(ms_left),
        ParticipantState::Connected => None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_crashed_one_is_asked_and_rejoins_the_same_call() {
    let Pair { world, hub: _hub, mut ada, bob, call, bobs } = Pair::under(PolicyPreset::Support).await;
    let kept = bob.standing().resume.token.expose().to_owned();
    sleep(seconds(10)).await;
    let crashed_at = Instant::now();
    bob.crash();
    assert_eq!(ada.away(bobs).await, 60_000, "disconnected, waiting");

    // A new process asks first: nobody hears of it, nor of its death, and it knows how long there is to answer.
    let mut asking = bob.reborn(&world, true);
    asking.up(1).await;
    let bob = asking;
    bob.crash();
    sleep_until(crashed_at + seconds(30) - HELLO_AFTER).await;
    let mut bob = bob.reborn(&world, true);
    let welcome = bob.up(1).await;
    assert!(welcome.resumed);
    assert_eq!(welcome.calls.len(), 1);
    let offered = &welcome.calls[0];
    assert_eq!((offered.id, offered.you), (call, bobs));
    assert_eq!(own_ms_left(offered), Some(30_000), "the hub's deadline");
    let other = offered.participants.iter().find(|participant| participant.id != bobs).unwrap();
    assert_eq!((other.name.as_str(), other.state), ("Ada", ParticipantState::Connected), "who waits");
    ada.quiet_for(seconds(20)).await;

    bob.rejoin(call).await;
    let again = bob.joined().await;
    assert_eq!((again.id, again.you), (call, bobs), "its own place in the same call");
    assert_eq!(ada.back(bobs).await, (2, 1), "another process");
    ada.quiet_for(seconds(120)).await;
    bob.quiet_for(seconds(1)).await;
    let entry = logged(&world, call).await;
    assert_eq!(entry.status, CallStatus::Active);
    assert_eq!(entry.participants.len(), 2, "nobody is there twice");
    assert!(entry.participants[1].outages[0].returned);
    rules_hold(&world, &[&ada, &bob]).await;

    // Each token is another one, and the stored ones end with the call.
    let tokens: BTreeSet<String> = [kept, welcome.token.expose().to_owned()].into();
    assert_eq!(tokens.len(), 2);
    ada.leave(call).await;
    assert_eq!(bob.ended(call).await, EndReason::Hangup);
    sleep(seconds(1)).await;
    all_is_over(&world, &[&ada, &bob]).await;
}

#[tokio::test(start_paused = true)]
async fn a_token_is_good_for_as_long_as_the_window() {
    // From a millisecond before the end of the window to a millisecond after it.
    for (step_ms, is_back) in [(0, true), (1, false), (2, false)] {
        let Pair { world, hub: _hub, mut ada, bob, call, bobs } = Pair::under(PolicyPreset::Support).await;
        let crashed_at = Instant::now();
        bob.crash();
        ada.away(bobs).await;
        let at = crashed_at + WINDOW - Duration::from_millis(1) + Duration::from_millis(step_ms);
        sleep_until(at - HELLO_AFTER).await;
        let mut bob = bob.reborn(&world, false);
        let welcome = bob.up(1).await;
        if is_back {
            assert!(welcome.resumed, "step {step_ms}");
            assert_eq!(welcome.calls.iter().map(|call| call.you).collect::<Vec<_>>(), [bobs]);
            assert_eq!(ada.back(bobs).await, (2, 1));
            ada.leave(call).await;
            assert_eq!(bob.ended(call).await, EndReason::Hangup);
        } else {
            assert_eq!(ada.ended(call).await, EndReason::NetworkLost, "step {step_ms}");
            assert_eq!(welcome.calls, [], "step {step_ms}");
            assert_eq!(bob.too_late(call).await, EndReason::NetworkLost, "what is stored is of no use");
        }
        ada.quiet_for(seconds(120)).await;
        bob.quiet_for(seconds(1)).await;
        all_is_over(&world, &[&ada, &bob]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_token_is_worthless_once_its_session_is_over() {
    let Pair { world, hub: _hub, mut ada, bob, call, bobs } = Pair::under(PolicyPreset::Support).await;
    bob.crash();
    ada.away(bobs).await;
    assert_eq!(ada.ended(call).await, EndReason::NetworkLost);
    sleep(seconds(30)).await;
    let mut bob = bob.reborn(&world, false);
    let welcome = bob.up(1).await;
    assert!(!welcome.resumed, "the session is not there any more");
    assert_eq!((welcome.user, welcome.calls), (bob.user(), vec![]), "the same user, in no call");
    assert_eq!(bob.too_late(call).await, EndReason::NetworkLost);
    all_is_over(&world, &[&ada, &bob]).await;
}

#[tokio::test(start_paused = true)]
async fn the_other_side_may_end_it_meanwhile() {
    let Pair { world, hub: _hub, mut ada, bob, call, bobs } = Pair::under(PolicyPreset::Support).await;
    sleep(seconds(10)).await;
    bob.crash();
    ada.away(bobs).await;
    sleep(seconds(20)).await;
    ada.leave(call).await;
    let ended = logged(&world, call).await;
    assert_eq!(ended.reason, Some(EndReason::Hangup), "at once");
    // The caller is free, and the window does not fire any more.
    ada.quiet_for(seconds(60)).await;
    let mut bob = bob.reborn(&world, true);
    assert_eq!(bob.up(1).await.calls, [], "nothing is offered");
    assert_eq!(bob.too_late(call).await, EndReason::Hangup);
    let later = logged(&world, call).await;
    assert_eq!((later.reason, later.ended_unix_ms), (ended.reason, ended.ended_unix_ms));
    all_is_over(&world, &[&ada, &bob]).await;
}

#[tokio::test(start_paused = true)]
async fn the_window_waits_for_as_long_as_media_is_said_to_flow() {
    let Pair { world, hub: _hub, mut ada, bob, call, bobs } = Pair::under(PolicyPreset::Support).await;
    take_away(&world, &bob);
    ada.away(bobs).await;
    for _ in 0..40 {
        ada.media_alive(call, vec![bobs]).await;
        ada.quiet_for(seconds(4)).await;
    }
    ada.media_alive(call, vec![bobs]).await;
    let said_at = Instant::now();
    assert_eq!(ada.ended(call).await, EndReason::NetworkLost);
    assert_eq!(said_at.elapsed(), seconds(10) + 2 * ONE_WAY, "from when the hub heard it last");
    ada.quiet_for(seconds(120)).await;
    all_is_over(&world, &[&ada]).await;
}

#[tokio::test(start_paused = true)]
async fn a_return_that_is_declined_ends_the_participation_at_once() {
    let Pair { world, hub: _hub, mut ada, bob, call, bobs } = Pair::under(PolicyPreset::Support).await;
    bob.crash();
    ada.away(bobs).await;
    sleep(seconds(10)).await;
    let mut bob = bob.reborn(&world, true);
    assert_eq!(bob.up(1).await.calls.len(), 1);
    let declined_at = Instant::now();
    bob.leave(call).await;
    assert_eq!(ada.ended(call).await, EndReason::Hangup);
    assert!(declined_at.elapsed() <= 2 * ONE_WAY, "{:?}", declined_at.elapsed());
    ada.quiet_for(seconds(120)).await;
    all_is_over(&world, &[&ada, &bob]).await;
}

#[tokio::test(start_paused = true)]
async fn a_return_that_was_tried_and_failed_is_told_apart() {
    let Pair { world, hub: _hub, mut ada, bob, call, bobs } = Pair::under(PolicyPreset::Support).await;
    let lost_at = Instant::now();
    take_away(&world, &bob);
    ada.away(bobs).await;
    // The hub has its hello, and the welcome is lost on its way.
    let tried_at = lost_at + seconds(20);
    give_back_at(&world, &bob, tried_at).await;
    sleep_until(tried_at + Duration::from_millis(10)).await;
    take_away(&world, &bob);
    assert_eq!(ada.back(bobs).await, (1, 1));
    assert_eq!(ada.away(bobs).await, 60_000 - 20_010, "it goes on with the old deadline");
    assert_eq!(ada.ended(call).await, EndReason::ReconnectFailed);
    assert_eq!(lost_at.elapsed(), WINDOW + ONE_WAY);
    ada.quiet_for(seconds(120)).await;
    let entry = logged(&world, call).await;
    assert_eq!(entry.participants[1].left_reason, Some(LeaveReason::ReconnectFailed));
    all_is_over(&world, &[&ada]).await;
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_shown_as_such_and_a_caller_is_refused() {
    let Pair { world, hub: _hub, mut ada, bob, call, bobs } = Pair::under(PolicyPreset::Support).await;
    let mut cyd = Device::start(&world, 4, "Cyd").await;
    bob.crash();
    ada.away(bobs).await;
    assert_eq!(cyd.presence_of(bob.user()).await, None, "who has no device is not online");
    assert_eq!(cyd.presence_of(ada.user()).await, Some(Presence::InCall));
    cyd.is_refused(ada.user(), holdfast_protocol::ErrorCode::Busy).await;
    assert_eq!(ada.missed().await, cyd.user());
    assert_eq!(ada.ended(call).await, EndReason::NetworkLost);
    assert_eq!(cyd.presence_of(ada.user()).await, Some(Presence::Online));
    all_is_over(&world, &[&ada, &cyd]).await;
}
