//! Random choices that can be repeated: a test prints its seed, and `MA_DEMANDE_SEED` plays it again.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
};

/// SplitMix64 (Steele, Lea, Flood 2014): enough to choose where to cut, and nothing secret.
pub struct Random(u64);

impl Random {
    /// A new sequence; its seed is printed for whoever must repeat it.
    pub fn seeded(test: &str) -> Self {
        let given = std::env::var("MA_DEMANDE_SEED").ok().and_then(|seed| seed.parse().ok());
        // The standard library seeds its hash maps from the system: an empty hash is a random number.
        let seed = given.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        println!("{test}: MA_DEMANDE_SEED={seed}");
        Self(seed)
    }

    /// A sequence of its own for another thread, which this one decides.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self(self.bits())
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..end`, or 0 where that is empty.
    pub fn below(&mut self, end: u64) -> u64 {
        self.bits().checked_rem(end).unwrap_or(0)
    }

    /// That many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend_from_slice(&self.bits().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}
