//! Who may come back: tokens that were given, lost, stolen, or are somebody else's.

use crate::support::{Client, TestHub, config, ms, offer, resume};
use holdfast_protocol::{ErrorCode, GuestCredential, HubFrame, Resume, Secret, Welcome};
use holdfast_server::Config;

/// Says `hello` with `resume`, which is refused with `code`.
async fn is_refused(hub: &TestHub, resume: Resume, code: ErrorCode) {
    let mut client = hub.connect().await;
    client.send_hello("Eve", None, Some(resume)).await;
    assert_eq!(client.next_error().await.code, code);
    assert_eq!(client.closed().await, (4002, vec![]));
}

async fn in_a_call(hub: &TestHub) -> (Client, Client, Welcome) {
    let (mut ada, ..) = hub.joined("Ada", "team").await;
    let (bob, welcome, _) = hub.joined("Bob", "team").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    (ada, bob, welcome)
}

#[tokio::test]
async fn two_clients_with_one_token() {
    let hub = TestHub::defaults().await;
    let (mut ada, bob, welcome) = in_a_call(&hub).await;
    let (mut second, _) = hub.back(&welcome, Some(bob.instance)).await;
    assert_eq!(bob.closed().await, (4005, vec![]), "the later one has it");
    second.nothing_else().await;
    // It has acknowledged its welcome: the token of the first one opens nothing any more.
    is_refused(&hub, resume(&welcome), ErrorCode::SessionUnknown).await;
    second.nothing_else().await;
    ada.nothing_else().await;
}

#[tokio::test]
async fn a_welcome_that_is_lost() {
    let hub = TestHub::defaults().await;
    let (mut ada, bob, welcome) = in_a_call(&hub).await;
    let instance = bob.instance;
    let mut kept = vec![bob];
    for _ in 0..3 {
        let mut unlucky = hub.connect().await;
        unlucky.instance = instance;
        unlucky.send_hello("Bob", None, Some(resume(&welcome))).await;
        // It comes, and is never acknowledged.
        let lost = unlucky.welcome().await;
        assert!(lost.resumed && lost.token != welcome.token);
        kept.push(unlucky);
    }
    let (mut bob, again) = hub.back(&welcome, Some(instance)).await;
    assert_eq!((again.resumed, again.epoch), (true, welcome.epoch));
    bob.nothing_else().await;
    is_refused(&hub, resume(&welcome), ErrorCode::SessionUnknown).await;
    bob.nothing_else().await;
    ada.nothing_else().await;
}

#[tokio::test]
async fn an_old_token_that_was_stolen() {
    let hub = TestHub::defaults().await;
    let (mut ada, bob, stolen) = in_a_call(&hub).await;
    let (bob, second) = hub.back(&stolen, Some(bob.instance)).await;
    let (mut bob, third) = hub.back(&second, Some(bob.instance)).await;
    bob.nothing_else().await;
    for old in [&stolen, &second] {
        is_refused(&hub, resume(old), ErrorCode::SessionUnknown).await;
    }
    bob.nothing_else().await;
    assert!(hub.back(&third, Some(bob.instance)).await.1.resumed);
    ada.nothing_else().await;
}

#[tokio::test]
async fn a_token_of_another_user() {
    let hub = TestHub::defaults().await;
    let (mut ada, mut bob, welcome) = in_a_call(&hub).await;
    let (_eve, eve) = hub.welcomed("Eve").await;
    let of_another = Resume { token: eve.token.clone(), ..resume(&welcome) };
    is_refused(&hub, of_another, ErrorCode::SessionUnknown).await;
    // The right token, but as somebody else.
    let mut thief = hub.connect().await;
    let guest = Some(GuestCredential { user: eve.user, secret: eve.guest_secret });
    thief.send_hello("Eve", guest, Some(resume(&welcome))).await;
    assert_eq!(thief.next_error().await.code, ErrorCode::BadCredentials);
    assert_eq!(thief.closed().await, (4002, vec![]));
    bob.nothing_else().await;
    ada.nothing_else().await;
}

#[tokio::test]
async fn a_known_id_without_its_secret() {
    let hub = TestHub::defaults().await;
    let (mut ada, mut bob, welcome) = in_a_call(&hub).await;
    for token in ["", "guess", welcome.guest_secret.expose()] {
        let guess = Resume { token: Secret::new(token), ..resume(&welcome) };
        is_refused(&hub, guess, ErrorCode::SessionUnknown).await;
    }
    bob.nothing_else().await;
    ada.nothing_else().await;
}

#[tokio::test]
async fn a_resume_after_the_window() {
    let hub = TestHub::start(Config { idle_resume_window: ms(1), ..config() }).await;
    let (bob, welcome) = hub.welcomed("Bob").await;
    let instance = bob.cut();
    hub.metric_becomes("holdfast_sessions", 0).await;
    is_refused(&hub, resume(&welcome), ErrorCode::SessionUnknown).await;
    // Who is told so says hello again, as the user it was.
    let mut again = hub.connect().await;
    again.instance = instance;
    let guest = GuestCredential { user: welcome.user, secret: welcome.guest_secret };
    let fresh = again.hello("Bob", Some(guest), None).await;
    assert!(!fresh.resumed && fresh.user == welcome.user && fresh.session != welcome.session);
    assert_eq!(hub.metric("holdfast_bans_total").await, 0);
}

#[tokio::test]
async fn a_hello_that_comes_late() {
    let hub = TestHub::defaults().await;
    let (mut ada, bob, welcome) = in_a_call(&hub).await;
    let hello = async |attempt| {
        let mut client = hub.connect().await;
        (client.instance, client.attempt) = (bob.instance, attempt);
        client.send_hello("Bob", None, Some(resume(&welcome))).await;
        client
    };
    let mut third = hello(3).await;
    // Not acknowledged, so that its token is still good.
    let again = third.welcome().await;
    let mut second = hello(2).await;
    assert_eq!(second.next_error().await.code, ErrorCode::StaleHello);
    assert_eq!(second.closed().await, (4002, vec![]));
    third.nothing_else().await;
    assert!(again.resumed);
    ada.nothing_else().await;
}

/// A client that was told to come back finds what was said to it, however often it has to try.
#[tokio::test]
async fn a_token_is_given_with_each_return() {
    let hub = TestHub::defaults().await;
    let (mut ada, mut bob, first) = in_a_call(&hub).await;
    let call = ada.join("second").await;
    let both = bob.join("second").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    let mut welcome = first;
    for generation in 1..=5 {
        let instance = bob.cut();
        ada.signal(&call, both.you, 1, offer(generation)).await;
        let again;
        (bob, again) = hub.back(&welcome, Some(instance)).await;
        assert!(again.resumed && again.token != welcome.token);
        assert!(matches!(bob.next().await, HubFrame::Signal { signal, .. } if signal == offer(generation)));
        welcome = again;
    }
}
