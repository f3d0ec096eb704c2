//! The rejoin window on real sockets, where a program's death is seen: a process group is killed with SIGKILL in the middle
//! of a direct call, and takes its place again by its resume file, or finds the call over and clears the file. The
//! program `holdfast-peer` must have been built.

use axum::serve::ListenerExt as _;
use holdfast_protocol::{DisconnectPolicy, PolicyPreset};
use holdfast_server::{
    Config, HubKey, OsEntropy, Shutdown, SystemClock,
    store::{LogQuery, Store as _, memory::MemoryStore},
};
use serde_json::Value;
use std::{path::PathBuf, process::Stdio, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    net::TcpListener,
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long a place is kept: a program starts and connects within it, on a busy machine, too.
const WINDOW_MS: u64 = 20_000;
const SHORT_WINDOW_MS: u64 = 1_000;

/// A hub in this process, under `support` with a window of its own; its address and its store.
async fn hub(away_ms: u64) -> (String, Arc<MemoryStore>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = listener.tap_io(|io| io.set_nodelay(true).unwrap());
    let policy = DisconnectPolicy { away_ms, all_away_ms: away_ms, ..PolicyPreset::Support.policy() };
    let store = Arc::<MemoryStore>::default();
    let mut config =
        Config { hub_key: Some(HubKey::new([7; 32])), direct_policy: policy, ..Config::default() };
    config.store.given = Some(store.clone());
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(OsEntropy));
    tokio::spawn(holdfast_server::run(config, vec![listener], clock, entropy, Shutdown::default()));
    (format!("http://{address}"), store)
}

/// The program in a process group of its own, and what it says.
struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        // Beside `deps`, where this test is.
        let programs: PathBuf = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned();
        let mut child = Command::new(programs.join("holdfast-peer"))
            .args(arguments)
            .arg("--events")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("`cargo build -p holdfast-peer` comes first");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next event of this kind.
    async fn event(&mut self, kind: &str) -> Value {
        let search = async {
            loop {
                let line = self.lines.next_line().await.unwrap().expect("the program goes on");
                let event: Value = serde_json::from_str(&line).unwrap();
                if event["event"] == kind {
                    return event;
                }
            }
        };
        timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("{kind} did not come"))
    }

    /// Kills it and all that it may have started.
    async fn kill_group(mut self) {
        let group = format!("-{}", self.child.id().unwrap());
        assert!(Command::new("kill").args(["-KILL", "--", &group]).status().await.unwrap().success());
        timeout(PATIENCE, self.child.wait()).await.expect("it dies").unwrap();
    }

    async fn code(mut self) -> i32 {
        let rest = async {
            while let Ok(Some(_)) = self.lines.next_line().await {}
            self.child.wait().await.unwrap().code().expect("it ended by itself")
        };
        timeout(PATIENCE, rest).await.expect("it ends")
    }
}

/// Ada, who answers, and Bob, who calls and keeps what it takes to come back in a file.
async fn call(hub: &str, file: &str) -> (Program, Program, Vec<String>) {
    let mut ada = Program::start(&["answer", "--hub", hub, "--name", "Ada", "--auto"]);
    let user = ada.event("welcome").await["user"].as_str().unwrap().to_owned();
    let arguments = ["call", &user, "--hub", hub, "--name", "Bob", "--resume-file", file];
    let arguments: Vec<String> = arguments.map(str::to_owned).into();
    let mut bob = bob(&arguments);
    bob.event("ringing").await;
    while ada.event("media").await["flow"] != "both" {}
    (ada, bob, arguments)
}

fn bob(arguments: &[String]) -> Program {
    Program::start(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[tokio::test]
async fn a_killed_process_group_rejoins_the_same_direct_call() {
    let (hub, store) = hub(WINDOW_MS).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("resume.json");
    let (mut ada, bob_before, arguments) = call(&hub, file.to_str().unwrap()).await;
    bob_before.kill_group().await;
    let away = ada.event("peer-disconnected").await;
    assert!(away["ms_left"].as_u64().unwrap() <= WINDOW_MS, "{away}");

    let mut bob_again = bob(&arguments);
    let joined = bob_again.event("joined").await;
    assert_eq!(joined["is_reconnect"], true);
    let back = ada.event("peer-reconnected").await;
    assert_eq!((&back["participant"], &back["incarnation"]), (&away["participant"], &Value::from(2)));
    while ada.event("media").await["flow"] != "both" {}
    let calls = store.log(LogQuery { limit: 9, ..LogQuery::default() }).await.unwrap().calls;
    assert_eq!(
        calls.iter().map(|call| call.id.to_string()).collect::<Vec<_>>(),
        [joined["call"].as_str().unwrap()]
    );

    // Hung up in order: there is nothing to come back to.
    let id = bob_again.child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().await.unwrap().success());
    assert_eq!(bob_again.code().await, 0);
    assert_eq!(ada.event("call-ended").await["reason"], "hangup");
    assert!(!file.exists(), "the stored token is cleared");
}

#[tokio::test]
async fn who_stays_dead_ends_it_and_finds_it_over_later() {
    let (hub, store) = hub(SHORT_WINDOW_MS).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("resume.json");
    let (mut ada, bob_before, arguments) = call(&hub, file.to_str().unwrap()).await;
    bob_before.kill_group().await;
    ada.event("peer-disconnected").await;
    assert_eq!(ada.event("call-ended").await["reason"], "network-lost");
    let calls = store.log(LogQuery { limit: 9, ..LogQuery::default() }).await.unwrap().calls;
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].participants.iter().map(|one| one.outages.len()).sum::<usize>(), 1);

    assert!(file.exists(), "it could not be cleared by who was killed");
    assert_eq!(bob(&arguments).code().await, 11, "the call was lost");
    assert!(!file.exists(), "the stored token is cleared");
    assert_eq!(store.sessions().await.unwrap(), []);
}
