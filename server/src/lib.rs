//! The Holdfast hub.
