//! Finds the owner of a call by its id, and of a room's call by the room's name; makes one when a room has none.

use super::handle::CallHandle;
use holdfast_protocol::{CallId, RoomName};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The calls going on, bounded.
#[derive(Debug)]
pub(crate) struct CallTable {
    max: usize,
    calls: Mutex<Calls>,
}

#[derive(Debug, Default)]
struct Calls {
    rooms: HashMap<RoomName, CallId>,
    by_id: HashMap<CallId, CallHandle>,
}

/// There are as many calls as there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Full;

impl CallTable {
    /// A table for at most `max` calls.
    pub(crate) fn new(max: u64) -> Self {
        Self { max: usize::try_from(max).unwrap_or(usize::MAX), calls: Mutex::default() }
    }

    /// The room's owner; `make` is called when it has none.
    pub(crate) fn find_or_make(
        &self,
        name: &RoomName,
        make: impl FnOnce() -> CallHandle,
    ) -> Result<CallHandle, Full> {
        let mut calls = self.lock();
        let found = calls.rooms.get(name).and_then(|id| calls.by_id.get(id));
        // One that is closed has stopped listening, and is about to take itself out.
        if let Some(room) = found.filter(|room| !room.is_closed()) {
            return Ok(room.clone());
        }
        if found.is_none() && calls.by_id.len() >= self.max {
            return Err(Full);
        }
        let room = make();
        calls.rooms.insert(name.clone(), room.call);
        calls.by_id.insert(room.call, room.clone());
        Ok(room)
    }

    /// Adds a direct call.
    pub(crate) fn insert(&self, handle: &CallHandle) -> Result<(), Full> {
        let mut calls = self.lock();
        if calls.by_id.len() >= self.max {
            return Err(Full);
        }
        calls.by_id.insert(handle.call, handle.clone());
        Ok(())
    }

    /// Adds a call that was stored, by its room's name, too, if it has one, however many there are.
    pub(crate) fn restore(&self, name: Option<&RoomName>, handle: &CallHandle) {
        let mut calls = self.lock();
        if let Some(name) = name {
            calls.rooms.insert(name.clone(), handle.call);
        }
        calls.by_id.insert(handle.call, handle.clone());
    }

    /// The owner of a call.
    pub(crate) fn find(&self, call: CallId) -> Option<CallHandle> {
        self.lock().by_id.get(&call).cloned()
    }

    /// Forgets a call that is over; the room's name stays with a later one that has it.
    pub(crate) fn remove(&self, name: Option<&RoomName>, call: CallId) {
        let mut calls = self.lock();
        calls.by_id.remove(&call);
        if let Some(name) = name
            && calls.rooms.get(name) == Some(&call)
        {
            calls.rooms.remove(name);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
