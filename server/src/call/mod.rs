//! Calls. [`core`] decides, [`owner`] is the task that owns one call, [`table`] finds the owner by the room's name.

pub(crate) mod core;
pub(crate) mod event;
#[cfg(any(test, fuzzing))]
pub(crate) mod model;
pub(crate) mod owner;
#[cfg(test)]
mod properties;
pub(crate) mod table;

pub(crate) use event::Sender;
pub(crate) use owner::CallHandle;
pub(crate) use table::RoomTable;
