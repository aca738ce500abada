//! CRC-64 as Redis computes it (Jones, reflected), piece by piece.

use crc::{CRC_64_REDIS, Crc, Digest, Table};

type Wide = Table<16>;

static CRC64: Crc<u64, Wide> = Crc::<u64, Wide>::new(&CRC_64_REDIS);

/// The checksum of the bytes so far.
#[derive(Clone)]
pub struct Checksum(Digest<'static, u64, Wide>);

impl Checksum {
    /// The checksum of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self(CRC64.digest())
    }

    /// Goes on with `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// What it is now.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.clone().finalize()
    }

    /// That of `bytes` alone.
    #[must_use]
    pub fn of(bytes: &[u8]) -> u64 {
        CRC64.checksum(bytes)
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
}
