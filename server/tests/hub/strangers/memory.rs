//! What a flood leaves behind: the resident memory of the program itself, before, during and after. The long one is
//! run by hand: `cargo test -p holdfast-server --test hub -- --ignored --nocapture a_minute`.

use super::Control;
use crate::support::{Client, ON, TestHub, long_offer, ms, soon};
use holdfast_protocol::{ClientFrame, HubFrame, RoomName};
use std::{fs, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    task::JoinSet,
    time::Instant,
};

/// Addresses that flood, and sockets of each.
const ADDRESSES: u8 = 40;
const SOCKETS_EACH: u8 = 4;
/// What the hub may grow by while it is flooded: less than its queues may hold together (256 MiB), for bans come first.
const GROWTH_KIB_MAX: u64 = 192 * 1_024;
/// What may be left of it afterwards: what the allocator keeps, and the table of bans.
const LEFT_KIB_MAX: u64 = 64 * 1_024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_flood_leaves_the_hub_as_it_was() {
    flood(Duration::from_secs(3)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes more than a minute"]
async fn a_minute_of_flood_leaves_the_hub_as_it_was() {
    flood(Duration::from_mins(1)).await;
}

async fn flood(duration: Duration) {
    // Short bans, so that the flood goes on in waves instead of ending after a second.
    let (hub, pid) =
        program(&["--ban", "2s", "--sockets-per-address-max", "4", "--room-policy", "away=2s,then=leave"])
            .await;
    let control = Control::start(&hub).await;
    let before_kib = resident_kib(pid);
    let end = Instant::now() + duration;
    let mut attackers = JoinSet::new();
    for number in 0..ADDRESSES * SOCKETS_EACH {
        let address = hub.address;
        attackers.spawn(async move {
            let mut said = 0;
            while Instant::now() < end {
                match Client::connect(address, 100 + number / SOCKETS_EACH, &[]).await {
                    Ok(client) => said += misbehave(client, number, end).await,
                    Err(_) => tokio::time::sleep(ms(20)).await,
                }
            }
            said
        });
    }
    let mut peak_kib = before_kib;
    while Instant::now() < end {
        tokio::time::sleep(ms(100)).await;
        peak_kib = peak_kib.max(resident_kib(pid));
    }
    let said: u64 = soon("the attackers", attackers.join_all()).await.into_iter().sum();
    control.stays_undisturbed().await;
    hub.metric_becomes("holdfast_sockets", 0).await;
    hub.metric_becomes("holdfast_sessions", 0).await;
    assert_eq!(hub.metric("holdfast_queue_bytes").await, 0);
    let after_kib = settled_kib(pid, before_kib + LEFT_KIB_MAX).await;
    let bans = hub.metric("holdfast_bans_total").await;
    println!(
        "{} s, {said} frames, {bans} bans: resident {before_kib} KiB before, {peak_kib} at most, {after_kib} after",
        duration.as_secs()
    );
    assert!(bans > 0, "nobody was banned");
    assert!(peak_kib < before_kib + GROWTH_KIB_MAX, "{before_kib} KiB before, {peak_kib} during");
    assert!(after_kib < before_kib + LEFT_KIB_MAX, "{before_kib} KiB before, {after_kib} after");
}

/// One socket's worth of each kind of abuse, by its number; how many frames were sent.
async fn misbehave(mut client: Client, number: u8, end: Instant) -> u64 {
    client.send_hello("Mallory", None, None).await;
    let Ok(HubFrame::Welcome(_)) = client.read().await else { return 1 };
    let room = RoomName::new(&format!("flood-{}", number / SOCKETS_EACH)).expect("a room name");
    let id = client.id();
    let _ = client.try_text(&ClientFrame::Join { id, room, media: ON }.encode()).await;
    let Ok(HubFrame::Joined { call, .. }) = client.read().await else { return 2 };
    // Long signals to one that does not read, nonsense, joins of other rooms, and signals to nobody.
    let other = call.participants.iter().map(|one| one.id).find(|id| *id != call.you).unwrap_or(call.you);
    let (to_incarnation, signal) = (1, long_offer(40_000));
    let long = ClientFrame::Signal { id, call: call.id, to: other, to_incarnation, signal }.encode();
    let mut said = 2;
    while Instant::now() < end {
        let id = client.id();
        let text = match number % 4 {
            0 | 1 => long.replacen("\"id\":1,", &format!("\"id\":{},", id.0), 1),
            2 => "[".repeat(1_000),
            _ => {
                let room = RoomName::new(&format!("flood-{number}-{said}")).expect("a room name");
                ClientFrame::Join { id, room, media: ON }.encode()
            }
        };
        let sent = tokio::time::timeout(Duration::from_secs(2), client.try_text(&text)).await;
        if sent != Ok(true) {
            break;
        }
        said += 1;
    }
    said
}

/// The program on a free port, and its process.
async fn program(arguments: &[&str]) -> (TestHub, u32) {
    let data = tempfile::tempdir().expect("a directory");
    let mut program = Command::new(env!("CARGO_BIN_EXE_holdfast-server"))
        .args(["--listen", "127.0.0.1:0", "--log", "error", "--data-dir"])
        .arg(data.path())
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(program.stdout.take().expect("it is piped")).lines();
    let address = loop {
        let line = soon("the address", lines.next_line()).await.unwrap().expect("it says where it listens");
        if let Some(address) = line.trim().strip_prefix("Listening on") {
            break address.trim().parse().expect("an address");
        }
    };
    let pid = program.id().expect("it runs");
    let task = tokio::spawn(async move {
        let _kept = (program.wait().await, data, lines);
        Ok(())
    });
    (TestHub { address, shutdown: holdfast_server::Shutdown::default(), task }, pid)
}

/// The resident memory once it is below `enough_kib`: the allocator gives back what was freed after some seconds.
async fn settled_kib(pid: u32, enough_kib: u64) -> u64 {
    let patience = Instant::now() + Duration::from_mins(1);
    loop {
        let now_kib = resident_kib(pid);
        if now_kib < enough_kib || Instant::now() > patience {
            return now_kib;
        }
        tokio::time::sleep(ms(200)).await;
    }
}

fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the program runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
