//! Three callers set a call up while their sockets are cut, stalled and refused, also at the boundary of a chosen frame:
//! before the hub has it, and after it has it but before its answer is back. No signal may be lost, doubled or reordered.
//!
//! Even seeds go through every frame of the set-up one by one; odd ones draw up to six faults by luck.

use super::checks::ensure;
use crate::{
    caller::{Caller, SIGNALS},
    log::EventLog,
    net::{Host, LinkProfile, Network},
    world::World,
};
use holdfast_protocol::RoomName;
use holdfast_server::Config;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::{net::IpAddr, time::Duration};
use tokio::time::{sleep, timeout};

/// Frames of the set-up, counted on one socket's way.
const FRAMES: u64 = 24;
/// What the network takes each way is 20 ms: the first is before the frame has arrived, the second between its arrival
/// and that of an answer, the third after both.
const AFTER_MS: [u64; 3] = [0, 25, 45];
/// Half-open for less than the heartbeat time-out, and for more.
const HARMS: [Harm; 3] = [Harm::Cut, Harm::Stall { for_ms: 5_000 }, Harm::Stall { for_ms: 20_000 }];
/// Virtual time in which everything must have arrived: the longest fault, the time-out that notices it, the longest wait.
const PATIENCE: Duration = Duration::from_mins(5);

#[derive(Clone, Copy, Debug)]
struct Fault {
    who: usize,
    when: When,
    harm: Harm,
}

#[derive(Clone, Copy, Debug)]
enum When {
    At { ms: u64 },
    Sent { frame: u64, after_ms: u64 },
    Heard { frame: u64, after_ms: u64 },
}

#[derive(Clone, Copy, Debug)]
enum Harm {
    /// Both ends see a reset.
    Cut,
    /// Neither end notices; what was sent meanwhile arrives at last, when both have given that socket up or not.
    Stall { for_ms: u64 },
    /// A reset, and nobody lets the client in for a while.
    Refuse { for_ms: u64 },
}

pub(super) async fn run(seed: u64, log: EventLog) -> (Network, Result<(), String>) {
    let world = World::new(seed, LinkProfile::default(), log);
    let result = Box::pin(play(&world, seed)).await;
    (world.network, result)
}

async fn play(world: &World, seed: u64) -> Result<(), String> {
    // Whoever is in no call yet is waited for as well, however long the faults take.
    let config = Config { idle_resume_window: Duration::from_mins(10), ..Config::default() };
    let hub = world.start_hub_with(1, config);
    let room = RoomName::generate(&*world.entropy("room"));
    let names = ["ann", "bob", "cyd"];
    let hosts: Vec<Host> = (2..5).map(|number| world.host(number)).collect();
    let start = |(host, (name, luck)): (&Host, (&str, u64))| {
        Caller::start(world, host, name, &room, seed.wrapping_mul(31).wrapping_add(luck))
    };
    let callers: Vec<Caller> = hosts.iter().zip(names.into_iter().zip(0..)).map(start).collect();
    let faults = plan(seed);
    for fault in &faults {
        world.log.say("world", format_args!("will {fault:?}"));
    }
    let harm = async {
        let all: Vec<_> = faults
            .iter()
            .map(|fault| carry_out(world, (&hosts[fault.who], &callers[fault.who]), hub.host.ip(), *fault))
            .collect();
        futures_util::future::join_all(all).await;
    };
    let everyone = async {
        for caller in &callers {
            let done = |seen: &crate::caller::Seen| seen.is_complete(names.len() - 1);
            let mut watched = caller.seen.clone();
            if timeout(PATIENCE, watched.wait_for(done)).await.is_err() {
                return Err(format!("{} has not heard everything: {:?}", caller.name, *caller.seen.borrow()));
            }
        }
        // What comes twice comes later.
        sleep(Duration::from_secs(30)).await;
        Ok(())
    };
    let (done, ()) = tokio::join!(everyone, harm);
    done?;
    callers.iter().try_for_each(|caller| check(caller, names.len() - 1))
}

