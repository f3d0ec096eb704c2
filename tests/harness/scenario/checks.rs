//! What every scenario with bots asserts: media flows, rosters agree.

use crate::{bot::Bot, probe::Probe, world::World};
use holdfast_peer::media::Section;
use holdfast_protocol::{ParticipantId, RoomName};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{Instant, sleep, sleep_until};

/// What bots send.
const SECTIONS: [Section; 2] = [Section::Audio, Section::Camera];
/// How long the pairs may take to connect at first: twice the library's own limit, after which it builds anew, and
/// the time to do so.
const CONNECT_MAX: Duration = Duration::from_secs(40);
/// How long news may take.
pub(super) const NEWS_MAX: Duration = Duration::from_secs(15);
/// How often media is counted.
pub(super) const CHECK_EVERY: Duration = Duration::from_secs(5);
/// What must arrive between two counts, of 250 Opus packets and 100 pictures that are sent.
pub(super) const AUDIO_MIN: u64 = 200;
pub(super) const CAMERA_MIN: u64 = 50;

/// Waits until each bot has got sound and pictures from each other one.
pub(super) async fn everyone_hears_everyone(bots: &[&Bot]) -> Result<(), String> {
    for (receiver, sender) in directions(bots) {
        let what = format!("sound and picture of {}", sender.name);
        receiver
            .wait(CONNECT_MAX, &what, |seen| {
                SECTIONS.iter().all(|section| seen.frames_from(sender.name, *section) > 0)
            })
            .await?;
    }
    Ok(())
}

/// Counts media of all pairs every few seconds and fails when one falls short.
pub(super) async fn watch_media(world: &World, bots: &[&Bot], until: Instant) -> Result<(), String> {
    let mut before = counts(bots);
    while Instant::now() + CHECK_EVERY <= until {
        sleep(CHECK_EVERY).await;
        let after = counts(bots);
        let arrived: Vec<[u64; 2]> = arrived(&before, &after);
        world.log.say("media", format_args!("{arrived:?}"));
        for ((receiver, sender), [audio, camera]) in directions(bots).zip(&arrived) {
            ensure(*audio >= AUDIO_MIN && *camera >= CAMERA_MIN, || {
                format!(
                    "{} got {audio} Opus packets and {camera} pictures from {}",
                    receiver.name, sender.name
                )
            })?;
        }
        before = after;
    }
    sleep_until(until).await;
    Ok(())
}

/// Asks the hub who is in the call and compares.
pub(super) async fn rosters_agree(world: &World, bots: &[&Bot], room: &RoomName) -> Result<(), String> {
    let host = world.host(9);
    let mut probe = Probe::connect(&host, world.hub_address(), "probe", &*world.entropy("probe")).await?;
    let call = probe.join(room).await?;
    let all: BTreeSet<ParticipantId> = call.participants.iter().map(|participant| participant.id).collect();
    let expected: BTreeSet<ParticipantId> = bots.iter().map(|bot| bot.id()).chain([call.you]).collect();
    ensure(all == expected, || format!("the hub has {all:?} instead of {expected:?}"))?;
    for bot in bots {
        let others: BTreeSet<ParticipantId> = all.iter().filter(|id| **id != bot.id()).copied().collect();
        bot.wait(NEWS_MAX, "the hub's roster", |seen| seen.roster == others).await?;
    }
    probe.leave(call.id).await?;
    for bot in bots {
        bot.wait(NEWS_MAX, "the probe leave", |seen| !seen.roster.contains(&call.you)).await?;
    }
    Ok(())
}

/// Every receiver with every sender.
fn directions<'a>(bots: &'a [&'a Bot]) -> impl Iterator<Item = (&'a Bot, &'a Bot)> {
    let pairs = bots.iter().flat_map(|receiver| bots.iter().map(move |sender| (*receiver, *sender)));
    pairs.filter(|(receiver, sender)| receiver.name != sender.name)
}

/// Opus packets and pictures so far, in the order of [`directions`].
pub(super) fn counts(bots: &[&Bot]) -> Vec<[u64; 2]> {
    let count = |(receiver, sender): (&Bot, &Bot)| {
        let seen = receiver.seen.borrow();
        SECTIONS.map(|section| seen.frames_from(sender.name, section))
    };
    directions(bots).map(count).collect()
}

pub(super) fn arrived(before: &[[u64; 2]], after: &[[u64; 2]]) -> Vec<[u64; 2]> {
    before.iter().zip(after).map(|(before, after)| [after[0] - before[0], after[1] - before[1]]).collect()
}

pub(super) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}
