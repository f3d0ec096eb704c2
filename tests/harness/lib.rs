//! The simulated world: the hub, its clients and their media in one process, on virtual time, from one seed.
//!
//! - [`net`]: the in-memory network with its faults.
//! - [`clock`] and [`entropy`]: time and randomness for the hub and its clients.
//! - [`store`]: what outlives the hub, and fails on demand.
//! - [`world`]: network and hub together; [`bot`]: a bot of the peer library in it; [`caller`]: its link alone.
//! - [`probe`]: a client without media that shows what the hub believes.
//! - [`log`]: what happened, line by line.
//! - [`program`] and [`http`]: the hub as a program on real sockets.
//! - [`scenario`]: what can be run.
//!
//! Runs that must repeat exactly go through the `holdfast-sim` program (`tests/sim`), one process per seed, since
//! crates below take randomness from the operating system.

pub mod bot;
pub mod caller;
pub mod clock;
pub mod entropy;
pub mod http;
pub mod log;
pub mod net;
pub mod probe;
pub mod program;
pub mod scenario;
pub mod store;
pub mod world;
