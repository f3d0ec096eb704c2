//! Two bots in a direct call under `support`. One cannot reach the hub for 90 s, and nobody is told why: packets are lost.
//! While media flows the call goes on, however long ago its deadline was; when none flows, it ends at the deadline; and
//! when it flows no more, soon after.

use super::checks::{NEWS_MAX, ensure, everyone_hears_everyone, watch_media};
use crate::{
    bot::Bot,
    log::EventLog,
    net::{LinkProfile, Network},
    world::World,
};
use holdfast_peer::{Event, recovery::PairState};
use holdfast_protocol::{
    EndReason, PolicyPreset,
    policy::{MEDIA_ALIVE_INTERVAL_MS, MEDIA_ALIVE_MS},
    timing::HEARTBEAT_TIMEOUT_MS,
};
use holdfast_server::Config;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

const BLOCKED: Duration = Duration::from_secs(90);
/// The deadline is over by then: 60 s after at most 12 s of silence.
const MEDIA_DIES_AFTER: Duration = Duration::from_secs(80);
const WINDOW: Duration = Duration::from_mins(1);
/// What news takes over the network.
const NEWS: Duration = Duration::from_millis(100);
/// The call afterwards.
const AFTERWARDS: Duration = Duration::from_mins(2);

pub(super) async fn run(seed: u64, log: EventLog) -> (Network, Result<(), String>) {
    let world = World::new(seed, LinkProfile::lossy(), log);
    let result = Box::pin(with_media(&world)).await;
    (world.network, result)
}

pub(super) async fn run_without_media(seed: u64, log: EventLog) -> (Network, Result<(), String>) {
    let world = World::new(seed, LinkProfile::lossy(), log);
    let result = Box::pin(without_media(&world)).await;
    (world.network, result)
}

pub(super) async fn run_until_media_dies(seed: u64, log: EventLog) -> (Network, Result<(), String>) {
    let world = World::new(seed, LinkProfile::lossy(), log);
    let result = Box::pin(until_media_dies(&world)).await;
    (world.network, result)
}

/// Two who hear and see each other; the hub runs until it is dropped.
async fn pair(world: &World) -> Result<(crate::world::Hub, Bot, Bot), String> {
    let policy = PolicyPreset::Support.policy();
    let hub = world.start_hub_with(1, Config { direct_policy: policy, ..Config::default() });
    let (mut ann, mut bob) = (Bot::connect(world, 2, "ann").await?, Bot::connect(world, 3, "bob").await?);
    ann.call(&mut bob).await?;
    everyone_hears_everyone(&[&ann, &bob]).await?;
    Ok((hub, ann, bob))
}

fn block(world: &World, bot: &Bot, blocked: bool) {
    world.log.say("world", format_args!("{}'s way to the hub is blocked: {blocked}", bot.name));
    world.network.stall_tcp(bot.host.ip(), world.hub_address().ip(), blocked);
}

fn kill_media(world: &World, bots: [&Bot; 2]) {
    world.log.say("world", "no path between the two");
    world.network.edit_path(bots[0].host.ip(), bots[1].host.ip(), |path| path.blackhole = true);
}

async fn hears_of_absence(bot: &Bot) -> Result<Instant, String> {
    bot.wait(Duration::from_millis(HEARTBEAT_TIMEOUT_MS) + NEWS, "the other go", |seen| {
        seen.events.iter().any(|event| matches!(event, Event::PeerDisconnected { .. }))
    })
    .await?;
    Ok(Instant::now())
}

/// Waits for the end of the call, which is because of the network.
async fn hears_of_end(bot: &Bot, patience: Duration) -> Result<Instant, String> {
    bot.wait(patience, "the call end", |seen| seen.events.iter().any(|event| end(event).is_some())).await?;
    let ends: Vec<EndReason> = bot.seen().events.iter().filter_map(end).collect();
    ensure(ends == [EndReason::NetworkLost], || format!("it ended with {ends:?}"))?;
    Ok(Instant::now())
}

/// Told while it is there, or when it comes back too late.
fn end(event: &Event) -> Option<EndReason> {
    match event {
        Event::CallEnded { reason, .. } | Event::CallOver { reason, .. } => Some(*reason),
        _ => None,
    }
}

async fn with_media(world: &World) -> Result<(), String> {
    let (_hub, ann, bob) = pair(world).await?;
    let bots = [&ann, &bob];
    let connections = bots.map(|bot| bot.seen().connections);
    let until = Instant::now() + BLOCKED;
    block(world, &ann, true);
    tokio::try_join!(watch_media(world, &bots, until), hears_of_absence(&bob))?;
    block(world, &ann, false);
    let back = bob.wait(NEWS_MAX, "the other return", |seen| {
        seen.events.iter().any(|event| matches!(event, Event::PeerReconnected { .. }))
    });
    tokio::try_join!(watch_media(world, &bots, until + AFTERWARDS), back)?;
    for (bot, before) in bots.iter().zip(connections) {
        let seen = bot.seen();
        ensure(seen.connections == before, || format!("{} built a connection without need", bot.name))?;
        ensure(seen.roster.len() == 1, || format!("{} does not see the other", bot.name))?;
        let over = |event: &Event| end(event).is_some() || matches!(event, Event::PeerLeft { .. });
        ensure(!seen.events.iter().any(over), || format!("the call of {} is over", bot.name))?;
        // Once live, it stays live.
        let shown: Vec<&Event> =
            seen.events.iter().filter(|event| matches!(event, Event::PeerState { .. })).collect();
        let live = |event: &&Event| matches!(event, Event::PeerState { state: PairState::Connected, .. });
        ensure(
            shown.last().is_some_and(live) && shown.iter().filter(|event| live(event)).count() == 1,
            || format!("the tile of {} did not stay live: {shown:?}", bot.name),
        )?;
    }
    Ok(())
}

async fn without_media(world: &World) -> Result<(), String> {
    let (_hub, ann, bob) = pair(world).await?;
    let blocked_at = Instant::now();
    block(world, &ann, true);
    kill_media(world, [&ann, &bob]);
    let noticed_at = hears_of_absence(&bob).await?;
    let lasted = hears_of_end(&bob, WINDOW + NEWS).await? - noticed_at;
    ensure(lasted + NEWS >= WINDOW, || format!("it ended after {lasted:?}"))?;
    sleep_until(blocked_at + BLOCKED).await;
    block(world, &ann, false);
    hears_of_end(&ann, NEWS_MAX).await.map(|_| ())
}

async fn until_media_dies(world: &World) -> Result<(), String> {
    let (_hub, ann, bob) = pair(world).await?;
    let dies_at = Instant::now() + MEDIA_DIES_AFTER;
    block(world, &ann, true);
    let bots = [&ann, &bob];
    tokio::try_join!(watch_media(world, &bots, dies_at), hears_of_absence(&bob))?;
    kill_media(world, bots);
    // The last report may be older than the last packet, and newer by what it takes to notice.
    let alive = Duration::from_millis(MEDIA_ALIVE_MS);
    let lasted = hears_of_end(&bob, alive + Duration::from_secs(2)).await? - dies_at;
    let report_age_max = Duration::from_millis(MEDIA_ALIVE_INTERVAL_MS) + NEWS;
    ensure(lasted + report_age_max >= alive, || format!("it ended {lasted:?} after the last packet"))?;
    block(world, &ann, false);
    hears_of_end(&ann, NEWS_MAX).await.map(|_| ())
}
