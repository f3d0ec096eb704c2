//! Codes that programs act on. They are stable: a code may be added, never changed or reused.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use ts_rs::TS;

/// Why the hub refused something; part of an `error` frame.
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, TS,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum ErrorCode {
    /// The message is not JSON.
    NotJson,
    /// The frame has no `type`, or one that this version does not know.
    UnknownType,
    /// A field of the frame is missing or of the wrong form; the message names it.
    MalformedFrame,
    /// The message is not text.
    BinaryFrame,
    /// The protocol version of `hello` is not spoken here.
    UnsupportedProtocol,
    /// Something else came before `hello`.
    HelloExpected,
    /// A second `hello` on one socket.
    AlreadyWelcomed,
    /// The guest's id and secret do not belong together.
    BadCredentials,
    /// The hub does not know the session, or the token is not its: it ended, or never was. Who guesses learns no more.
    /// Say `hello` again without `resume`.
    SessionUnknown,
    /// A later `hello` of the same instance has already been heard.
    StaleHello,
    /// A display name is empty, too long, or has characters that a name cannot have.
    InvalidName,
    /// A room name is empty, too long, or has characters outside `a-z`, `0-9` and `-`.
    InvalidRoom,
    /// The call has as many participants as it may have.
    RoomFull,
    /// The session is in as many calls as it may be.
    TooManyCalls,
    /// The session is not in that call.
    NotInCall,
    /// Nobody of that id is in the call.
    UnknownParticipant,
    /// There is no such call, or it is not this user's.
    UnknownCall,
    /// The user called is in a direct call, or is being called.
    Busy,
    /// The caller is in a direct call, or is being called by somebody else.
    InDirectCall,
    /// No device of the user called is connected.
    UserOffline,
    /// Nobody can call themselves.
    CallsYourself,
    /// The call does not ring, or not for this user.
    NotRinging,
    /// Only the call's host may do that.
    NotHost,
    /// This hub shows its directory to nobody.
    DirectoryOff,
    /// A description or a candidate is too long or visibly not one.
    InvalidSignal,
    /// Too many frames, queries, or calls begun from one address, in too short a time; wait `retry_after_ms`.
    RateLimited,
    /// The hub has as many sessions, rooms or sockets as it may have.
    HubFull,
    /// The client's address has as many sessions or places in calls as one address may have.
    AddressFull,
    /// The client's address has gone on abusing the hub; stay away for `retry_after_ms`.
    Banned,
    /// The hub failed; its log says why.
    Internal,
}

impl ErrorCode {
    /// The word on the wire and in metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Why the hub closed a WebSocket: RFC 6455 §7.4.1 codes where one fits, 4000–4999 otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
#[repr(u16)]
pub enum CloseCode {
    /// The client closed, or left the page.
    Normal = 1000,
    /// The hub is stopping.
    GoingAway = 1001,
    /// What came is not the WebSocket protocol, or acknowledges what was never sent.
    ProtocolError = 1002,
    /// A binary message.
    Unsupported = 1003,
    /// A text message that is not UTF-8.
    NotUtf8 = 1007,
    /// A message larger than `frame_bytes_max`.
    TooBig = 1009,
    /// `hello` did not come in time.
    HelloTimeout = 4001,
    /// `hello` was refused; the `error` frame before says why.
    HelloRefused = 4002,
    /// Nothing was heard for the heartbeat time-out.
    HeartbeatTimeout = 4003,
    /// The client reads too slowly and its queue is full.
    SlowReader = 4004,
    /// The same session came back on another socket.
    TakenOver = 4005,
    /// Too many frames were refused.
    TooManyErrors = 4006,
    /// The hub has as many sockets as it may have.
    HubFull = 4007,
    /// The client's address is banned; the `error` frame before says for how long.
    Banned = 4008,
    /// The client's address has as many sockets as one address may have.
    AddressFull = 4009,
}

impl CloseCode {
    /// Every code, for docs and metrics.
    pub const ALL: [Self; 15] = [
        Self::Normal,
        Self::GoingAway,
        Self::ProtocolError,
        Self::Unsupported,
        Self::NotUtf8,
        Self::TooBig,
        Self::HelloTimeout,
        Self::HelloRefused,
        Self::HeartbeatTimeout,
        Self::SlowReader,
        Self::TakenOver,
        Self::TooManyErrors,
        Self::HubFull,
        Self::Banned,
        Self::AddressFull,
    ];

    /// The number on the wire.
    pub fn number(self) -> u16 {
        self as u16
    }

    /// The word sent as close reason and used in logs and metrics.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::GoingAway => "going-away",
            Self::ProtocolError => "protocol-error",
            Self::Unsupported => "binary-frame",
            Self::NotUtf8 => "not-utf-8",
            Self::TooBig => "frame-too-large",
            Self::HelloTimeout => "hello-timeout",
            Self::HelloRefused => "hello-refused",
            Self::HeartbeatTimeout => "heartbeat-timeout",
            Self::SlowReader => "slow-reader",
            Self::TakenOver => "taken-over",
            Self::TooManyErrors => "too-many-errors",
            Self::HubFull => "hub-full",
            Self::Banned => "banned",
            Self::AddressFull => "address-full",
        }
    }
}
