//! The hub over real loopback sockets, as a client sees it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod api;
mod calling;
mod direct;
mod directory;
mod hello;
mod http;
mod limits;
mod operations;
mod policies;
mod restart;
mod resume;
mod rooms;
#[path = "../contract/samples.rs"]
mod samples;
mod secrets;
mod shutdown;
mod store;
mod strangers;
mod support;
mod systems;
mod tls;
