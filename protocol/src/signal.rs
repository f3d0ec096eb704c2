//! What two participants say to each other through the hub: JSEP descriptions and trickled candidates (RFC 8829,
//! RFC 8838). The hub relays them and does not read SDP.

use crate::ConnectionId;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use ts_rs::TS;

/// One signal of a pair. Whatever names another connection or generation than the receiver's is dropped.
///
/// `generation` counts the offers of one connection from 1: the first offer, then one per ICE restart. An answer
/// and a candidate carry the generation of the offer they belong to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, IntoStaticStr, TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Signal {
    /// A description that opens or restarts the connection; made only by the side with the smaller participant id.
    Offer {
        /// The connection it opens or restarts.
        connection: ConnectionId,
        /// Its number among the connection's offers.
        generation: u32,
        /// The session description (RFC 8866).
        sdp: String,
    },
    /// The reply to the offer of the same generation.
    Answer {
        /// The connection.
        connection: ConnectionId,
        /// The offer's generation.
        generation: u32,
        /// The session description (RFC 8866).
        sdp: String,
    },
    /// A local candidate of the sender.
    Candidate {
        /// The connection.
        connection: ConnectionId,
        /// The generation of the offer or answer it belongs to.
        generation: u32,
        /// The candidate.
        candidate: IceCandidate,
    },
    /// The side that does not offer asks for an offer.
    Negotiate {
        /// The connection it knows, if any.
        connection: Option<ConnectionId>,
        /// The latest generation it has seen of it, 0 without a connection. A later offer in flight satisfies it.
        generation: u32,
        /// Why.
        reason: NegotiateReason,
    },
}

impl Signal {
    /// Its `kind`.
    pub fn kind(&self) -> &'static str {
        self.into()
    }
}

/// `RTCIceCandidateInit` (W3C WebRTC §4.8.1.1), in that spelling.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct IceCandidate {
    /// The candidate-attribute (RFC 8839 §5.1).
    pub candidate: String,
    /// The media section's identification tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sdp_mid: Option<String>,
    /// The media section's index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, rename = "sdpMLineIndex")]
    #[serde(rename = "sdpMLineIndex")]
    pub sdp_mline_index: Option<u16>,
    /// The ICE username fragment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub username_fragment: Option<String>,
}

/// Why a participant wants an offer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum NegotiateReason {
    /// No offer came after the two met.
    NoOffer,
    /// ICE has been `disconnected` for the grace period: ICE restart.
    IceDisconnected,
    /// ICE is `failed`: ICE restart.
    IceFailed,
    /// An earlier ICE restart did not connect: ICE restart.
    RestartTimedOut,
    /// The connection did not connect in time: a new one.
    NeverConnected,
    /// The connection is gone or unusable on the asking side: a new one.
    ConnectionLost,
}

impl NegotiateReason {
    /// Whether an ICE restart is not enough and a new connection is wanted.
    pub fn wants_new_connection(self) -> bool {
        matches!(self, Self::NoOffer | Self::NeverConnected | Self::ConnectionLost)
    }
}
