//! Three bots whose hub is killed after half a minute and comes back a minute later with what it had stored. Media must
//! notice neither; on the hub's return everyone has the same place in the same call.

use super::checks::{ensure, everyone_hears_everyone, rosters_agree, watch_media};
use crate::{
    bot::Bot,
    log::EventLog,
    net::{LinkProfile, Network},
    world::World,
};
use holdfast_peer::Event;
use holdfast_protocol::RoomName;
use std::time::Duration;
use tokio::time::Instant;

const KILLED_AT: Duration = Duration::from_secs(30);
const BACK_AT: Duration = Duration::from_secs(90);
const CALL: Duration = Duration::from_mins(3);
/// How long everyone may take to come back: the longest wait between two attempts, and some.
const RETURN_MAX: Duration = Duration::from_secs(20);

pub(super) async fn run(seed: u64, log: EventLog) -> (Network, Result<(), String>) {
    let world = World::new(seed, LinkProfile::lossy(), log);
    let result = Box::pin(call(&world)).await;
    (world.network, result)
}

async fn call(world: &World) -> Result<(), String> {
    let started = Instant::now();
    let hub = world.start_hub(1);
    let room = RoomName::generate(&*world.entropy("room"));
    let ann = Bot::join(world, 2, "ann", &room).await?;
    let bob = Bot::join(world, 3, "bob", &room).await?;
    let cyd = Bot::join(world, 4, "cyd", &room).await?;
    let bots = [&ann, &bob, &cyd];
    everyone_hears_everyone(&bots).await?;
    watch_media(world, &bots, started + KILLED_AT).await?;

    let connections = bots.map(|bot| bot.seen().connections);
    world.log.say("hub", "is killed");
    hub.host.crash();
    watch_media(world, &bots, started + BACK_AT).await?;
    for (bot, before) in bots.iter().zip(&connections) {
        ensure(&bot.seen().connections == before, || {
            format!("{} built a connection without a hub", bot.name)
        })?;
    }

    let _hub = world.start_hub(2);
    tokio::try_join!(watch_media(world, &bots, started + CALL), everyone_is_back(&bots))?;
    for (bot, before) in bots.iter().zip(connections) {
        let seen = bot.seen();
        ensure(seen.connections == before, || format!("{} built a connection for a hub", bot.name))?;
        let lost = |event: &&Event| matches!(event, Event::PeerLeft { .. } | Event::PlaceLost { .. });
        let lost = seen.events.iter().find(lost);
        ensure(lost.is_none(), || format!("{} was told {lost:?}", bot.name))?;
    }
    rosters_agree(world, &bots, &room).await
}

async fn everyone_is_back(bots: &[&Bot]) -> Result<(), String> {
    for bot in bots {
        bot.wait(RETURN_MAX, "the hub's return", |seen| {
            seen.events.iter().any(|event| matches!(event, Event::Welcome { resumed: true, .. }))
        })
        .await?;
    }
    Ok(())
}
