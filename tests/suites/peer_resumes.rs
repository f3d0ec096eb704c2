//! The program `holdfast-peer` against the real hub: killed and started again it takes its place in the call; one calls
//! another, and says with its exit code what became of it. The program must have been built.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::serve::ListenerExt;
use holdfast_peer::{Client, Event, HubUrl, Options, Streams, system};
use holdfast_protocol::{DisplayName, MediaState, ParticipantId};
use holdfast_server::{Config, HubKey, OsEntropy, Shutdown, SystemClock, store::memory::MemoryStore};
use serde_json::Value;
use std::{path::PathBuf, process::Stdio, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpListener,
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// A hub in this process; its address.
async fn hub() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = listener.tap_io(|io| io.set_nodelay(true).unwrap());
    let mut config = Config { hub_key: Some(HubKey::new([7; 32])), ..Config::default() };
    config.store.given = Some(Arc::new(MemoryStore::default()));
    let run = holdfast_server::run(
        config,
        vec![listener],
        Arc::new(SystemClock),
        Arc::new(OsEntropy),
        Shutdown::default(),
    );
    tokio::spawn(run);
    format!("http://{address}")
}

/// The program with its JSON lines. It is killed when this is dropped.
struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    seen: Vec<Value>,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut program: PathBuf = std::env::current_exe().unwrap();
        // Of `target/debug/deps/this`.
        program.pop();
        program.pop();
        let mut child = Command::new(program.join("holdfast-peer"))
            .args(arguments)
            .arg("--events")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("`cargo build -p holdfast-peer` comes first");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, seen: vec![] }
    }

    /// The next event of this kind.
    async fn event(&mut self, kind: &str) -> Value {
        let search = async {
            loop {
                let line = self.lines.next_line().await.unwrap().expect("the program goes on");
                let event: Value = serde_json::from_str(&line).unwrap();
                self.seen.push(event.clone());
                if event["event"] == kind {
                    return event;
                }
            }
        };
        let found = timeout(PATIENCE, search).await;
        found.unwrap_or_else(|_| panic!("{kind} did not come; seen: {:#?}", self.seen))
    }

    /// Media flows both ways.
    async fn media_flows(&mut self) {
        while self.event("media").await["flow"] != "both" {}
    }

    async fn signal(&self, signal: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &id]).status().await.unwrap().success());
    }

    async fn say(&mut self, line: &str) {
        self.child.stdin.as_mut().unwrap().write_all(line.as_bytes()).await.unwrap();
    }

    /// Its exit code, after it ended by itself.
    async fn code(mut self) -> i32 {
        let rest = async {
            while let Ok(Some(_)) = self.lines.next_line().await {}
            self.child.wait().await.unwrap().code().expect("it ended by itself")
        };
        timeout(PATIENCE, rest).await.expect("it ends")
    }
}

async fn until<T>(streams: &mut Streams, wanted: impl Fn(&Event) -> Option<T>) -> T {
    let search = async {
        loop {
            let event = streams.events.recv().await.expect("the client goes on").event;
            assert!(!matches!(event, Event::PeerLeft { .. }), "nobody has left: {event:?}");
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    };
    timeout(PATIENCE, search).await.expect("it comes")
}

fn flows(event: &Event) -> Option<()> {
    matches!(event, Event::Media { flow: holdfast_peer::pair::Flow::Both, .. }).then_some(())
}

#[tokio::test]
async fn a_killed_process_takes_its_place_again() {
    let room = format!("{}/r/test", hub().await);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("resume.json");
    let url: HubUrl = room.parse().unwrap();
    let options = Options::new(url.socket_url(), DisplayName::new("Ada").unwrap());
    let (ada, mut streams) = Client::connect(system::environment(&url).unwrap(), options).await.unwrap();
    let media = MediaState { camera: true, ..Default::default() };
    ada.join(url.room().clone(), media).await.unwrap();
    let _playing =
        ada.play(holdfast_peer::media::Section::Camera, holdfast_peer::media::Clip::test_pattern());

    let arguments = ["join", &room, "--name", "Bob", "--resume-file", file.to_str().unwrap()];
    let mut first = Program::start(&arguments);
    let place = first.event("joined").await;
    until(&mut streams, flows).await;
    first.child.kill().await.unwrap();
    until(&mut streams, |event| matches!(event, Event::PeerDisconnected { .. }).then_some(())).await;

    let mut second = Program::start(&arguments);
    let again = second.event("joined").await;
    assert_eq!([&again["call"], &again["you"]], [&place["call"], &place["you"]], "the same place");
    assert_eq!(again["is_reconnect"], true);
    let back = until(&mut streams, |event| match event {
        Event::PeerReconnected { participant, incarnation, reconnect_count, .. } => {
            Some((*participant, *incarnation, *reconnect_count))
        }
        _ => None,
    });
    let you: ParticipantId = place["you"].as_str().unwrap().parse().unwrap();
    assert_eq!(back.await, (you, 2, 1));
    until(&mut streams, flows).await;
    second.media_flows().await;

    second.signal("INT").await;
    assert_eq!(second.code().await, 0);
    assert!(!file.exists(), "there is nothing to come back to");
}

#[tokio::test]
async fn a_process_that_is_taken_over_leaves_the_file_to_its_successor() {
    let room = format!("{}/r/test", hub().await);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("resume.json");
    let arguments = ["join", &room, "--name", "Bob", "--resume-file", file.to_str().unwrap()];
    let mut first = Program::start(&arguments);
    let place = first.event("joined").await;
    // So that it hears of it only when the other one has written its token.
    first.signal("STOP").await;
    let mut second = Program::start(&arguments);
    second.event("joined").await;
    first.signal("CONT").await;
    assert_eq!(first.code().await, 3, "it is told that another one has the session");
    second.child.kill().await.unwrap();
    let mut third = Program::start(&arguments);
    let again = third.event("joined").await;
    assert_eq!([&again["call"], &again["you"]], [&place["call"], &place["you"]], "the same place");
}

#[tokio::test]
async fn one_process_calls_another() {
    let hub = hub().await;
    let mut bob = Program::start(&["answer", "--hub", &hub, "--name", "Bob", "--auto", "--once"]);
    let user = bob.event("welcome").await["user"].as_str().unwrap().to_owned();
    let mut ada = Program::start(&["call", &user, "--hub", &hub, "--name", "Ada"]);
    ada.event("ringing").await;
    ada.media_flows().await;
    bob.media_flows().await;
    ada.signal("INT").await;
    assert_eq!([ada.code().await, bob.code().await], [0, 0], "hung up");

    let offline = Program::start(&["call", &user, "--hub", &hub, "--name", "Ada"]);
    assert_eq!(offline.code().await, 10);

    let mut eve = Program::start(&["answer", "--hub", &hub, "--name", "Eve"]);
    let user = eve.event("welcome").await["user"].as_str().unwrap().to_owned();
    let declined = Program::start(&["call", &user, "--hub", &hub, "--name", "Ada"]);
    eve.event("incoming-call").await;
    eve.say("decline\n").await;
    assert_eq!(declined.code().await, 7);
}
