//! What Holdfast says on the wire: frames, ids, codes, limits and timing defaults.
//!
//! Pure: no runtime, no clock, no socket. `server` and `peer` both depend on this crate and never on each
//! other; the page's types are generated from it into `web/src/protocol/wire.ts`. Every frame has a golden
//! JSON vector in `tests/vectors/wire/`, and `docs/protocol.md` explains them in prose.

pub mod call;
pub mod client_frame;
pub mod code;
pub mod control;
pub mod entropy;
pub mod frame;
pub mod hello;
pub mod hub_frame;
pub mod ice;
pub mod id;
pub mod limits;
pub mod log;
pub mod name;
pub mod policy;
pub mod presence;
pub mod secret;
pub mod signal;
pub mod timing;

pub use call::{
    CallKind, CallSnapshot, CallState, EndReason, LeaveReason, MediaState, Participant, ParticipantState,
    Role,
};
pub use client_frame::ClientFrame;
pub use code::{CloseCode, ErrorCode};
pub use control::{ChatMessage, ChatText, ControlFrame};
pub use entropy::Entropy;
pub use frame::{DecodeError, ErrorFrame, Numbered};
pub use hello::{Caller, GuestCredential, Heartbeat, Hello, IncomingCall, Resume, Welcome};
pub use hub_frame::HubFrame;
pub use ice::{IceConfig, IceServer};
pub use id::{
    CallId, CommandId, ConnectionId, Epoch, InstanceId, MessageId, ParticipantId, Seq, SessionId, UserId,
};
pub use limits::Limits;
pub use log::{CallLogPage, CallStatus, LoggedCall, LoggedParticipant, LoggedUser, Outage, OutageCause};
pub use name::{DisplayName, InvalidName, RoomName};
pub use policy::{Consequence, DisconnectPolicy, PolicyPreset};
pub use presence::{DirectoryEntry, DirectoryQuery, Presence};
pub use secret::Secret;
pub use signal::{IceCandidate, NegotiateReason, Signal};

/// The protocol version that `hello` carries and `welcome` confirms.
pub const PROTOCOL_VERSION: u16 = 2;

/// Where the hub's WebSocket is (RFC 6455), below its HTTP origin.
pub const WEBSOCKET_PATH: &str = "/ws";
