//! How often each address may do something, for a bounded number of addresses.

use crate::{network::Network, rate::Bucket};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Addresses whose rate is remembered. When there are more, those who have done nothing lately are forgotten, and if
/// these are not enough, all.
const ADDRESSES_MAX: usize = 16_384;

/// The rates.
#[derive(Debug)]
pub(crate) struct Rates {
    per_minute: u32,
    burst: u32,
    addresses: Mutex<HashMap<Network, Bucket>>,
}

impl Rates {
    /// `per_minute` on average, `burst` at once; both are above zero.
    pub(crate) fn new(per_minute: u32, burst: u32) -> Self {
        Self { per_minute, burst, addresses: Mutex::default() }
    }

    /// Lets an address do it once.
    ///
    /// # Errors
    /// With the milliseconds until the next time.
    pub(crate) fn pass(&self, network: Network, now_ms: u64) -> Result<(), u64> {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if addresses.len() >= ADDRESSES_MAX && !addresses.contains_key(&network) {
            addresses.retain(|_, bucket| !bucket.is_full(now_ms));
            if addresses.len() >= ADDRESSES_MAX {
                addresses.clear();
            }
        }
        let full = || Bucket::new(self.per_minute.into(), self.burst, now_ms);
        addresses.entry(network).or_insert_with(full).take(now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_rate_and_the_table_a_bound() {
        let network = |number: u32| Network::of(std::net::Ipv4Addr::from_bits(number).into());
        let rates = Rates::new(60, 12);
        for _ in 0..12 {
            rates.pass(network(1), 0).unwrap();
        }
        assert_eq!(rates.pass(network(1), 0), Err(1_000));
        assert_eq!((rates.pass(network(2), 0), rates.pass(network(1), 1_000)), (Ok(()), Ok(())));
        for number in 3..40_000 {
            rates.pass(network(number), 1_000).unwrap();
            assert!(rates.addresses.lock().unwrap().len() <= ADDRESSES_MAX);
        }
    }
}
