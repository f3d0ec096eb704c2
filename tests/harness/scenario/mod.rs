//! What can be run in the simulated world, and the paused runtime it runs on.

mod bare_pair;
mod blocked_socket;
mod checks;
mod cuts;
mod hub_killed;
mod three_bots;

use crate::{
    log::EventLog,
    net::{Network, Traffic},
};
use std::{future::Future, str::FromStr, time::Duration};

/// Something that can be run from a seed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scenario {
    /// Two peer connections of the `webrtc` crate without a hub exchange messages over a lossy path.
    BarePair,
    /// Three bots in a room for ten minutes, with loss and a lost socket.
    ThreeBots,
    /// Three callers without media whose sockets are cut at chosen frames while they set a call up.
    Cuts,
    /// Three bots whose hub is killed, and comes back a minute later.
    HubKilled,
    /// Two bots in a direct call under `support`, one without its socket for 90 s; media flows.
    BlockedSocket,
    /// The same, and no media flows either: the call ends when it should.
    BlockedSocketNoMedia,
    /// The same, and the media dies when the deadline is long over.
    BlockedSocketMediaDies,
    /// As [`Scenario::ThreeBots`], with a path lost on the way: fails, or the other proves nothing.
    DeadPath,
}

/// Every scenario with the name that the program knows it by.
pub const SCENARIOS: [(&str, Scenario); 8] = [
    ("bare-pair", Scenario::BarePair),
    ("three-bots", Scenario::ThreeBots),
    ("cuts", Scenario::Cuts),
    ("hub-killed", Scenario::HubKilled),
    ("blocked-socket", Scenario::BlockedSocket),
    ("blocked-socket-no-media", Scenario::BlockedSocketNoMedia),
    ("blocked-socket-media-dies", Scenario::BlockedSocketMediaDies),
    ("dead-path", Scenario::DeadPath),
];

impl FromStr for Scenario {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = SCENARIOS.iter().find(|(known, _)| *known == name).map(|(_, scenario)| *scenario);
        known.ok_or_else(|| {
            format!("no such scenario; there are: {}", SCENARIOS.map(|(name, _)| name).join(", "))
        })
    }
}

/// How a run went.
#[derive(Clone, Debug)]
pub struct Report {
    /// What happened.
    pub log: EventLog,
    /// What went over the network.
    pub traffic: Traffic,
    /// What was asserted and did not hold.
    pub result: Result<(), String>,
}

/// Runs a scenario to its end, on this thread, in virtual time.
pub fn run(scenario: Scenario, seed: u64) -> Report {
    match scenario {
        Scenario::BarePair => in_virtual_time(|log| bare_pair::run(seed, log)),
        Scenario::ThreeBots => in_virtual_time(|log| three_bots::run(seed, log)),
        Scenario::Cuts => in_virtual_time(|log| cuts::run(seed, log)),
        Scenario::HubKilled => in_virtual_time(|log| hub_killed::run(seed, log)),
        Scenario::BlockedSocket => in_virtual_time(|log| blocked_socket::run(seed, log)),
        Scenario::BlockedSocketNoMedia => in_virtual_time(|log| blocked_socket::run_without_media(seed, log)),
        Scenario::BlockedSocketMediaDies => {
            in_virtual_time(|log| blocked_socket::run_until_media_dies(seed, log))
        }
        Scenario::DeadPath => in_virtual_time(|log| three_bots::run_with_dead_path(seed, log)),
    }
}

/// Longest virtual time a scenario may take: one that waits for what never comes fails instead of hanging.
const VIRTUAL_TIME_MAX: Duration = Duration::from_hours(6);

fn in_virtual_time<S, F>(scenario: S) -> Report
where
    S: FnOnce(EventLog) -> F,
    F: Future<Output = (Network, Result<(), String>)>,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without a reactor opens nothing that could fail");
    runtime.block_on(async {
        let log = EventLog::new();
        let ended = tokio::time::timeout(VIRTUAL_TIME_MAX, scenario(log.clone())).await;
        let (traffic, result) = match ended {
            Ok((network, result)) => (network.traffic(), result),
            Err(_) => (Traffic::default(), Err("the scenario did not end".to_owned())),
        };
        if let Err(reason) = &result {
            log.say("world", format_args!("FAILED: {reason}"));
        }
        log.say("world", format_args!("{traffic:?}"));
        Report { log, traffic, result }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_bare_peer_connections_talk_over_the_network() {
        let report = run(Scenario::BarePair, 1);
        assert_eq!(report.result, Ok(()), "\n{}", report.log.to_text());
        assert!(report.traffic.datagrams_lost > 0, "{:?}", report.traffic);
    }

    #[test]
    fn a_scenario_is_known_by_its_name() {
        for (name, scenario) in SCENARIOS {
            assert_eq!(name.parse(), Ok(scenario));
        }
        assert!("dance".parse::<Scenario>().unwrap_err().contains("bare-pair"));
    }
}
