//! The page's protocol types come from here. `UPDATE=1 cargo test -p holdfast-protocol` rewrites them; without it
//! this test fails when they are stale.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use holdfast_protocol as p;
use holdfast_protocol::{control, limits, timing};
use std::{fmt::Write, fs, path::Path};
use ts_rs::{Config, TS};

fn typescript() -> String {
    let config = Config::default();
    let mut out = String::from(
        "// Generated from the crate `holdfast-protocol`: UPDATE=1 cargo test -p holdfast-protocol --test typescript\n\n",
    );
    writeln!(out, "export const PROTOCOL_VERSION = {};", p::PROTOCOL_VERSION).unwrap();
    writeln!(out, "export const WEBSOCKET_PATH = {:?};", p::WEBSOCKET_PATH).unwrap();
    writeln!(out, "export const NAME_CHARS_MAX = {};", limits::NAME_CHARS_MAX).unwrap();
    writeln!(out, "export const ROOM_NAME_CHARS_MAX = {};", limits::ROOM_NAME_CHARS_MAX).unwrap();
    writeln!(out, "export const CONTROL_CHANNEL = {:?};", control::CONTROL_CHANNEL).unwrap();
    writeln!(out, "export const CONTROL_CHANNEL_ID = {};", control::CONTROL_CHANNEL_ID).unwrap();
    writeln!(out, "export const CONTROL_BYTES_MAX = {};", control::CONTROL_BYTES_MAX).unwrap();
    writeln!(out, "export const CHAT_CHARS_MAX = {};", control::CHAT_CHARS_MAX).unwrap();
    writeln!(out, "export const CHAT_HISTORY_MAX = {};", control::CHAT_HISTORY_MAX).unwrap();
    writeln!(out, "export const CLOSE_TAKEN_OVER = {};", p::CloseCode::TakenOver.number()).unwrap();
    writeln!(out, "export const CLOSE_HUB_FULL = {};", p::CloseCode::HubFull.number()).unwrap();
    writeln!(out, "export const DIRECTORY_USERS_MAX = {};", limits::DIRECTORY_USERS_MAX).unwrap();
    writeln!(out, "export const ACK_FRAMES = {};", limits::ACK_FRAMES).unwrap();
    writeln!(out, "export const ACK_DELAY_MS = {};", timing::ACK_DELAY_MS).unwrap();
    writeln!(out, "export const PROBE_TIMEOUT_MS = {};", timing::PROBE_TIMEOUT_MS).unwrap();
    let alive_ms = holdfast_protocol::policy::MEDIA_ALIVE_INTERVAL_MS;
    writeln!(out, "export const MEDIA_ALIVE_INTERVAL_MS = {alive_ms};").unwrap();
    writeln!(out, "export const RECONNECT_BACKOFF_MS = {:?} as const;", timing::RECONNECT_BACKOFF_MS)
        .unwrap();
    writeln!(out, "export const DISCONNECTED_GRACE_MS = {};", timing::DISCONNECTED_GRACE_MS).unwrap();
    writeln!(out, "export const RESTART_RETRY_MS = {};", timing::RESTART_RETRY_MS).unwrap();
    writeln!(out, "export const CONNECT_TIMEOUT_MS = {};", timing::CONNECT_TIMEOUT_MS).unwrap();
    writeln!(out, "export const OFFER_TIMEOUT_MS = {};\n", timing::OFFER_TIMEOUT_MS).unwrap();
    macro_rules! types { ($($name:ident),* $(,)?) => { $( writeln!(out, "export {}\n", p::$name::decl(&config)).unwrap(); )* } }
    types!(
        UserId,
        SessionId,
        CallId,
        ParticipantId,
        ConnectionId,
        InstanceId,
        Epoch,
        CommandId,
        Seq,
        Secret,
        DisplayName,
        RoomName,
        MediaState,
        ParticipantState,
        Role,
        Participant,
        CallKind,
        CallState,
        CallSnapshot,
        LeaveReason,
        EndReason,
        Presence,
        DirectoryEntry,
        DirectoryQuery,
        IceServer,
        IceConfig,
        IceCandidate,
        NegotiateReason,
        Signal,
        Limits,
        Heartbeat,
        GuestCredential,
        Resume,
        Hello,
        Caller,
        IncomingCall,
        Welcome,
        ErrorCode,
        ErrorFrame,
        ClientFrame,
        HubFrame,
        MessageId,
        ChatText,
        ChatMessage,
        ControlFrame,
        OutageCause,
        Outage,
        LoggedParticipant,
        LoggedUser,
        CallStatus,
        LoggedCall,
        CallLogPage,
    );
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

#[test]
fn generated_types_are_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/src/protocol/wire.ts");
    let fresh = typescript();
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &fresh).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == fresh,
        "web/src/protocol/wire.ts is stale: UPDATE=1 cargo test -p holdfast-protocol --test typescript"
    );
}
