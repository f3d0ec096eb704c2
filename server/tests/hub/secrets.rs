//! The program itself: what it prints, what it logs, and what it must never log.

use crate::support::soon;
use futures_util::{SinkExt, StreamExt};
use holdfast_protocol::{HubFrame, Resume, Seq};
use std::process::Stdio;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::Command,
};
use tokio_tungstenite::{connect_async, tungstenite::Message};

#[tokio::test]
async fn the_program_says_where_to_go_and_keeps_its_secrets() {
    let data = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_holdfast-server"))
        .args([
            "--listen",
            "127.0.0.1:0",
            "--log",
            "trace,tungstenite::protocol=trace",
            "--turn-url",
            "turn:turn.example.org",
        ])
        .arg("--data-dir")
        .arg(data.path())
        .env("HOLDFAST_TURN_SECRET", "north-of-the-river")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let link = loop {
        let line = soon("the link", lines.next_line()).await.unwrap().unwrap();
        if let Some(at) = line.find("http://") {
            break line[at..].to_owned();
        }
    };
    let (host, room) = link.strip_prefix("http://").unwrap().split_once("/r/").unwrap();
    holdfast_protocol::RoomName::new(room).unwrap();

    let (mut socket, _) = connect_async(format!("ws://{host}/ws")).await.unwrap();
    let hello = |extra: String| {
        let instance = "00001257-0000-4000-8000-000000000001";
        Message::Text(
            format!(r#"{{"type":"hello","protocol":2,"instance":"{instance}","name":"Ada"{extra}}}"#).into(),
        )
    };
    socket.send(hello(String::new())).await.unwrap();
    let text = soon("welcome", socket.next()).await.unwrap().unwrap().into_text().unwrap();
    let HubFrame::Welcome(welcome) = serde_json::from_str(&text).unwrap() else { panic!("{text}") };
    drop(socket);
    let resume = Resume {
        session: welcome.session,
        token: welcome.token.clone(),
        epoch: welcome.epoch,
        seq: Seq(0),
        hold: false,
    };
    let resume = serde_json::to_string(&resume).unwrap();
    let (mut socket, _) = connect_async(format!("ws://{host}/ws")).await.unwrap();
    socket.send(hello(format!(r#","resume":{resume}"#))).await.unwrap();
    let text = soon("welcome", socket.next()).await.unwrap().unwrap().into_text().unwrap();
    assert!(text.contains(r#""resumed":true"#), "{text}");

    let pid = program.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let going_away = match soon("going-away", socket.next()).await {
        Some(Ok(message)) => message,
        other => panic!("{other:?}; {:?}", program.wait().await),
    };
    assert!(going_away.into_text().unwrap().contains("going-away"));
    drop(socket);
    assert!(soon("the end", program.wait()).await.unwrap().success());

    let mut log = String::new();
    program.stderr.take().unwrap().read_to_string(&mut log).await.unwrap();
    assert!(log.contains("session resumed") && log.contains(r#""level":"DEBUG""#), "the log is on: {log}");
    assert!(log.lines().all(|line| line.starts_with('{')), "JSON when it is not a terminal");
    let credential = welcome.ice.servers[0].credential.clone().unwrap();
    for secret in
        [welcome.token.expose(), welcome.guest_secret.expose(), credential.expose(), "north-of-the-river"]
    {
        assert!(!log.contains(secret), "a secret in the log");
    }
}
