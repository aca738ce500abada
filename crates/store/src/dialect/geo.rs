//! Points and areas.

use super::{Dialect, Vendor};

impl Dialect {
    /// The units of lengths are told in capitals (Redis 7.0; measured).
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

    /// Longitudes and latitudes are shown as doubles are, rather than with 17 decimals (measured
    /// with Redis 8.2; Valkey 9.1 does not).
    pub(crate) fn shows_short_points(self) -> bool {
        self.vendor == Vendor::Redis && self.version >= (8, 0)
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
