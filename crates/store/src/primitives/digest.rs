//! `DEBUG DIGEST`: a number that is the same for equal data, in whatever form they are stored.
//!
//! Mirrors `computeDatasetDigest` and `xorObjectDigest`.

use sha1::{Digest as _, Sha1};

/// The twenty bytes of a digest, to which strings are added in order or in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Digest([u8; 20]);

impl Digest {
    /// Adds a string whose place matters (`mixDigest`).
    pub(crate) fn mix(&mut self, bytes: &[u8]) {
        self.xor(bytes);
        self.0 = Sha1::digest(self.0).into();
    }

    /// Adds a string whose place does not matter (`xorDigest`).
    pub(crate) fn xor(&mut self, bytes: &[u8]) {
        self.combine(Self(Sha1::digest(bytes).into()));
    }

    /// Adds another digest, whose place does not matter, as it is.
    pub(crate) fn combine(&mut self, other: Self) {
        for (mine, other) in self.0.iter_mut().zip(other.0) {
            *mine ^= other;
        }
    }

    /// The bytes of the digest.
    pub(crate) fn bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// Returns the digest as forty hexadecimal digits.
    pub(crate) fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
