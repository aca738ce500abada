//! Hashes, and fields that expire.

use super::{Dialect, Vendor};

impl Dialect {
    /// Returns the event of fields whose new expiry is past.
    pub(crate) fn past_field_event(self) -> &'static str {
        if self.packs_field_ttls() { "hdel" } else { "hexpired" }
    }

    /// Whether HINCRBYFLOAT is HSETEX with KEEPTTL in the stream, so that the field keeps its expiry
    /// (measured: Redis 8.2).
    pub(crate) fn keeps_field_ttls_of_sums(self) -> bool {
        self.vendor == Vendor::Redis && self.version >= (8, 0)
    }

    /// Whether HINCRBY, HSETNX and HINCRBYFLOAT are HSET or HSETEX with the time in the stream, if
    /// fields of the hash expire (measured: Valkey 9.1).
    pub(crate) fn rewrites_for_volatile_fields(self) -> bool {
        self.vendor == Vendor::Valkey && self.version >= (9, 0)
    }

    /// Whether hashes with fields that expire may be packed.
    pub(crate) fn packs_field_ttls(self) -> bool {
        self.vendor == Vendor::Redis
    }

    /// Whether an expired field of a hash is missing for every command of a client. Redis
    /// overwrites, deletes and revives such a field, and shows it to `HRANDFIELD` on a replica
    /// (measured).
    pub(crate) fn expired_fields_are_gone(self) -> bool {
        self.vendor == Vendor::Valkey
    }

    /// The name of the number of hashes with fields that expire in `INFO keyspace` (measured).
    #[must_use]
    pub fn volatile_hashes_field(self) -> Option<&'static str> {
        match self.vendor {
            Vendor::Redis => self.since_redis((7, 4)).then_some("subexpiry"),
            Vendor::Valkey => (self.version >= (9, 0)).then_some("keys_with_volatile_items"),
        }
    }

    /// Whether `DEBUG DIGEST` distinguishes fields that expire (measured).
    pub(crate) fn digests_field_ttls(self) -> bool {
        self.vendor == Vendor::Redis
    }

    /// Whether a request with more fields than a packed hash may have unpacks it, even if the same
    /// field comes again and again (measured on 7.0 and 8.2).
    pub(crate) fn counts_fields_first(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Whether any command unpacks a hash for a long field, `HINCRBY` included (measured).
    pub(crate) fn unpacks_for_any_long_field(self) -> bool {
        self.since_redis((7, 0))
    }
}
