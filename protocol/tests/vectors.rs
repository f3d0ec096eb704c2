//! The golden JSON vectors: every frame reads, and writes back to the very same JSON.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use holdfast_protocol::{ClientFrame, ControlFrame, HubFrame, frame::CLIENT_FRAME_TYPES};
use serde::{Serialize, de::DeserializeOwned};
use std::{collections::BTreeSet, fs, path::Path};

/// Reads and writes every vector of one direction; the frame types seen.
fn round_trip<F: DeserializeOwned + Serialize>(direction: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/wire").join(direction);
    let mut types = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let golden: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let frame: F =
            serde_json::from_value(golden.clone()).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert_eq!(serde_json::to_value(&frame).unwrap(), golden, "{}", path.display());
        types.insert(golden["type"].as_str().unwrap().to_owned());
    }
    types
}

#[test]
fn client_frames() {
    let seen = round_trip::<ClientFrame>("client");
    assert_eq!(seen, CLIENT_FRAME_TYPES.map(str::to_owned).into(), "each client frame has a vector");
}

#[test]
fn hub_frames() {
    let seen = round_trip::<HubFrame>("hub");
    let all = [
        "welcome",
        "joined",
        "ringing",
        "incoming-call",
        "accepted-elsewhere",
        "missed-call",
        "call-ended",
        "call-over",
        "left",
        "peer-joined",
        "peer-disconnected",
        "peer-reconnected",
        "peer-left",
        "signal",
        "media-state",
        "ice-servers",
        "directory",
        "presence",
        "ack",
        "heartbeat-ack",
        "going-away",
        "error",
    ];
    assert_eq!(seen, all.map(str::to_owned).into(), "each hub frame has a vector");
}

#[test]
fn control_frames() {
    let seen = round_trip::<ControlFrame>("control");
    assert_eq!(
        seen,
        ["chat", "chat-history", "hand"].map(str::to_owned).into(),
        "each control frame has a vector"
    );
}
