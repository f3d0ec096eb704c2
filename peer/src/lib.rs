//! The headless peer.
