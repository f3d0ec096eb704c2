//! Randomness from a seed.

use holdfast_protocol::Entropy;
use rand::{RngCore as _, SeedableRng as _, rngs::StdRng};
use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Mutex,
};

/// Bytes that depend on the seed and on whose they are, and on nothing else. Not secret at all.
pub struct SeededEntropy(Mutex<StdRng>);

impl SeededEntropy {
    /// The source of one party, such as `"hub"`; parties of one seed do not share bytes.
    pub fn new(seed: u64, party: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (seed, party).hash(&mut hasher);
        Self(Mutex::new(StdRng::seed_from_u64(hasher.finish())))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().expect("the generator does not panic").fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depends_on_seed_and_party_only() {
        let bytes = |seed, party| {
            let mut bytes = [0; 16];
            SeededEntropy::new(seed, party).fill(&mut bytes);
            bytes
        };
        assert_eq!(bytes(1, "hub"), bytes(1, "hub"));
        assert_ne!(bytes(1, "hub"), bytes(2, "hub"));
        assert_ne!(bytes(1, "hub"), bytes(1, "ann"));
    }
}
