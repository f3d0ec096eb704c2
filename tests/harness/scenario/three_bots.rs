//! Three bots in one room for ten minutes at 2 % loss and 20–40 ms each way. After a minute one of them loses its
//! socket and cannot reach the hub for 10 s. Media must not notice, the others must be told, and in the end
//! everyone must agree with the hub. Last, one path is taken away, to show that the counts would tell.

use super::checks::{
    AUDIO_MIN, CAMERA_MIN, CHECK_EVERY, NEWS_MAX, arrived, counts, ensure, everyone_hears_everyone,
    rosters_agree, watch_media,
};
use crate::{
    bot::Bot,
    log::EventLog,
    net::{LinkProfile, Network},
    world::World,
};
use holdfast_peer::Event;
use holdfast_protocol::{ParticipantId, RoomName};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const CUT_AT: Duration = Duration::from_mins(1);
const AWAY: Duration = Duration::from_secs(10);
const CALL: Duration = Duration::from_mins(10);
/// How long a broken path may go unnoticed and a mended one unused.
const SETTLE: Duration = Duration::from_secs(30);

pub(super) async fn run(seed: u64, log: EventLog) -> (Network, Result<(), String>) {
    let world = World::new(seed, LinkProfile::lossy(), log);
    let result = Box::pin(call(&world)).await;
    (world.network, result)
}

/// The same call, but a path is lost after half a minute: the run must fail.
pub(super) async fn run_with_dead_path(seed: u64, log: EventLog) -> (Network, Result<(), String>) {
    let world = World::new(seed, LinkProfile::lossy(), log);
    let network = world.network.clone();
    let fault = async {
        sleep(CUT_AT / 2).await;
        network.edit_path(world.host(2).ip(), world.host(3).ip(), |path| path.blackhole = true);
        std::future::pending::<()>().await;
    };
    let result = tokio::select! {
        result = Box::pin(call(&world)) => result,
        () = fault => Ok(()),
    };
    (world.network, result)
}

async fn call(world: &World) -> Result<(), String> {
    let started = Instant::now();
    let _hub = world.start_hub(1);
    let room = RoomName::generate(&*world.entropy("room"));
    let ann = Bot::join(world, 2, "ann", &room).await?;
    let bob = Bot::join(world, 3, "bob", &room).await?;
    let cyd = Bot::join(world, 4, "cyd", &room).await?;
    let bots = [&ann, &bob, &cyd];

    everyone_hears_everyone(&bots).await?;
    watch_media(world, &bots, started + CUT_AT).await?;
    let connections = bots.map(|bot| bot.seen().connections);

    lose_socket(world, &bots, &bob).await?;
    watch_media(world, &bots, started + CALL).await?;

    for (bot, before) in bots.iter().zip(connections) {
        let seen = bot.seen();
        ensure(seen.connections == before, || format!("{} built a connection without need", bot.name))?;
        ensure(seen.frames_foreign == 0, || {
            format!("{} got {} foreign frames", bot.name, seen.frames_foreign)
        })?;
        let missed = seen.events.iter().any(|event| matches!(event, Event::Missed { .. }));
        ensure(!missed, || format!("{} did not get every event", bot.name))?;
    }
    rosters_agree(world, &bots, &room).await?;
    dead_path_is_noticed(world, &ann, &bob, &cyd).await
}

/// Takes the hub away from one bot, checks that media goes on meanwhile, and that all learn of both ends.
async fn lose_socket(world: &World, bots: &[&Bot], absent: &Bot) -> Result<(), String> {
    let (client, hub) = (absent.host.ip(), world.hub_address().ip());
    world.log.say("world", "the hub is out of reach for bob");
    world.network.refuse_tcp(client, hub, true);
    world.network.cut_tcp(client, hub);
    let back_at = Instant::now() + AWAY;
    let others: Vec<&Bot> = bots.iter().filter(|bot| bot.name != absent.name).copied().collect();
    for bot in &others {
        bot.wait(NEWS_MAX, "the other go", |seen| is_away(&seen.events, absent.id()) == Some(true)).await?;
    }
    watch_media(world, bots, back_at).await?;
    for bot in &others {
        let still = is_away(&bot.seen().events, absent.id()) == Some(true);
        ensure(still, || format!("{} saw the other come back while it could not", bot.name))?;
    }
    world.log.say("world", "the hub is in reach again");
    world.network.refuse_tcp(client, hub, false);
    for bot in &others {
        bot.wait(NEWS_MAX, "the other return", |seen| is_away(&seen.events, absent.id()) == Some(false))
            .await?;
    }
    absent
        .wait(NEWS_MAX, "its session again", |seen| {
            seen.events.iter().any(|event| matches!(event, Event::Welcome { resumed: true, .. }))
        })
        .await?;
    let joins = absent.seen().events.iter().filter(|event| matches!(event, Event::Joined { .. })).count();
    ensure(joins == 1, || format!("{} joined {joins} times", absent.name))
}

/// Whether someone is away, by the last event about it.
fn is_away(events: &[Event], who: ParticipantId) -> Option<bool> {
    events.iter().rev().find_map(|event| match event {
        Event::PeerDisconnected { participant, .. } if *participant == who => Some(true),
        Event::PeerReconnected { participant, .. } if *participant == who => Some(false),
        _ => None,
    })
}

/// The negative control: without a path between two of them, their counts stand still and only theirs.
async fn dead_path_is_noticed(world: &World, a: &Bot, b: &Bot, third: &Bot) -> Result<(), String> {
    world.log.say("world", "no path between ann and bob");
    world.network.edit_path(a.host.ip(), b.host.ip(), |path| path.loss = 1.0);
    sleep(CHECK_EVERY).await;
    let (pair, rest) = ([a, b], [[a, third], [b, third]]);
    let (pair_before, rest_before) = (counts(&pair), rest.map(|pair| counts(&pair)));
    sleep(CHECK_EVERY).await;
    let silent = arrived(&pair_before, &counts(&pair)) == [[0, 0]; 2];
    ensure(silent, || "media arrived over a path that loses everything".to_owned())?;
    for (pair, before) in rest.iter().zip(rest_before) {
        let enough = arrived(&before, &counts(pair)).iter().all(|n| n[0] >= AUDIO_MIN && n[1] >= CAMERA_MIN);
        ensure(enough, || "a pair suffers from another pair's path".to_owned())?;
    }
    world.log.say("world", "the path is back");
    world.network.edit_path(a.host.ip(), b.host.ip(), |path| path.loss = 0.02);
    sleep(SETTLE).await;
    watch_media(world, &pair, Instant::now() + CHECK_EVERY).await
}
