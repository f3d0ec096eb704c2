//! Finds the owner of a call by its id, and of a room's call by the room's name; makes one when a room has none.

use super::handle::CallHandle;
use holdfast_protocol::{CallId, EndReason, RoomName, UserId};
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
    /// Calls that are over and whose end the store does not know yet; their owners are still there, and see to it.
    over: HashMap<CallId, Ended>,
}

/// How a call ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    /// Why.
    pub(crate) reason: EndReason,
    /// Whose call it was.
    pub(crate) users: Vec<UserId>,
}

/// There are as many calls as there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Full;

/// Why a room has no call, and gets none.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NotMade {
    /// There are as many as there may be.
    Full,
    /// Whoever asks begins too many; the milliseconds to wait.
    TooFast(u64),
}

impl CallTable {
    /// A table for at most `max` calls.
    pub(crate) fn new(max: u64) -> Self {
        Self { max: usize::try_from(max).unwrap_or(usize::MAX), calls: Mutex::default() }
    }

    /// The room's owner; `make` is called when it has none, and says how long to wait if it may not.
    pub(crate) fn find_or_make(
        &self,
        name: &RoomName,
        make: impl FnOnce() -> Result<CallHandle, u64>,
    ) -> Result<CallHandle, NotMade> {
        let mut calls = self.lock();
        let found = calls.rooms.get(name).and_then(|id| calls.by_id.get(id));
        // One that is closed has stopped listening, and is about to take itself out.
        if let Some(room) = found.filter(|room| !room.is_closed()) {
            return Ok(room.clone());
        }
        if found.is_none() && calls.by_id.len() >= self.max {
            return Err(NotMade::Full);
        }
        let room = make().map_err(NotMade::TooFast)?;
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

    /// A call is over, and the store does not know.
    pub(crate) fn is_over(&self, call: CallId, ended: Ended) {
        self.lock().over.insert(call, ended);
    }

    /// The store knows, or never will.
    pub(crate) fn is_known(&self, call: CallId) {
        self.lock().over.remove(&call);
    }

    /// How a call ended, if the store may not know.
    pub(crate) fn end_of(&self, call: CallId) -> Option<Ended> {
        self.lock().over.get(&call).cloned()
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
