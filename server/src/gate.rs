//! Counts open WebSockets, in all and per address, and says when there are enough.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
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
    by_address: HashMap<IpAddr, u64>,
}

/// One open WebSocket; dropping it counts it out.
#[derive(Debug)]
pub(crate) struct Pass {
    gate: Arc<Gate>,
    address: IpAddr,
}

impl Gate {
    /// A gate for `max` sockets, `per_address_max` of one address.
    pub(crate) fn new(max: u64, per_address_max: u64) -> Self {
        Self { max, per_address_max, open: Mutex::default(), empty: Notify::new() }
    }

    /// Lets one more in; None when there are as many as there may be.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Pass> {
        let address = network(address);
        let mut open = self.lock();
        let here = open.by_address.get(&address).copied().unwrap_or(0);
        if open.all >= self.max || here >= self.per_address_max {
            return None;
        }
        open.all += 1;
        open.by_address.insert(address, here + 1);
        Some(Pass { gate: Arc::clone(self), address })
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
        if let Some(here) = open.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

/// Who owns one IPv6 address owns its whole /64, so that is what counts as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bounds_hold_and_leaving_makes_room() {
        let gate = Arc::new(Gate::new(3, 2));
        let [one, two]: [IpAddr; 2] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        let first = gate.enter(one).unwrap();
        let second = gate.enter(one).unwrap();
        assert!(gate.enter(one).is_none(), "two of one address");
        let third = gate.enter(two).unwrap();
        assert!(gate.enter(two).is_none(), "three in all");
        drop(first);
        let again = gate.enter(one).unwrap();
        drop((second, third, again));
        assert!(gate.lock().by_address.is_empty(), "nothing is kept of who has left");
    }

    #[test]
    fn an_ipv6_network_counts_as_one_and_a_mapped_address_as_its_ipv4() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1:2:3"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
