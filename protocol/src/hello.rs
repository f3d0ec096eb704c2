//! The first frame of each side: who the client says it is, and what the hub makes of it.

use crate::{
    CallId, CallSnapshot, CommandId, DisplayName, Epoch, IceConfig, InstanceId, Limits, Secret, Seq,
    SessionId, UserId,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The first frame of a socket.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct Hello {
    /// [`crate::PROTOCOL_VERSION`].
    pub protocol: u16,
    /// One page load or process; another instance that resumes a session raises its participants' incarnation.
    pub instance: InstanceId,
    /// Counts this instance's sockets. A `hello` that was overtaken by a later one of the same instance resumes nothing.
    #[serde(default)]
    pub attempt: u32,
    /// The user's display name.
    pub name: DisplayName,
    /// Who the guest is, when the hub has named it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub guest: Option<GuestCredential>,
    /// The session to come back to. Refused when the hub does not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub resume: Option<Resume>,
}

/// A guest's id with the secret that came with it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct GuestCredential {
    /// The guest.
    pub user: UserId,
    /// From the `welcome` that named the guest.
    pub secret: Secret,
}

/// A claim to a session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct Resume {
    /// The session.
    pub session: SessionId,
    /// From the session's last `welcome`.
    pub token: Secret,
    /// From the session's last `welcome`: what `seq` belongs to.
    pub epoch: Epoch,
    /// The last hub frame taken in; the hub goes on with the one after it.
    pub seq: Seq,
    /// Whether to leave the session's places in calls as they are, until `rejoin` or `leave`: somebody is being asked.
    #[serde(default)]
    pub hold: bool,
}

/// Answers `hello`: who the client is, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct Welcome {
    /// The version spoken from here on.
    pub protocol: u16,
    /// Names one unbroken history of frames between the hub and this session. The same one as before: what was missed
    /// follows, and `calls` is empty. Another one: frames may be lost, and `calls` is all there is.
    pub epoch: Epoch,
    /// The session.
    pub session: SessionId,
    /// What the next `hello` needs to come back to it. The one before is good until the first `ack` on this socket.
    pub token: Secret,
    /// Whether this is the session that `hello` asked for.
    pub resumed: bool,
    /// The last command that the hub has carried out; 0 in a new session. Later ones are to be sent again.
    pub last_command: CommandId,
    /// Who the client is.
    pub user: UserId,
    /// Proves it in a later session.
    pub guest_secret: Secret,
    /// The name as the others see it.
    pub name: DisplayName,
    /// How to show life on this socket.
    pub heartbeat: Heartbeat,
    /// Bounds to keep.
    pub limits: Limits,
    /// STUN and TURN servers.
    pub ice: IceConfig,
    /// The session's calls in a new epoch; empty while the epoch lasts.
    pub calls: Vec<CallSnapshot>,
    /// Calls that ring for this user.
    pub incoming: Vec<IncomingCall>,
    /// Whether `directory` may be asked.
    pub directory: bool,
}

/// A call that rings, as `welcome` tells it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct IncomingCall {
    /// The call.
    pub call: CallId,
    /// Who calls.
    pub from: Caller,
    /// The hub's time when it stops ringing, in milliseconds since the Unix epoch.
    #[ts(type = "number")]
    pub deadline_unix_ms: u64,
    /// What is left until then when this frame is written.
    #[ts(type = "number")]
    pub ms_left: u64,
}

/// Who calls.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// Their display name.
    pub name: DisplayName,
}

/// How both sides notice a dead socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct Heartbeat {
    /// How often to send `heartbeat`.
    #[ts(type = "number")]
    pub interval_ms: u64,
    /// Silence that means a dead socket, to either side.
    #[ts(type = "number")]
    pub timeout_ms: u64,
}
