//! What differs between the servers whose data this is: a replica answers as its master would.

/// Who the master is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// Redis.
    Redis,
    /// Valkey. The versions it continues from (Redis 7.2) are in its own version numbers.
    Valkey,
}

/// A vendor and a version, which decide how replies look and how values are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    vendor: Vendor,
    /// Such as `(7, 0)`.
    version: (u8, u8),
}

impl Default for Dialect {
    fn default() -> Self {
        Self { vendor: Vendor::Redis, version: (7, 0) }
    }
}

impl Dialect {
    /// That of a server of this version, such as `7.0.15`; parts that are no number count as 0.
    #[must_use]
    pub fn new(vendor: Vendor, version: &str) -> Self {
        let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
        let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        Self { vendor, version: (major, minor) }
    }

    /// Whose server.
    #[must_use]
    pub fn vendor(self) -> Vendor {
        self.vendor
    }

    /// Whether it is Redis of this version or later, or Valkey of that version or later. Every
    /// Valkey has what Redis 7.2 has.
    pub(crate) fn since(self, redis: (u8, u8), valkey: (u8, u8)) -> bool {
        self.version >= if self.vendor == Vendor::Redis { redis } else { valkey }
    }

    /// As [`Self::since`], for what every Valkey has.
    pub(crate) fn since_redis(self, redis: (u8, u8)) -> bool {
        self.since(redis, (0, 0))
    }

    /// Doubles are printed with as few digits as tell them apart, rather than with 17
    /// (Redis 7.2; measured).
    pub(crate) fn has_short_doubles(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Small lists are listpacks, and an element larger than a node may be has one of its own
    /// (Redis 7.2; measured).
    pub(crate) fn packs_lists(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Small sets are listpacks (Redis 7.2; measured).
    pub(crate) fn packs_sets(self) -> bool {
        self.since_redis((7, 2))
    }

    /// `HSCAN` has `NOVALUES`, and its like refuse it by name (Redis 7.4, Valkey 8.0; measured
    /// with Redis 8.2 and Valkey 9.1).
    pub(crate) fn has_novalues(self) -> bool {
        self.since((7, 4), (8, 0))
    }

    /// Doubles may be written in hexadecimal, as `strtod` takes them; not where `fast_float`
    /// reads them (Valkey 8.1; measured with 9.1).
    pub(crate) fn reads_hex_doubles(self) -> bool {
        !self.since((u8::MAX, 0), (8, 1))
    }

    /// The ends of ranges of scores may have blanks before them and be hexadecimal: the same
    /// reader, which came there in Redis 8 too (measured with 8.2).
    pub(crate) fn reads_loose_bounds(self) -> bool {
        !self.since((8, 0), (8, 1))
    }

    /// `SORT` takes an empty string for zero; not where the reader is Valkey's own (measured with
    /// Valkey 9.1, which also refuses what is too large or too small; Redis 8.2 does not).
    pub(crate) fn has_empty_weights(self) -> bool {
        !self.since((u8::MAX, 0), (8, 1))
    }
}
