//! What the program prints: JSON lines for programs, or short lines for people.

use crate::{
    client::PairStats,
    event::{Event, Stamped},
    pair::Flow,
};
use holdfast_protocol::ParticipantId;
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

/// Standard output, in one of two forms.
pub(super) struct Lines {
    json: bool,
    names: BTreeMap<ParticipantId, String>,
}

impl Lines {
    pub(super) fn new(json: bool) -> Self {
        Self { json, names: BTreeMap::new() }
    }

    pub(super) fn event(&mut self, event: &Stamped) {
        if let Event::PeerJoined(participant) = &event.event {
            self.names.insert(participant.id, participant.name.to_string());
        }
        if self.json {
            print(&serde_json::to_string(event).expect("events have string keys"));
        } else if let Some(line) = self.sentence(&event.event) {
            print(&format!("{}  {line}", seconds(event.at_ms)));
        }
        if let Event::PeerLeft { participant, .. } = &event.event {
            self.names.remove(participant);
        }
    }

    pub(super) fn stats(&self, at_ms: u64, pairs: &[PairStats]) {
        if self.json {
            let line = serde_json::json!({ "at_ms": at_ms, "event": "stats", "pairs": pairs });
            print(&line.to_string());
            return;
        }
        for pair in pairs {
            let sum = |field: fn(&crate::pair::counters::SectionStats) -> u64| -> u64 {
                pair.sections.iter().map(field).sum()
            };
            print(&format!(
                "{}  {}: {} frames in, {} dropped, {} packets lost; {} frames out",
                seconds(at_ms),
                self.name(pair.participant),
                sum(|s| s.frames_received),
                sum(|s| s.frames_dropped),
                sum(|s| s.packets_lost),
                sum(|s| s.frames_sent),
            ));
        }
    }

    fn name(&self, participant: ParticipantId) -> String {
        self.names.get(&participant).cloned().unwrap_or_else(|| participant.to_string())
    }

    fn sentence(&self, event: &Event) -> Option<String> {
        let line = match event {
            Event::Welcome { resumed: true, .. } => "back at the hub".to_owned(),
            Event::Welcome { user, .. } => format!("connected to the hub as user {user}"),
            Event::SocketLost { reason, retry_in_ms } => {
                format!("hub lost ({reason}); next attempt in {retry_in_ms} ms, media goes on")
            }
            Event::Refused { message, .. } => format!("refused: {message}"),
            Event::Joined { participants, .. } => format!("joined, {participants} in the call"),
            Event::Left { .. } => "left".to_owned(),
            Event::PlaceLost { reason, .. } => format!("the place in the call is lost ({})", word(reason)),
            Event::Ringing { ms_left, .. } => format!("it rings, for {} s", ms_left / 1_000),
            Event::IncomingCall { from, .. } => format!("{} calls", from.name),
            Event::AcceptedElsewhere { .. } => "another device took the call".to_owned(),
            Event::RingingStopped { .. } => "it rings no more".to_owned(),
            Event::MissedCall { from, .. } => format!("missed: a call of {}", from.name),
            Event::CallEnded { reason, .. } => format!("the call has ended ({})", word(reason)),
            Event::CallOver { reason, .. } => format!("the call was over already ({})", word(reason)),
            Event::PeerJoined(participant) => format!("{} is here", participant.name),
            Event::PeerDisconnected { participant, ms_left, .. } => {
                format!(
                    "{} has lost the hub; its place is kept for {} s",
                    self.name(*participant),
                    ms_left / 1_000
                )
            }
            Event::PeerReconnected { participant, .. } => format!("{} is back", self.name(*participant)),
            Event::PeerLeft { participant, reason } => {
                format!("{} is gone ({})", self.name(*participant), word(reason))
            }
            Event::PeerState { participant, state } => {
                format!("{}: {}", self.name(*participant), word(state))
            }
            Event::RestartWanted { participant, reason } => {
                format!("{}: ICE restart ({})", self.name(*participant), word(reason))
            }
            Event::RebuildWanted { participant, reason } => {
                format!("{}: new connection ({})", self.name(*participant), word(reason))
            }
            Event::Media { participant, flow } => format!("{}: {}", self.name(*participant), in_words(*flow)),
            _ => return None,
        };
        Some(line)
    }
}

fn in_words(flow: Flow) -> &'static str {
    match flow {
        Flow::None => "no media flows",
        Flow::In => "media flows in",
        Flow::Out => "media flows out",
        Flow::Both => "media flows both ways",
    }
}

/// The word that the JSON lines use for it.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => panic!("every reason and state is one word: {other:?}"),
    }
}

/// Milliseconds as seconds, for people.
fn seconds(ms: u64) -> String {
    format!("{:>4}.{:03}", ms / 1_000, ms % 1_000)
}

/// Whoever reads the output may go away first.
fn print(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}