fn check(caller: &Caller, others: usize) -> Result<(), String> {
    let seen = caller.seen.borrow();
    let expected: Vec<u32> = (1..=SIGNALS).collect();
    let who = &caller.name;
    ensure(seen.troubles.is_empty(), || format!("{who}: {:?}", seen.troubles))?;
    ensure(seen.broken == 0, || format!("{who}: {} epochs were lost", seen.broken))?;
    ensure(seen.joined == 1, || format!("{who} was told {} times that it joined", seen.joined))?;
    ensure(seen.met.values().all(|times| *times == 1), || {
        format!("{who} met somebody twice: {:?}", seen.met)
    })?;
    ensure(seen.signals.len() == others, || format!("{who} heard {} others", seen.signals.len()))?;
    for (from, heard) in &seen.signals {
        ensure(*heard == expected, || format!("{who} heard of {from}: {heard:?}"))?;
    }
    Ok(())
}

fn plan(seed: u64) -> Vec<Fault> {
    if seed.is_multiple_of(2) {
        let mut rest = seed / 2;
        let mut next = |choices: usize| {
            let count = choices as u64;
            let chosen = rest % count;
            rest /= count;
            chosen
        };
        let who = usize::try_from(next(3)).unwrap_or(0);
        let harm = HARMS[usize::try_from(next(HARMS.len())).unwrap_or(0)];
        let after_ms = AFTER_MS[usize::try_from(next(AFTER_MS.len())).unwrap_or(0)];
        let is_sent = next(2) == 0;
        let frame = 1 + next(usize::try_from(FRAMES).unwrap_or(1));
        let when = if is_sent { When::Sent { frame, after_ms } } else { When::Heard { frame, after_ms } };
        return vec![Fault { who, when, harm }];
    }
    let mut luck = StdRng::seed_from_u64(seed);
    let count = luck.random_range(1..=6);
    (0..count)
        .map(|_| {
            let who = luck.random_range(0..3);
            let (frame, after_ms) = (luck.random_range(1..=4 * FRAMES), luck.random_range(0..60));
            let when = match luck.random_range(0..3) {
                0 => When::At { ms: luck.random_range(0..4_000) },
                1 => When::Sent { frame, after_ms },
                _ => When::Heard { frame, after_ms },
            };
            let harm = match luck.random_range(0..3) {
                0 => Harm::Cut,
                1 => Harm::Stall { for_ms: luck.random_range(1..25_000) },
                _ => Harm::Refuse { for_ms: luck.random_range(1..10_000) },
            };
            Fault { who, when, harm }
        })
        .collect()
}

async fn carry_out(world: &World, (host, caller): (&Host, &Caller), hub: IpAddr, fault: Fault) {
    let (client, mut seen) = (host.ip(), caller.seen.clone());
    let reached = match fault.when {
        When::At { ms } => {
            sleep(Duration::from_millis(ms)).await;
            Ok(0)
        }
        When::Sent { frame, after_ms } => {
            let it = seen.wait_for(|seen| u64::from(seen.sent) >= frame);
            timeout(PATIENCE, it).await.map(|_| after_ms)
        }
        When::Heard { frame, after_ms } => {
            let it = seen.wait_for(|seen| u64::from(seen.heard) >= frame);
            timeout(PATIENCE, it).await.map(|_| after_ms)
        }
    };
    // Some frames never come: then there is nothing to cut at.
    let Ok(after_ms) = reached else { return };
    sleep(Duration::from_millis(after_ms)).await;
    world.log.say("world", format_args!("{} suffers {:?}", caller.name, fault.harm));
    match fault.harm {
        Harm::Cut => world.network.cut_tcp(client, hub),
        Harm::Stall { for_ms } => {
            world.network.stall_tcp(client, hub, true);
            sleep(Duration::from_millis(for_ms)).await;
            world.network.stall_tcp(client, hub, false);
        }
        Harm::Refuse { for_ms } => {
            world.network.refuse_tcp(client, hub, true);
            world.network.cut_tcp(client, hub);
            sleep(Duration::from_millis(for_ms)).await;
            world.network.refuse_tcp(client, hub, false);
        }
    }
}
