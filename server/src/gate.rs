//! Counts what strangers hold open (sockets, connections, sessions, places in calls), in all and per address, and
//! says when there is enough of it.

use crate::network::Network;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// The count.
#[derive(Debug)]
pub(crate) struct Gate {
    max: u64,
    per_address_max: u64,
    open: Mutex<Open>,
    empty: Notify,
}

#[derive(Debug, Default)]
struct Open {
    all: u64,
    by_address: HashMap<Network, u64>,
}

/// One thing held open; dropping it counts it out.
#[derive(Debug)]
pub(crate) struct Pass {
    gate: Arc<Gate>,
    /// Whose.
    pub(crate) network: Network,
}

/// Why there is no way in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shut {
    /// There are as many as there may be.
    Full,
    /// There are as many of that address as there may be.
    AddressFull,
}

impl Gate {
    /// A gate for `max`, of which `per_address_max` of one address.
    pub(crate) fn new(max: u64, per_address_max: u64) -> Arc<Self> {
        Arc::new(Self { max, per_address_max, open: Mutex::default(), empty: Notify::new() })
    }

    /// Lets one more in.
    ///
    /// # Errors
    /// When there are as many as there may be.
    pub(crate) fn enter(self: &Arc<Self>, network: Network) -> Result<Pass, Shut> {
        let mut open = self.lock();
        let here = open.by_address.get(&network).copied().unwrap_or(0);
        if open.all >= self.max {
            return Err(Shut::Full);
        }
        if here >= self.per_address_max {
            return Err(Shut::AddressFull);
        }
        open.all += 1;
        open.by_address.insert(network, here + 1);
        Ok(Pass { gate: Arc::clone(self), network })
    }

    /// Waits until none is open.
    pub(crate) async fn emptied(&self) {
        loop {
            let told = self.empty.notified();
            if self.lock().all == 0 {
                return;
            }
            told.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut open = self.gate.lock();
        open.all -= 1;
        if open.all == 0 {
            self.gate.empty.notify_waiters();
        }
        if let Some(here) = open.by_address.get_mut(&self.network) {
            *here -= 1;
            if *here == 0 {
                open.by_address.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bounds_hold_and_leaving_makes_room() {
        let gate = Gate::new(3, 2);
        let [one, two] = ["192.0.2.1", "192.0.2.2"].map(|text| Network::of(text.parse().unwrap()));
        let first = gate.enter(one).unwrap();
        let second = gate.enter(one).unwrap();
        assert_eq!(gate.enter(one).unwrap_err(), Shut::AddressFull);
        let third = gate.enter(two).unwrap();
        assert_eq!(gate.enter(two).unwrap_err(), Shut::Full);
        drop(first);
        let again = gate.enter(one).unwrap();
        drop((second, third, again));
        assert!(gate.lock().by_address.is_empty(), "nothing is kept of who has left");
    }
}
