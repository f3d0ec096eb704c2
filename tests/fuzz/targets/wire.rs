//! The target `wire` for cargo-fuzz; what it does is in `server/src/fuzzing.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| holdfast_server::fuzzing::wire(data));
