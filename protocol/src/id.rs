//! Identities. Each kind is its own type, so one cannot stand for another. All but [`CommandId`] are UUIDs
//! (RFC 9562), written in lower case with hyphens, whose text order is their order.

use crate::Entropy;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use ts_rs::TS;
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
        #[serde(transparent)]
        pub struct $name(#[ts(type = "string")] Uuid);

        impl $name {
            /// Makes a new one (a version 4 UUID) from random bytes.
            pub fn mint(entropy: &dyn Entropy) -> Self {
                Self(uuid::Builder::from_random_bytes(entropy.bytes()).into_uuid())
            }

            /// The 16 bytes of the UUID.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id! {
    /// A user: an identity with a display name. Minted by the hub.
    UserId
}
uuid_id! {
    /// A device's standing with the hub; outlives its socket. Minted by the hub.
    SessionId
}
uuid_id! {
    /// A call. Never reused, although a room's name may be, by a later call. Minted by the hub.
    CallId
}
uuid_id! {
    /// A device in a call. Of two participants the one with the smaller id makes every offer. Minted by the hub.
    ParticipantId
}
uuid_id! {
    /// One peer connection between two participants; both sides use the same id and a rebuild makes a new one.
    /// Minted by the side that offers.
    ConnectionId
}
uuid_id! {
    /// One page load or one start of a process. Minted by the client.
    InstanceId
}
uuid_id! {
    /// A chat message. Minted by its author's client.
    MessageId
}
uuid_id! {
    /// One unbroken history of frames between the hub and a session. Minted by the hub.
    Epoch
}

/// The number a client gives to a command. It rises within the session; the answer or the refusal names it
/// (`in_reply_to`), and what has the number of an earlier command is that command again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct CommandId(pub u32);

/// The place of a hub frame in its epoch, counted from 1. 0 stands for none yet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct Seq(pub u32);
