//! Calls from user to user, in both roles.

use crate::support::{AUDIO_AND_CAMERA, Bot, PATIENCE, TestHub};
use holdfast_peer::{ClientError, Event};
use holdfast_protocol::{CallId, CallSnapshot, CallState, DirectoryQuery, EndReason, ErrorCode, MediaState};

fn rings(event: &Event) -> Option<CallId> {
    match event {
        Event::IncomingCall { call, .. } => Some(*call),
        _ => None,
    }
}

fn ended(event: &Event) -> Option<EndReason> {
    match event {
        Event::CallEnded { reason, .. } => Some(*reason),
        _ => None,
    }
}

/// Ada and Bob, connected; Ada calls.
async fn ringing(hub: &TestHub) -> (Bot, Bot, CallId) {
    let (ada, mut bob) = (Bot::connect(hub, "Ada").await, Bot::connect(hub, "Bob").await);
    let call = ada.client.call(hub.user("Bob"), AUDIO_AND_CAMERA).await.unwrap();
    assert!(matches!(call.state, CallState::Ringing { to, .. } if to == hub.user("Bob")));
    assert_eq!(bob.event(rings).await, call.id);
    (ada, bob, call.id)
}

#[tokio::test]
async fn a_call_is_accepted_talked_through_and_hung_up() {
    let hub = TestHub::new(2);
    let (mut ada, mut bob, call) = ringing(&hub).await;
    let again = bob.client.call(hub.user("Ada"), AUDIO_AND_CAMERA).await;
    assert!(matches!(again, Err(ClientError::Refused(error)) if error.code == ErrorCode::Busy));
    let joined = bob.client.accept(call, AUDIO_AND_CAMERA).await.unwrap();
    assert_eq!(joined.participants.len(), 2);
    ada.event(|event| {
        matches!(event, Event::PeerJoined(other) if other.name.as_str() == "Bob").then_some(())
    })
    .await;
    assert_eq!(ada.count(|event| matches!(event, Event::Ringing { .. })), 1);
    let _playing = [ada.play(), bob.play()];
    ada.media_flows().await;
    bob.media_flows().await;
    assert!(matches!(ada.client.call(hub.user("Bob"), AUDIO_AND_CAMERA).await, Err(ClientError::InCall)));
    bob.client.leave().await;
    assert_eq!(ada.event(ended).await, EndReason::Hangup);
    assert_eq!(ada.client.stats().await.unwrap(), []);
    // Free for the next one.
    bob.client.call(hub.user("Ada"), MediaState::default()).await.unwrap();
    ada.event(rings).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_is_declined_or_given_up() {
    let hub = TestHub::new(2);
    let (mut ada, mut bob, call) = ringing(&hub).await;
    bob.client.decline(call).await.unwrap();
    assert_eq!(ada.event(ended).await, EndReason::Declined);

    let call = ada.client.call(hub.user("Bob"), AUDIO_AND_CAMERA).await.unwrap().id;
    bob.event(rings).await;
    ada.client.leave().await;
    assert_eq!(
        bob.event(|event| ended(event).filter(|reason| *reason != EndReason::Declined)).await,
        EndReason::Cancelled
    );
    let late = bob.client.accept(call, AUDIO_AND_CAMERA).await;
    assert!(
        matches!(late, Err(ClientError::CallOver { call: over, reason: EndReason::Cancelled }) if over == call),
        "{late:?}"
    );
    assert!(matches!(bob.client.end().await, Err(ClientError::NotInCall)));
    let directory = ada.client.directory(DirectoryQuery::default()).await;
    assert!(matches!(directory, Err(ClientError::Refused(error)) if error.code == ErrorCode::DirectoryOff));
}

#[tokio::test(start_paused = true)]
async fn who_began_the_call_ends_it_for_everyone() {
    let hub = TestHub::new(2);
    let (mut ada, mut bob, call) = ringing(&hub).await;
    bob.client.accept(call, MediaState::default()).await.unwrap();
    ada.event(|event| matches!(event, Event::PeerJoined(_)).then_some(())).await;
    ada.client.end().await.unwrap();
    assert_eq!(bob.event(ended).await, EndReason::EndedByHost);
    ada.catch_up();
    assert_eq!(ada.count(|event| matches!(event, Event::Left { .. })), 1);
}

#[tokio::test(start_paused = true)]
async fn a_ring_survives_outages_and_is_told_once() {
    let hub = TestHub::new(2);
    let (mut ada, mut bob, call) = ringing(&hub).await;
    for restart in [false, true] {
        hub.shut();
        if restart {
            hub.restart();
        }
        for bot in [&mut ada, &mut bob] {
            bot.event(|event| matches!(event, Event::SocketLost { .. }).then_some(())).await;
        }
        hub.open();
        for bot in [&mut ada, &mut bob] {
            bot.event(|event| matches!(event, Event::Welcome { resumed: true, .. }).then_some(())).await;
        }
    }
    bob.client.accept(call, MediaState::default()).await.unwrap();
    ada.event(|event| matches!(event, Event::PeerJoined(_)).then_some(())).await;
    assert_eq!(bob.count(|event| matches!(event, Event::IncomingCall { .. })), 1);
}

#[tokio::test(start_paused = true)]
async fn a_ring_that_ended_with_an_epoch_stops() {
    let hub = TestHub::new(2);
    let (mut ada, mut bob, call) = ringing(&hub).await;
    hub.shut();
    for bot in [&mut ada, &mut bob] {
        bot.event(|event| matches!(event, Event::SocketLost { .. }).then_some(())).await;
    }
    hub.end(EndReason::Missed);
    hub.restart();
    hub.open();
    let stopped =
        |event: &Event| matches!(event, Event::RingingStopped { call: it } if *it == call).then_some(());
    bob.event(stopped).await;
    let over = |event: &Event| match event {
        Event::CallOver { reason, .. } => Some(*reason),
        _ => None,
    };
    assert_eq!(ada.event(over).await, EndReason::Missed);
    let offline = {
        let user = hub.user("Bob");
        hub.bar("Bob");
        hub.cut_one("Bob");
        bob.event(|event| matches!(event, Event::SocketLost { .. }).then_some(())).await;
        ada.client.call(user, MediaState::default()).await
    };
    assert!(matches!(offline, Err(ClientError::Refused(error)) if error.code == ErrorCode::UserOffline));
}

/// The hub rings Bob and is restarted before Ada hears of it; what she is answered.
async fn answer_lost(meanwhile: impl Fn(&TestHub)) -> (Result<CallSnapshot, ClientError>, Bot, Bot) {
    let hub = TestHub::new(2);
    let (mut ada, mut bob) = (Bot::connect(&hub, "Ada").await, Bot::connect(&hub, "Bob").await);
    hub.mute("Ada");
    let (client, to) = (ada.client.clone(), hub.user("Bob"));
    let call = tokio::spawn(async move { client.call(to, AUDIO_AND_CAMERA).await });
    bob.event(rings).await;
    hub.shut();
    for bot in [&mut ada, &mut bob] {
        bot.event(|event| matches!(event, Event::SocketLost { .. }).then_some(())).await;
    }
    meanwhile(&hub);
    hub.restart();
    hub.open();
    bob.event(|event| matches!(event, Event::Welcome { resumed: true, .. }).then_some(())).await;
    let answer = tokio::time::timeout(PATIENCE, call).await.expect("an answer").unwrap();
    bob.catch_up();
    assert_eq!(bob.count(|event| rings(event).is_some()), 1, "nobody is called twice for one wish");
    (answer, ada, bob)
}

#[tokio::test(start_paused = true)]
async fn a_ring_whose_answer_was_lost_is_found_again() {
    let (answer, ..) = answer_lost(|_| {}).await;
    assert!(matches!(answer.unwrap().state, CallState::Ringing { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_ring_whose_answer_was_lost_and_that_is_over_is_not_made_again() {
    let (answer, ..) = answer_lost(|hub| hub.end(EndReason::Missed)).await;
    assert!(matches!(answer, Err(ClientError::AnswerLost)), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_the_hub_has_forgotten_is_over() {
    let hub = TestHub::new(2);
    let (mut ada, mut bob, call) = ringing(&hub).await;
    bob.client.accept(call, MediaState::default()).await.unwrap();
    ada.event(|event| matches!(event, Event::PeerJoined(_)).then_some(())).await;
    hub.shut();
    hub.forget();
    hub.open();
    for bot in [&mut ada, &mut bob] {
        let over = bot.event(|event| match event {
            Event::CallOver { call, reason } => Some((*call, *reason)),
            _ => None,
        });
        assert_eq!(over.await, (call, EndReason::ServerCleanup));
        assert_eq!(bot.client.stats().await.unwrap(), []);
    }
}
