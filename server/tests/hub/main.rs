//! The hub over real loopback sockets, as a client sees it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod calling;
mod direct;
mod directory;
mod hello;
mod http;
mod limits;
mod operations;
mod policies;
mod resume;
mod rooms;
mod secrets;
mod shutdown;
mod strangers;
mod support;
mod tls;
