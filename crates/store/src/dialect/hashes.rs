//! Hashes, and fields that expire.

use super::{Dialect, Vendor};

impl Dialect {
    /// Hashes whose fields expire may be packed.
    pub(crate) fn packs_field_ttls(self) -> bool {
        self.vendor == Vendor::Redis
    }

    /// A field of a hash that has expired counts as missing for every command of a client. Redis
    /// overwrites, deletes and revives such a field, and shows it to `HRANDFIELD` on a replica
    /// (measured).
    pub(crate) fn expired_fields_are_gone(self) -> bool {
        self.vendor == Vendor::Valkey
    }

    /// What `INFO keyspace` calls the number of hashes with fields that expire (measured).
    #[must_use]
    pub fn volatile_hashes_field(self) -> Option<&'static str> {
        match self.vendor {
            Vendor::Redis => self.since_redis((7, 4)).then_some("subexpiry"),
            Vendor::Valkey => (self.version >= (9, 0)).then_some("keys_with_volatile_items"),
        }
    }

    /// `DEBUG DIGEST` tells fields that expire from those that do not (measured).
    pub(crate) fn digests_field_ttls(self) -> bool {
        self.vendor == Vendor::Redis
    }

    /// More fields in one request than a packed hash may have unpack it, even where they are the
    /// same again and again (measured on 7.0 and 8.2).
    pub(crate) fn counts_fields_first(self) -> bool {
        self.since_redis((7, 2))
    }

    /// A hash is unpacked for a long field by any command, `HINCRBY` included (measured).
    pub(crate) fn unpacks_for_any_long_field(self) -> bool {
        self.since_redis((7, 0))
    }
}
