//! The directory's bounds, without sockets.

use super::{DIALS_PER_MINUTE, Directory, Scope, WATCHERS_MAX};
use crate::{
    call::{Sender, view::Share},
    clock::{SystemClock, Timeline},
    config::Config,
    credentials::TokenHash,
    entropy::OsEntropy,
    gate::Gate,
    network::Network,
    session::{Budget, NewSession, Session},
};
use holdfast_protocol::{
    CallId, DirectoryQuery, DisplayName, Epoch, InstanceId, Presence, Secret, SessionId, UserId,
    limits::DIRECTORY_USERS_MAX,
};
use std::{net::Ipv4Addr, sync::Arc};

fn session(user: UserId, name: &str) -> Arc<Session> {
    let network = Network::of(Ipv4Addr::LOCALHOST.into());
    let new = NewSession {
        id: SessionId::mint(&OsEntropy),
        user,
        name: DisplayName::new(name).unwrap(),
        instance: InstanceId::mint(&OsEntropy),
        attempt: 0,
        token: TokenHash::of(&Secret::new("token")),
        epoch: Epoch::mint(&OsEntropy),
        pass: Gate::new(9, 9).enter(network).unwrap(),
        budget: Budget::new(prometheus_client::metrics::gauge::Gauge::default(), u64::MAX),
        timeline: Timeline::start(&SystemClock, None),
    };
    Session::open(new, &Config::default()).0
}

fn new_user(directory: &Directory, name: &str) -> Arc<Session> {
    let session = session(UserId::mint(&OsEntropy), name);
    directory.attached(&session, 1, 0);
    session
}

#[test]
fn an_answer_has_as_many_users_as_it_may_and_says_that_there_are_more() {
    let directory = Directory::new(true, 0);
    let asker = new_user(&directory, "Asker");
    for index in 0..DIRECTORY_USERS_MAX {
        new_user(&directory, &format!("User {index:03}"));
    }
    let (users, more) = directory.search(&asker, &DirectoryQuery::default(), 0).unwrap();
    assert_eq!((users.len(), more), (DIRECTORY_USERS_MAX, false));
    assert!(users.is_sorted_by_key(|entry| entry.name.as_str().to_owned()));
    new_user(&directory, "User zzz");
    let (users, more) = directory.search(&asker, &DirectoryQuery::default(), 0).unwrap();
    assert_eq!((users.len(), more), (DIRECTORY_USERS_MAX, true));
    assert!(users.iter().all(|entry| entry.user != asker.user));
}

#[test]
fn the_oldest_watcher_makes_room() {
    let directory = Directory::new(true, 0);
    let star = new_user(&directory, "Star");
    let query = DirectoryQuery::new("star").unwrap();
    let watchers: Vec<_> = (0..=WATCHERS_MAX).map(|_| new_user(&directory, "Fan")).collect();
    for (second, watcher) in watchers.iter().enumerate() {
        let now = second as u64 * 1_000;
        assert_eq!(directory.search(watcher, &query, now).unwrap().0.len(), 1);
    }
    directory.detached(&star, 1);
    let news = directory.lock().take_news(10);
    assert_eq!(news.len(), WATCHERS_MAX);
    assert!(news.iter().all(|(to, user, presence)| {
        to.id != watchers[0].id && *user == star.user && *presence == Presence::Offline
    }));
    assert!(!directory.lock().has_news());
}

#[test]
fn a_watcher_that_is_away_hears_on_its_return_what_is_then_true() {
    let directory = Directory::new(true, 0);
    let (ada, bob) = (new_user(&directory, "Ada"), new_user(&directory, "Bob"));
    directory.search(&ada, &DirectoryQuery::default(), 0).unwrap();
    directory.detached(&ada, 1);
    let call = CallId::mint(&OsEntropy);
    let share = |presence| vec![Share { user: bob.user, presence, incoming: None }];
    directory.note(call, &[], &share(Presence::Ringing));
    directory.note(call, &share(Presence::Ringing), &share(Presence::InCall));
    assert!(directory.lock().take_news(10).is_empty());
    directory.attached(&ada, 2, 0);
    let news: Vec<Presence> = directory.lock().take_news(10).into_iter().map(|news| news.2).collect();
    assert_eq!(news, [Presence::InCall]);
    // Late news of the socket before.
    directory.detached(&ada, 1);
    assert!(directory.is_online(ada.user));
    directory.note(call, &share(Presence::InCall), &[]);
    assert_eq!(directory.list(Scope::Only(bob.user), None, 1, 0).unwrap()[0].presence, Presence::Online);
}

#[test]
fn what_is_over_leaves_nothing_behind() {
    let directory = Directory::new(true, 0);
    let (ada, bob) = (new_user(&directory, "Ada"), new_user(&directory, "Bob"));
    directory.search(&ada, &DirectoryQuery::default(), 0).unwrap();
    for session in [&bob, &ada] {
        directory.detached(session, 1);
        directory.forget(session.user, session.id);
    }
    assert!(directory.lock().take_news(10).is_empty());
    assert!(directory.lock().is_empty());
}

#[test]
fn dialling_has_a_rate() {
    let directory = Directory::new(false, 0);
    let ada = new_user(&directory, "Ada");
    let granted = (0..1_000).take_while(|_| directory.admit_dial(&ada, 0).is_ok()).count();
    assert_eq!(granted, super::BURST as usize);
    let wait_ms = directory.admit_dial(&ada, 0).unwrap_err();
    assert_eq!(wait_ms, 60_000 / DIALS_PER_MINUTE);
    assert!(directory.admit_dial(&ada, wait_ms).is_ok());
}

#[test]
fn news_of_a_socket_that_was_lost_meanwhile_lists_nobody() {
    let directory = Directory::new(true, 0);
    let (ada, bob) = (new_user(&directory, "Ada"), new_user(&directory, "Bob"));
    directory.attached(&bob, 3, 0);
    directory.detached(&bob, 3);
    directory.attached(&bob, 2, 0);
    assert!(!directory.is_online(bob.user));
    assert_eq!(directory.search(&ada, &DirectoryQuery::default(), 0).unwrap().0, []);
    // The session is over: what comes of it now must not stay for ever.
    let sender = Sender { session: bob.id, attachment: 1, instance: InstanceId::mint(&OsEntropy) };
    bob.expire(sender).unwrap();
    directory.forget(bob.user, bob.id);
    directory.attached(&bob, 2, 0);
    assert!(!directory.is_online(bob.user) && directory.name(bob.user).is_none());
}

#[test]
fn a_new_history_begins_without_watches() {
    let directory = Directory::new(true, 0);
    let (ada, bob) = (new_user(&directory, "Ada"), new_user(&directory, "Bob"));
    directory.search(&ada, &DirectoryQuery::default(), 0).unwrap();
    directory.unwatch(ada.id);
    directory.detached(&bob, 1);
    assert_eq!(directory.lock().take_news(10).len(), 0);
}
