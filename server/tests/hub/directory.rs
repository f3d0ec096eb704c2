//! Who sees who is there, and what they do.

use crate::support::{TestHub, config};
use holdfast_protocol::{ClientFrame, DirectoryQuery, ErrorCode, HubFrame, Presence};
use holdfast_server::{Config, DirectoryMode};

async fn open() -> TestHub {
    TestHub::start(Config { directory: DirectoryMode::On, ..config() }).await
}

#[tokio::test]
async fn strangers_see_nobody_unless_the_operator_wants_it_so() {
    let hub = TestHub::defaults().await;
    let (mut ada, welcome) = hub.welcomed("Ada").await;
    let (mut bob, bob_welcome) = hub.welcomed("Bob").await;
    assert!(!welcome.directory);
    let id = ada.id();
    ada.send(ClientFrame::Directory { id, query: DirectoryQuery::default() }).await;
    let error = ada.next_error().await;
    assert_eq!((error.code, error.in_reply_to), (ErrorCode::DirectoryOff, Some(id)));
    ada.ring(bob_welcome.user).await;
    bob.incoming().await;
    ada.nothing_else().await;
}

#[tokio::test]
async fn the_directory_lists_who_is_connected_by_name() {
    let hub = open().await;
    let (mut ada, welcome) = hub.welcomed("Ada").await;
    assert!(welcome.directory);
    assert_eq!(ada.search("").await, []);
    let mut others = Vec::new();
    for name in ["eve", "Bob", "Cy", "bo"] {
        others.push(hub.welcomed(name).await);
    }
    let (second, _) = hub.device_of(&others[1].1).await;
    let names = |users: Vec<holdfast_protocol::DirectoryEntry>| -> Vec<String> {
        users.into_iter().map(|entry| format!("{} {:?}", entry.name, entry.presence)).collect()
    };
    assert_eq!(names(ada.search("").await), ["bo Online", "Bob Online", "Cy Online", "eve Online"]);
    assert_eq!(names(ada.search("BO").await), ["bo Online", "Bob Online"]);
    let (bob, bob_welcome) = others.remove(1);
    drop((bob, second));
    assert_eq!(ada.presence().await, (bob_welcome.user, Presence::Offline));
    assert_eq!(names(ada.search("bo").await), ["bo Online"]);
    assert_eq!(names(ada.search("nobody").await), Vec::<String>::new());
    ada.nothing_else().await;
}

#[tokio::test]
async fn watchers_are_told_what_changes_and_nobody_else_is() {
    let hub = open().await;
    let (mut watcher, _) = hub.welcomed("Watcher").await;
    let (mut stranger, _) = hub.welcomed("Stranger").await;
    let (mut ada, ada_welcome) = hub.welcomed("Ada").await;
    let (mut bob, bob_welcome) = hub.welcomed("Bob").await;
    assert_eq!(watcher.search("bob").await[0].presence, Presence::Online);
    let bob_is = |presence| (bob_welcome.user, presence);

    let call = ada.ring(bob_welcome.user).await;
    bob.incoming().await;
    assert_eq!(watcher.presence().await, bob_is(Presence::Ringing));
    let joined = bob.accept(call.id).await;
    assert_eq!(watcher.presence().await, bob_is(Presence::InCall));
    let instance = bob.cut();
    assert_eq!(watcher.presence().await, bob_is(Presence::Reconnecting));
    let (mut bob, _) = hub.back(&bob_welcome, Some(instance)).await;
    assert_eq!(watcher.presence().await, bob_is(Presence::InCall));
    // A later query ends the watch before.
    assert_eq!(watcher.search("ada").await[0].presence, Presence::InCall);
    bob.send(ClientFrame::Leave { id: holdfast_protocol::CommandId(99), call: joined.id }).await;
    assert_eq!(watcher.presence().await, (ada_welcome.user, Presence::Online));
    watcher.nothing_else().await;
    stranger.nothing_else().await;
}

/// What it was told last may be lost with the history: it asks again.
#[tokio::test]
async fn a_watch_ends_with_the_history_in_which_it_began() {
    let hub = open().await;
    let (mut watcher, welcome) = hub.welcomed("Watcher").await;
    let (bob, bob_welcome) = hub.welcomed("Bob").await;
    assert_eq!(watcher.search("bob").await[0].user, bob_welcome.user);
    let (mut watcher, again) = hub.back(&welcome, None).await;
    assert_ne!(again.epoch, welcome.epoch);
    let call = watcher.ring(bob_welcome.user).await;
    tokio::time::sleep(crate::support::ms(500)).await;
    watcher.leave(&call).await;
    watcher.nothing_else().await;
    assert_eq!(watcher.search("bob").await[0].presence, Presence::Online);
    drop(bob);
    assert_eq!(watcher.presence().await, (bob_welcome.user, Presence::Offline));
}

#[tokio::test]
async fn queries_have_a_rate() {
    let hub = open().await;
    let (mut ada, _) = hub.welcomed("Ada").await;
    let refused = loop {
        let id = ada.id();
        ada.send(ClientFrame::Directory { id, query: DirectoryQuery::default() }).await;
        match ada.next().await {
            HubFrame::Directory { in_reply_to, .. } => assert!(in_reply_to.0 < 50 && in_reply_to == id),
            HubFrame::Error(error) => break error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused.code, ErrorCode::RateLimited);
    assert!(refused.retry_after_ms.is_some_and(|ms| (1..=1_000).contains(&ms)));
}
