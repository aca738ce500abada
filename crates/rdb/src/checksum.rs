//! CRC-64 as Redis computes it (Jones, reflected), piece by piece.

use crc_fast::{CrcAlgorithm, Digest};

const REDIS: CrcAlgorithm = CrcAlgorithm::Crc64Redis;

/// The checksum of the bytes so far.
#[derive(Clone)]
pub struct Checksum(Digest);

impl Checksum {
    /// Returns the checksum of no bytes.
    #[must_use]
    pub fn new() -> Self {
        Self(Digest::new(REDIS))
    }

    /// Adds `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of all bytes so far.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.finalize()
    }

    /// Returns the checksum of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> u64 {
        let mut checksum = Self::new();
        checksum.update(bytes);
        checksum.value()
    }
}

impl Default for Checksum {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Checksum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Checksum({:016x})", self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Computes the checksum bit by bit, as the polynomial defines it.
    fn slow(bytes: &[u8]) -> u64 {
        let bit = |sum: u64| if sum & 1 == 1 { sum >> 1 ^ 0x95ac_9329_ac4b_c9b5 } else { sum >> 1 };
        bytes.iter().fold(0, |sum, byte| (0..8).fold(sum ^ u64::from(*byte), |sum, _| bit(sum)))
    }

    #[test]
    fn is_redis_own_in_one_piece_or_several() {
        assert_eq!(Checksum::of(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        let mut checksum = Checksum::new();
        assert_eq!(checksum.value(), 0);
        checksum.update(b"1234");
        checksum.update(b"");
        checksum.update(b"56789");
        assert_eq!(checksum.value(), 0xe9c6_d914_c4b8_d9ca);
    }

    proptest! {
        #[test]
        fn is_the_polynomials(bytes in prop::collection::vec(any::<u8>(), 0..2000), cut: prop::sample::Index) {
            let sum = slow(&bytes);
            prop_assert_eq!(Checksum::of(&bytes), sum);
            let (first, second) = bytes.split_at(cut.index(bytes.len() + 1));
            let mut checksum = Checksum::new();
            checksum.update(first);
            checksum.update(second);
            prop_assert_eq!(checksum.value(), sum);
        }
    }
}
