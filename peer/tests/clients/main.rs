//! Tests of whole clients, with real peer connections over loopback.
#![allow(clippy::unwrap_used, reason = "a test's helper fails by panicking, as a test does")]

mod broken_path;
mod call;
mod direct;
mod places;
mod returns;
mod support;
