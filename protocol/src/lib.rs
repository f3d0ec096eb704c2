//! What Holdfast says on the wire: frames, ids, codes, limits and timing defaults.
//!
//! Pure: no runtime, no clock, no socket. `server` and `peer` both depend on this crate and never on each
//! other; the page's types are generated from it into `web/src/protocol/wire.ts`. Every frame has a golden
//! JSON vector in `tests/vectors/wire/`, and `docs/protocol.md` explains them in prose.

pub mod call;
pub mod code;
pub mod control;
pub mod entropy;
pub mod frame;
pub mod ice;
pub mod id;
pub mod limits;
pub mod name;
pub mod secret;
pub mod signal;
pub mod timing;

pub use call::{CallSnapshot, LeaveReason, MediaState, Participant, ParticipantState};
pub use code::{CloseCode, ErrorCode};
pub use control::{ChatMessage, ChatText, ControlFrame};
pub use entropy::Entropy;
pub use frame::{
    ClientFrame, DecodeError, ErrorFrame, GuestCredential, Heartbeat, Hello, HubFrame, Resume, Welcome,
};
pub use ice::{IceConfig, IceServer};
pub use id::{
    CallId, CommandId, ConnectionId, Epoch, InstanceId, MessageId, ParticipantId, SessionId, UserId,
};
pub use limits::Limits;
pub use name::{DisplayName, InvalidName, RoomName};
pub use secret::Secret;
pub use signal::{IceCandidate, NegotiateReason, Signal};

/// The protocol version that `hello` carries and `welcome` confirms.
pub const PROTOCOL_VERSION: u16 = 1;

/// Where the hub's WebSocket is (RFC 6455), below its HTTP origin.
pub const WEBSOCKET_PATH: &str = "/ws";
