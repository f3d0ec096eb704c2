//! Timing defaults, in milliseconds. The hub tells clients the ones that are its own to choose (`welcome`);
//! the rest are the recovery ladder's, the same in the page and the headless peer.

/// How often a client sends `heartbeat`.
pub const HEARTBEAT_INTERVAL_MS: u64 = 5_000;
/// Silence after which either side takes the socket for dead.
pub const HEARTBEAT_TIMEOUT_MS: u64 = 12_000;
/// How long a new socket may take to say `hello`.
pub const HELLO_TIMEOUT_MS: u64 = 5_000;
/// A receiver acknowledges at the latest this long after a frame.
pub const ACK_DELAY_MS: u64 = 1_000;
/// After news of a change (a timer that came late, `online`) a client asks the hub, which has this long to answer.
pub const PROBE_TIMEOUT_MS: u64 = 2_000;
/// How long a planned stop of the hub waits for its clients.
pub const SHUTDOWN_GRACE_MS: u64 = 5_000;
/// Life of a TURN credential.
pub const TURN_TTL_MS: u64 = 600_000;

/// Waits between a client's attempts to reach the hub; the last one repeats.
pub const RECONNECT_BACKOFF_MS: [u64; 6] = [0, 1_000, 2_000, 4_000, 8_000, 10_000];

/// From ICE `disconnected` to the ICE restart.
pub const DISCONNECTED_GRACE_MS: u64 = 3_000;
/// From an ICE restart that did not connect to the next one.
pub const RESTART_RETRY_MS: u64 = 6_000;
/// A connection that has not connected within this time is built anew.
pub const CONNECT_TIMEOUT_MS: u64 = 10_000;
/// An offer without an answer is sent again after this time, and the connection built anew after twice.
pub const OFFER_TIMEOUT_MS: u64 = 3_000;
