//! The five systems that people run today, each line of them against the hub in virtual time with its real numbers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cleanup;
mod device;
mod grace;
mod killed;
mod patient;
mod rejoin_window;
mod rules;
mod stage;
mod tracking;
