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

    /// Small values are kept in listpacks rather than in ziplists, which is what they are called.
    pub(crate) fn has_listpacks(self) -> bool {
        self.since_redis((7, 0))
    }

    /// A score without a fraction is packed as an integer, so that -0 becomes 0 (Redis 7.0;
    /// measured).
    pub(crate) fn packs_whole_scores(self) -> bool {
        self.since_redis((7, 0))
    }

    /// `ZRANK` and `ZREVRANK` take `WITHSCORE`.
    pub(crate) fn has_rank_with_score(self) -> bool {
        self.since_redis((7, 2))
    }

    /// `ZADD` unpacks a sorted set that all its pairs would make too large, even if they are
    /// fewer members.
    pub(crate) fn expects_all_scores(self) -> bool {
        self.since_redis((7, 2))
    }

    /// `ZPOPMIN` and `ZPOPMAX` refuse a negative count (Redis 7.0; measured).
    pub(crate) fn pops_positive_counts(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Errors put the name of a command in quotes (Redis 7.0; measured).
    pub(crate) fn quotes_command_names(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Negative cursors are refused, as empty ones are (measured on 7.0 and 8.2).
    pub(crate) fn has_strict_cursors(self) -> bool {
        self.since((7, 4), (8, 0))
    }

    /// `HSCAN` knows `NOVALUES`.
    pub(crate) fn has_novalues(self) -> bool {
        self.since((7, 4), (8, 0))
    }

    /// `ZSCAN` knows `NOSCORES` (measured on Valkey 9.1; its documentation says since 8.1).
    pub(crate) fn has_noscores(self) -> bool {
        self.vendor == Vendor::Valkey && self.version >= (8, 1)
    }

    /// Longitudes and latitudes are shown as doubles are, rather than with 17 decimals (measured
    /// with Redis 8.2; Valkey 9.1 does not).
    pub(crate) fn shows_short_points(self) -> bool {
        self.vendor == Vendor::Redis && self.version >= (8, 0)
    }

    /// The units of lengths may be written in capitals, and errors do (Redis 7.0; measured).
    pub(crate) fn shouts_units(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Points of the same longitude are measured along their meridian, without the haversine
    /// formula's error (Redis 7.0; measured).
    pub(crate) fn measures_meridians(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Whether cells cover a shape is told by the degrees that it reaches, rather than by
    /// distances to its edges (measured with 7.0.15).
    pub(crate) fn covers_by_bounds(self) -> bool {
        self.since_redis((7, 0))
    }

    /// `GEOSEARCH` knows `BYPOLYGON` (Valkey 9.0; measured with 9.1).
    pub(crate) fn searches_polygons(self) -> bool {
        self.vendor == Vendor::Valkey && self.version >= (9, 0)
    }

    /// `GEOSEARCHSTORE` tells its own name in errors (Redis 7.0; measured).
    pub(crate) fn names_search_store(self) -> bool {
        self.since_redis((7, 0))
    }

    /// A search without a source has no outcome at all, whatever else is said; nothing is
    /// stored either (measured; not so in Redis 7.0).
    pub(crate) fn searches_only_sources(self) -> bool {
        !self.since_redis((7, 0))
    }
}
