//! The hash function of keys, fields and members. It has a seed, because clients choose the names.

use std::hash::{BuildHasher, Hasher as _};

use foldhash::quality::FixedState;

/// A seeded hash function of byte strings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hasher {
    seed: u64,
}

impl Hasher {
    /// Returns the hash function of `seed`.
    pub(crate) const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Returns the hash of `bytes`: the better half of 64 bits.
    #[inline]
    pub(crate) fn hash(self, bytes: &[u8]) -> u32 {
        let mut hasher = FixedState::with_seed(self.seed).build_hasher();
        hasher.write(bytes);
        u32::try_from(hasher.finish() >> 32).unwrap_or_default()
    }
}
