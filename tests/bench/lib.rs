//! Measures the hub from outside, over real WebSockets on loopback, and a bare relay in the same way beside it.
//!
//! - [`wire`]: a WebSocket client that costs next to nothing, so that one core of load keeps one core of server busy.
//! - [`pair`]: two clients of one room and the frames they exchange.
//! - [`load`]: as much as the server takes; [`latency`]: at a steady rate; [`idle`]: open sockets that say nothing.
//! - [`server`]: the program under test; [`bare`]: a relay of our own, for when there is none to compare with.
//! - [`figures`]: what was measured, and what was asked for; [`report`] and [`plot`] show it.

pub mod bare;
pub mod clock;
pub mod figures;
pub mod idle;
pub mod latency;
pub mod load;
pub mod pair;
pub mod plot;
pub mod report;
pub mod server;
pub mod wire;
