//! Finds the owner of a room's call, and makes one when there is none.

use super::owner::CallHandle;
use holdfast_protocol::{CallId, RoomName};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The rooms with a call going on, bounded.
#[derive(Debug)]
pub(crate) struct RoomTable {
    max: usize,
    rooms: Mutex<HashMap<RoomName, CallHandle>>,
}

/// There are as many rooms as there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Full;

impl RoomTable {
    /// A table for at most `max` rooms.
    pub(crate) fn new(max: u64) -> Self {
        Self { max: usize::try_from(max).unwrap_or(usize::MAX), rooms: Mutex::default() }
    }

    /// The room's owner; `make` is called when it has none.
    pub(crate) fn find_or_make(
        &self,
        name: &RoomName,
        make: impl FnOnce() -> CallHandle,
    ) -> Result<CallHandle, Full> {
        let mut rooms = self.lock();
        match rooms.get(name) {
            // Its owner has stopped listening and is about to take itself out.
            Some(room) if room.is_closed() => {}
            Some(room) => return Ok(room.clone()),
            None if rooms.len() >= self.max => return Err(Full),
            None => {}
        }
        let room = make();
        rooms.insert(name.clone(), room.clone());
        Ok(room)
    }

    /// Forgets a call that is over, unless the name has a later one.
    pub(crate) fn remove(&self, name: &RoomName, call: CallId) {
        let mut rooms = self.lock();
        if rooms.get(name).is_some_and(|room| room.call == call) {
            rooms.remove(name);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RoomName, CallHandle>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
