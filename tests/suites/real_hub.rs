//! The hub as a program, killed under load and started again: everyone comes back into the same calls, and media that
//! goes from peer to peer never notices.

use futures_util::future::join_all;
use holdfast_peer::{
    Client, Event, HubUrl, Options, Playing, Received, Stamped, Streams,
    media::{Clip, Section},
    system,
};
use holdfast_protocol::{
    CallId, CallSnapshot, ConnectionId, DisplayName, MediaState, ParticipantId, RoomName,
};
use holdfast_tests::{
    caller::Caller,
    log::EventLog,
    program::{ADMIN_TOKEN, HubProgram},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

/// Calls of two: those whose participants only signal, and those with media.
const QUIET_CALLS: usize = 246;
const MEDIA_CALLS: usize = 4;
/// How long the hub stays away.
const AWAY: Duration = Duration::from_secs(3);
/// In which time everyone must be back.
const BACK_MAX: Duration = Duration::from_secs(10);
/// How long setting up may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// A bot with media, and what it sees.
struct Bot {
    _client: Client,
    _playing: [Playing; 2],
    call: CallSnapshot,
    seen: watch::Receiver<Seen>,
}

#[derive(Clone, Default)]
struct Seen {
    events: Vec<Event>,
    connections: Vec<(ParticipantId, ConnectionId)>,
    welcomes: u32,
    last_frame: BTreeMap<Section, Instant>,
    longest_gap: BTreeMap<Section, Duration>,
}

async fn bot(hub: &HubProgram, room: &RoomName, name: &str) -> Bot {
    let url: HubUrl = format!("http://{}/r/{room}", hub.address).parse().expect("a URL");
    let options = Options::new(url.socket_url(), DisplayName::new(name).expect("a name"));
    let connecting = Client::connect(system::environment(&url).expect("the system is there"), options);
    let (client, Streams { mut events, mut received }) = connecting.await.expect("the hub is there");
    let (sender, seen) = watch::channel(Seen::default());
    let sender = Arc::new(sender);
    let by_events = Arc::clone(&sender);
    tokio::spawn(async move {
        while let Some(Stamped { event, .. }) = events.recv().await {
            by_events.send_modify(|seen| {
                match &event {
                    Event::ConnectionOpened { participant, connection } => {
                        seen.connections.push((*participant, *connection));
                    }
                    Event::Welcome { .. } => seen.welcomes += 1,
                    _ => {}
                }
                seen.events.push(event);
            });
        }
    });
    tokio::spawn(async move {
        while let Some(received) = received.recv().await {
            let Received::Frame { section, .. } = received else { continue };
            sender.send_modify(|seen| {
                let now = Instant::now();
                if let Some(before) = seen.last_frame.insert(section, now) {
                    let gap = seen.longest_gap.entry(section).or_default();
                    *gap = (*gap).max(now - before);
                }
            });
        }
    });
    let media = MediaState { audio: true, camera: true, ..MediaState::default() };
    let call = client.join(room.clone(), media).await.expect("the hub lets it in");
    let playing =
        [client.play(Section::Audio, Clip::tone()), client.play(Section::Camera, Clip::test_pattern())];
    Bot { _client: client, _playing: playing, call, seen }
}

async fn wait<T>(what: &str, patience: Duration, seen: &watch::Receiver<T>, ready: impl FnMut(&T) -> bool) {
    let mut watched = seen.clone();
    let ended = timeout(patience, watched.wait_for(ready)).await;
    assert!(ended.is_ok_and(|result| result.is_ok()), "{what}: not within {patience:?}");
}

fn room(kind: &str, number: usize) -> RoomName {
    RoomName::new(&format!("{kind}-{number}")).expect("a room's name")
}

/// The calls of the log with this status.
async fn log(hub: &HubProgram, status: &str) -> Vec<CallId> {
    let mut calls = vec![];
    let mut before = String::new();
    loop {
        let path = format!("/api/calls?status={status}&limit=100{before}");
        let page: holdfast_protocol::CallLogPage = serde_json::from_str(
            &holdfast_tests::http::get(hub.address, &path, ADMIN_TOKEN).await.expect("the log"),
        )
        .expect("a page of the log");
        calls.extend(page.calls.iter().map(|call| call.id));
        match page.next {
            Some(next) => before = format!("&before={next}"),
            None => return calls,
        }
    }
}

async fn quiet_callers(hub: &HubProgram) -> Vec<Caller> {
    let url: HubUrl = format!("http://{}/r/quiet", hub.address).parse().expect("a URL");
    let mut callers = vec![];
    for number in 0..2 * QUIET_CALLS {
        let environment = system::environment(&url).expect("the system is there");
        let (socket_url, luck) = (url.socket_url(), number as u64);
        let (name, room) = (format!("caller {number}"), room("quiet", number / 2));
        let (caller, task) = Caller::new(environment, socket_url, EventLog::new(), &name, &room, luck);
        tokio::spawn(task);
        callers.push(caller);
    }
    for caller in &callers {
        wait("a call of two with its signals", PATIENCE, &caller.seen, |seen| seen.is_complete(1)).await;
    }
    callers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_clients_survive_a_killed_hub() {
    let limits = ["--sockets-per-address-max=1000", "--http-connections-per-address-max=1000"];
    let mut hub = HubProgram::start(&limits).await.expect("the hub starts");
    let callers = quiet_callers(&hub).await;
    let names = ["one", "two"];
    let bots: Vec<Bot> = join_all((0..2 * MEDIA_CALLS).map(|number| {
        let (hub, room) = (&hub, room("media", number / 2));
        async move { bot(hub, &room, names[number % 2]).await }
    }))
    .await;
    for bot in &bots {
        wait("media of the other", PATIENCE, &bot.seen, |seen| seen.last_frame.len() == 2).await;
    }
    let before: BTreeSet<CallId> = log(&hub, "active").await.into_iter().collect();
    assert_eq!(before.len(), QUIET_CALLS + MEDIA_CALLS);
    let connections: Vec<_> = bots.iter().map(|bot| bot.seen.borrow().connections.clone()).collect();
    assert!(connections.iter().all(|made| made.len() == 1), "{connections:?}");

    hub.kill().await.expect("it runs");
    for caller in &callers {
        wait("the loss of the socket", PATIENCE, &caller.seen, |seen| !seen.is_up).await;
    }
    sleep(AWAY).await;
    hub.restart().await.expect("the hub starts again");
    let back_by = Instant::now() + BACK_MAX;
    for caller in &callers {
        let left = back_by.saturating_duration_since(Instant::now());
        wait("the return of everyone", left, &caller.seen, |seen| seen.is_up).await;
    }
    for bot in &bots {
        let left = back_by.saturating_duration_since(Instant::now());
        wait("the return of every bot", left, &bot.seen, |seen| seen.welcomes == 2).await;
    }

    let after = log(&hub, "active").await;
    assert_eq!(after.len(), before.len(), "no row is doubled");
    assert_eq!(after.into_iter().collect::<BTreeSet<_>>(), before, "the same calls");
    assert_eq!(log(&hub, "ended").await, [], "no call has ended");
    assert_eq!(log(&hub, "ringing").await, []);
    for caller in &callers {
        let seen = caller.seen.borrow();
        let place = seen.told.iter().map(|call| (Some(call.id), Some(call.you))).collect::<Vec<_>>();
        assert_eq!(place, [(seen.call, seen.you)], "{}: the same place in the same call", caller.name);
        assert_eq!((seen.told[0].participants.len(), &seen.troubles), (2, &vec![]), "{}", caller.name);
    }
    for (bot, made) in bots.iter().zip(connections) {
        let seen = bot.seen.borrow().clone();
        assert_eq!(seen.connections, made, "no connection is built for a hub");
        // Media that needed the hub would have stood still for as long as it was away.
        assert!(seen.longest_gap.values().all(|gap| *gap < AWAY), "{:?}", seen.longest_gap);
        let over = |event: &&Event| {
            matches!(event, Event::Left { .. } | Event::PeerLeft { .. } | Event::ConnectionClosed { .. })
        };
        assert_eq!(seen.events.iter().find(over), None);
        assert_eq!(bot.call.participants.iter().filter(|one| one.id == bot.call.you).count(), 1);
    }
}
