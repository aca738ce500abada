//! `DEBUG DIGEST`: a number that equal data have in common, whatever form they rest in.
//!
//! Mirrors `computeDatasetDigest` and `xorObjectDigest`.

use sha1::{Digest as _, Sha1};

use super::Store;

/// Twenty bytes to which things are added, in order or in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Digest([u8; 20]);

impl Digest {
    /// Adds something whose place matters (`mixDigest`).
    pub(crate) fn mix(&mut self, bytes: &[u8]) {
        self.xor(bytes);
        self.0 = Sha1::digest(self.0).into();
    }

    /// Adds something whose place does not matter (`xorDigest`).
    pub(crate) fn xor(&mut self, bytes: &[u8]) {
        self.combine(Self(Sha1::digest(bytes).into()));
    }

    /// Adds a digest whose place does not matter, as it is.
    pub(crate) fn combine(&mut self, other: Self) {
        for (mine, other) in self.0.iter_mut().zip(other.0) {
            *mine ^= other;
        }
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// Forty hexadecimal digits.
    pub(crate) fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Store {
    /// `DEBUG DIGEST` of all databases (`computeDatasetDigest`): forty hexadecimal digits.
    /// `now_ms` is for fields that expire; keys that have expired count.
    #[must_use]
    pub fn digest(&self, now_ms: i64) -> String {
        let mut all = Digest::default();
        let numbered = (0_u32..).zip(&self.databases);
        for (number, database) in numbered.filter(|(_, database)| database.len() > 0) {
            all.mix(&number.to_be_bytes());
            for slot in database.iter() {
                let mut digest = Digest::default();
                digest.mix(slot.key());
                slot.digest(self.dialect, now_ms, &mut digest);
                all.xor(digest.bytes());
            }
        }
        all.hex()
    }
}
