//! A bot that greets: it joins a room, says who comes and goes, greets each newcomer on the control channel, sends
//! messages back, and counts the frames it gets.
//!
//! `cargo run -p holdfast-peer --example greeter -- http://127.0.0.1:8080/r/team-sync`

use bytes::Bytes;
use holdfast_peer::{
    Client, Event, HubUrl, Options, Received, Stamped,
    media::{Clip, Section},
    system,
};
use holdfast_protocol::{DisplayName, MediaState, ParticipantId};
use std::{collections::BTreeMap, error::Error};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let link = std::env::args().nth(1).ok_or("usage: greeter http://HOST:PORT/r/ROOM")?;
    let url: HubUrl = link.parse()?;
    let options = Options::new(url.socket_url(), DisplayName::new("Greeter")?);
    let (client, mut streams) = Client::connect(system::environment(&url)?, options).await?;
    client.join(url.room().clone(), MediaState { camera: true, ..Default::default() }).await?;
    let _playing = client.play(Section::Camera, Clip::test_pattern());

    let mut names = BTreeMap::new();
    let mut frames: BTreeMap<ParticipantId, u64> = BTreeMap::new();
    loop {
        tokio::select! {
            event = streams.events.recv() => match event {
                None | Some(Stamped { event: Event::CallEnded { .. } | Event::CallOver { .. }, .. }) => break,
                Some(Stamped { event, .. }) => say(&client, &mut names, &frames, event).await,
            },
            Some(received) = streams.received.recv() => match received {
                Received::Frame { participant, .. } => *frames.entry(participant).or_default() += 1,
                Received::Control { participant, message } => client.send_control(participant, message).await?,
                Received::KeyFrameWanted { .. } => {}
            },
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    client.leave().await;
    Ok(())
}

async fn say(
    client: &Client,
    names: &mut BTreeMap<ParticipantId, DisplayName>,
    frames: &BTreeMap<ParticipantId, u64>,
    event: Event,
) {
    match event {
        Event::PeerJoined(participant) => {
            println!("{} is here", participant.name);
            names.insert(participant.id, participant.name);
        }
        Event::ControlOpen { participant } => {
            let greeting = names.get(&participant).map_or_else(String::new, |name| format!("Hello, {name}!"));
            if let Err(error) = client.send_control(participant, Bytes::from(greeting)).await {
                println!("a greeting was not sent: {error}");
            }
        }
        Event::PeerDisconnected { participant, ms_left, .. } => {
            if let Some(name) = names.get(&participant) {
                println!("{name} has lost the hub and has {} s to come back", ms_left / 1_000);
            }
        }
        Event::PeerLeft { participant, .. } => {
            let count = frames.get(&participant).copied().unwrap_or_default();
            if let Some(name) = names.remove(&participant) {
                println!("{name} is gone after {count} frames");
            }
        }
        _ => {}
    }
}
