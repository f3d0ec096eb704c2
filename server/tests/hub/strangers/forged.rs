//! Ids and secrets that are somebody else's, or nobody's.

use super::{Control, STRANGER, is_shown_out, refusals, stranger, welcomed};
use crate::support::{TestHub, config, ms, resume};
use holdfast_protocol::{ErrorCode, GuestCredential, HubFrame, Resume, Secret, SessionId, UserId, Welcome};
use holdfast_server::{Config, OsEntropy};

#[tokio::test]
async fn a_guest_whose_secret_is_guessed() {
    let hub = TestHub::defaults().await;
    let control = Control::start(&hub).await;
    let (_ada, welcome) = hub.welcomed("Ada").await;
    let other = hub.welcomed("Eve").await.1.guest_secret;
    for secret in [Secret::new(""), Secret::new("guess"), other] {
        let mut mallory = stranger(&hub).await;
        let guest = GuestCredential { user: welcome.user, secret };
        mallory.send_hello("Ada", Some(guest), None).await;
        assert_eq!(mallory.next_error().await.code, ErrorCode::BadCredentials);
        assert_eq!(mallory.closed().await, (4002, vec![]));
    }
    assert_eq!(hub.metric(&refusals(ErrorCode::BadCredentials)).await, 3);
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn a_session_whose_token_is_guessed() {
    let hub = TestHub::defaults().await;
    let control = Control::start(&hub).await;
    let (mut ada, welcome, _) = hub.joined("Ada", "private").await;
    for (session, token) in
        [(welcome.session, Secret::new("guess")), (SessionId::mint(&OsEntropy), welcome.token.clone())]
    {
        let mut mallory = stranger(&hub).await;
        mallory.send_hello("Ada", None, Some(Resume { session, token, ..resume(&welcome) })).await;
        let error = mallory.next_error().await;
        let expected = (ErrorCode::SessionUnknown, "no such session, or the token is not its");
        assert_eq!((error.code, error.message.as_str()), expected, "which of them, nobody learns");
        assert_eq!(mallory.closed().await, (4002, vec![]));
    }
    assert_eq!(hub.metric(r#"holdfast_resumes_total{outcome="refused"}"#).await, 2);
    ada.nothing_else().await;
    control.stays_undisturbed().await;
}

/// As fast as it goes: the refusals before the ban.
async fn guesses_until_banned(hub: &TestHub, known: &Welcome, session: impl Fn() -> SessionId) -> u32 {
    let mut refused = 0;
    loop {
        let Ok(mut mallory) = hub.connect_from(STRANGER, &[]).await else { panic!("nobody says why") };
        let guess = Resume { session: session(), token: Secret::new(refused.to_string()), ..resume(known) };
        mallory.send_hello("Mallory", None, Some(guess)).await;
        match mallory.closed().await {
            (4002, frames) => {
                assert!(
                    matches!(&frames[..], [HubFrame::Error(error)] if error.code == ErrorCode::SessionUnknown)
                );
                refused += 1;
            }
            (code, frames) => {
                assert_eq!(code, 4008, "{frames:?}");
                return refused;
            }
        }
    }
}

#[tokio::test]
async fn a_thousand_guesses_of_a_token() {
    let hub = TestHub::start(Config { ban: ms(60_000), ..config() }).await;
    let control = Control::start(&hub).await;
    let (mut ada, welcome, _) = hub.joined("Ada", "private").await;
    let refused = guesses_until_banned(&hub, &welcome, || welcome.session).await;
    assert!((25..=50).contains(&refused), "{refused} guesses");
    ada.nothing_else().await;
    control.stays_undisturbed().await;
}

/// A whole office may come back too late without being banned for it, but nobody may go on like that.
#[tokio::test]
async fn a_thousand_guesses_of_a_session() {
    let hub = TestHub::start(Config { ban: ms(60_000), ..config() }).await;
    let control = Control::start(&hub).await;
    let (_ada, welcome) = hub.welcomed("Ada").await;
    let refused = guesses_until_banned(&hub, &welcome, || SessionId::mint(&OsEntropy)).await;
    // Ten are forgiven in a second.
    assert!((1_000..=1_000 + 10 * 60).contains(&refused), "{refused} guesses");
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn ids_that_are_no_ids() {
    let hello = r#"{"type":"hello","protocol":2,"instance":"../../etc/passwd","name":"Mallory"}"#;
    is_shown_out(hello, ErrorCode::MalformedFrame, 4002).await;
}

#[tokio::test]
async fn a_sender_that_says_it_is_another() {
    let hub = TestHub::defaults().await;
    let control = Control::start(&hub).await;
    let (mut ada, _, theirs) = hub.joined("Ada", "shared").await;
    let mut mallory = welcomed(&hub).await;
    let mine = mallory.join("shared").await;
    assert!(matches!(ada.next().await, HubFrame::PeerJoined { .. }));
    let (call, you) = (mine.id, theirs.you);
    let forged = format!(
        r#"{{"type":"signal","id":9,"call":"{call}","to":"{you}","from":"{you}","from_incarnation":7,"to_incarnation":1,
            "signal":{{"kind":"negotiate","connection":null,"generation":0,"reason":"no-offer"}}}}"#
    );
    mallory.text(&forged).await;
    let HubFrame::Signal { from, from_incarnation, .. } = ada.next().await else { panic!("not a signal") };
    assert_eq!((from, from_incarnation), (mine.you, 1), "the hub stamps who it is from");
    control.stays_undisturbed().await;
}

#[tokio::test]
async fn guessing_for_long() {
    let hub = TestHub::start(Config { ban: ms(60_000), ..config() }).await;
    let control = Control::start(&hub).await;
    let mut refused = 0;
    let (code, frames) = loop {
        let mut mallory = hub.connect_from(STRANGER, &[]).await.unwrap();
        let guest = GuestCredential { user: UserId::mint(&OsEntropy), secret: Secret::new("guess") };
        mallory.send_hello("Mallory", Some(guest), None).await;
        match mallory.closed().await {
            (4002, _) => refused += 1,
            end => break end,
        }
    };
    assert_eq!(code, 4008, "{frames:?}");
    assert!((20..=50).contains(&refused), "{refused} guesses");
    control.stays_undisturbed().await;
}
