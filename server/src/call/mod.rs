//! Calls. [`core`] decides, with [`outage`], [`ringing`], [`record`], [`stored`] and [`view`] for what their names say;
//! [`owner`] is the task that owns one call, [`table`] finds it, [`dial`] begins direct calls.

pub(crate) mod core;
pub(crate) mod dial;
pub(crate) mod event;
pub(crate) mod handle;
#[cfg(any(test, fuzzing))]
pub(crate) mod model;
mod outage;
pub(crate) mod owner;
mod place;
#[cfg(test)]
mod properties;
mod record;
mod ringing;
pub(crate) mod stored;
pub(crate) mod table;
#[cfg(test)]
mod tests;
pub(crate) mod view;

pub(crate) use event::Sender;
pub(crate) use handle::CallHandle;
pub(crate) use table::CallTable;
