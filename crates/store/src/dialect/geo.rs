//! Points and areas.

use super::{Dialect, Vendor};

impl Dialect {
    /// Whether errors write the units of lengths in capitals (Redis 7.0; measured).
    pub(crate) fn capitalizes_units(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Whether the distance of points of the same longitude is measured along their meridian,
    /// without the error of the haversine formula (Redis 7.0; measured).
    pub(crate) fn measures_meridians(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Whether the degrees that a shape reaches decide if cells cover it, and not distances to its
    /// edges (measured with 7.0.15).
    pub(crate) fn covers_by_bounds(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Whether `GEOSEARCH` has `BYPOLYGON` (Valkey 9.0; measured with 9.1).
    pub(crate) fn searches_polygons(self) -> bool {
        self.vendor == Vendor::Valkey && self.version >= (9, 0)
    }

    /// Whether longitudes and latitudes are shown as other doubles, and not with 17 decimals
    /// (measured with Redis 8.2; Valkey 9.1 does not).
    pub(crate) fn shows_short_points(self) -> bool {
        self.vendor == Vendor::Redis && self.version >= (8, 0)
    }

    /// Whether errors of `GEOSEARCHSTORE` have its own name (Redis 7.0; measured).
    pub(crate) fn names_search_store(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Whether a search without a source has no result at all, whatever its other words are, and
    /// stores nothing (measured; not so in Redis 7.0).
    pub(crate) fn searches_only_sources(self) -> bool {
        !self.since_redis((7, 0))
    }
}
