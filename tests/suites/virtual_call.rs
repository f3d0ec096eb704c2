//! Runs of the simulated world as whole processes: every assertion of the scenario holds, the same seed gives the
//! same log, and another seed another one.

use futures_util::StreamExt as _;
use std::{
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{process::Command, time::timeout};

/// Real time that one run may take on a busy machine.
const REAL_TIME_MAX: Duration = Duration::from_mins(4);

/// Whether the program decides everything by the seed on this platform: see `tests/sim/interpose.rs`.
const DETERMINISTIC: bool = cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"));

/// How one run ended.
struct Run {
    status: ExitStatus,
    /// The result line: counts and the hash of the log.
    summary: String,
    errors: String,
    /// The event log.
    log: String,
}

async fn run(scenario: &str, seed: u64) -> Run {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let log = folder.path().join("log");
    let child = Command::new(env!("CARGO_BIN_EXE_holdfast-sim"))
        .args([scenario, "--seed", &seed.to_string(), "--log"])
        .arg(&log)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(REAL_TIME_MAX, child).await.expect("the run ends in time");
    let output = output.expect("the program can be started");
    Run {
        status: output.status,
        summary: String::from_utf8_lossy(&output.stdout).into_owned(),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        log: std::fs::read_to_string(log).unwrap_or_default(),
    }
}

/// Runs one seed twice and another one once; returns the first run.
async fn the_seed_decides(scenario: &str) -> Run {
    let (first, second, other) = (run(scenario, 1).await, run(scenario, 1).await, run(scenario, 2).await);
    for (seed, run) in [(1, &first), (1, &second), (2, &other)] {
        assert!(
            run.status.success(),
            "{scenario}, seed {seed}: {}\n{}\n{}",
            run.status,
            run.errors,
            tail(&run.log)
        );
    }
    if DETERMINISTIC {
        assert_eq!(first.log, second.log, "one seed, two logs");
        assert_eq!(first.summary, second.summary);
        assert_ne!(first.log, other.log, "two seeds, one log");
    }
    first
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

/// Schedules of faults during a call's set-up: the even ones go through every frame, the odd ones are drawn.
const CUTS: std::ops::Range<u64> = 0..2_400;

#[tokio::test]
async fn no_signal_is_lost_doubled_or_reordered_however_sockets_are_cut() {
    let at_once = std::thread::available_parallelism().map_or(2, usize::from);
    let runs = futures_util::stream::iter(CUTS.map(async |seed| (seed, run("cuts", seed).await)));
    let failed: Vec<String> = runs
        .buffer_unordered(at_once)
        .filter_map(async |(seed, run)| {
            (!run.status.success()).then(|| format!("seed {seed}: {}\n{}", run.errors, tail(&run.log)))
        })
        .collect()
        .await;
    assert!(failed.is_empty(), "{} of {} schedules:\n{}", failed.len(), CUTS.end, failed[0]);
}

#[tokio::test]
async fn two_bare_peer_connections() {
    let run = the_seed_decides("bare-pair").await;
    assert_eq!(run.log.matches("message").count(), 50);
}

#[tokio::test]
async fn three_bots_for_ten_minutes() {
    let run = the_seed_decides("three-bots").await;
    let said = |who: &str, what: &str| {
        run.log.lines().filter(|line| line.contains(&format!(" {who} ")) && line.contains(what)).count()
    };
    for bot in ["ann", "bob", "cyd"] {
        assert!(said(bot, r#""flow":"both""#) >= 2, "{bot} is told that media flows with both others");
    }
    // Once for the lost socket; bob itself heard it of nobody.
    assert_eq!(
        [
            said("ann", "peer-disconnected"),
            said("bob", "peer-disconnected"),
            said("cyd", "peer-disconnected")
        ],
        [1, 0, 1]
    );
    assert_eq!(
        [said("ann", "peer-reconnected"), said("bob", "peer-reconnected"), said("cyd", "peer-reconnected")],
        [1, 0, 1]
    );
    assert!(said("media", "[[") >= 110, "counted every 5 s for 10 minutes");
}

#[tokio::test]
async fn three_bots_without_a_hub() {
    let run = the_seed_decides("hub-killed").await;
    assert_eq!(run.log.matches(" hub      starts").count(), 2);
    assert_eq!(run.log.matches(r#""event":"joined""#).count(), 3, "nobody joins again");
    assert_eq!(run.log.matches(r#""resumed":true,"same_epoch":false"#).count(), 3, "everyone is back, once");
}

#[tokio::test]
async fn a_call_outlives_a_blocked_socket_while_media_flows_and_no_longer() {
    let run = the_seed_decides("blocked-socket").await;
    assert!(!run.log.contains(r#""event":"call-ended""#), "{}", tail(&run.log));
    for scenario in ["blocked-socket-no-media", "blocked-socket-media-dies"] {
        let run = the_seed_decides(scenario).await;
        let is_end =
            |line: &&str| line.contains(r#""event":"call-ended""#) || line.contains(r#""event":"call-over""#);
        let ends: Vec<&str> = run.log.lines().filter(is_end).collect();
        assert_eq!(ends.len(), 2, "{scenario}, once for each: {ends:?}");
        assert!(ends.iter().all(|line| line.contains("network-lost")), "{ends:?}");
    }
}

#[tokio::test]
async fn a_call_with_a_dead_path_fails() {
    let run = run("dead-path", 1).await;
    assert_eq!(run.status.code(), Some(1), "{}", run.summary);
    assert!(run.errors.contains("Opus packets and"), "{}", run.errors);
}
