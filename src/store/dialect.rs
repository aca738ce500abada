//! What differs between the servers whose data this is: a replica answers as its master would.

use crate::command::Versions;
use crate::rdb::Form;

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

    /// As a number, to be kept where many threads look at it.
    #[must_use]
    pub fn to_bits(self) -> u32 {
        u32::from_be_bytes([
            0,
            u8::from(self.vendor == Vendor::Valkey),
            self.version.0,
            self.version.1,
        ])
    }

    /// Back from [`Self::to_bits`].
    #[must_use]
    pub fn from_bits(bits: u32) -> Self {
        let [_, vendor, major, minor] = bits.to_be_bytes();
        let vendor = if vendor == 0 { Vendor::Redis } else { Vendor::Valkey };
        Self { vendor, version: (major, minor) }
    }

    /// The field of an RDB file that tells it.
    #[must_use]
    pub fn version_field(self) -> &'static str {
        match self.vendor {
            Vendor::Redis => "redis-ver",
            Vendor::Valkey => "valkey-ver",
        }
    }

    /// Whose server.
    #[must_use]
    pub fn vendor(self) -> Vendor {
        self.vendor
    }

    /// Whether it has a command that these versions have.
    #[must_use]
    pub fn is_among(self, versions: &Versions) -> bool {
        match self.vendor {
            Vendor::Redis => versions.redis.contains(&self.version),
            Vendor::Valkey => versions.valkey.contains(&self.version),
        }
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

    /// Subcommands have an arity of their own, and an error of their own for it (Redis 7.0).
    pub(crate) fn has_subcommands(self) -> bool {
        self.since_redis((7, 0))
    }

    /// `EXPIRE` and its like take conditions, and refuse times that no number holds (Redis 7.0).
    pub(crate) fn has_expire_conditions(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Small integers are one object for all keys that have them (measured: up to Redis 8.0,
    /// Valkey 8.0).
    pub(crate) fn shares_integers(self) -> bool {
        !self.since((8, 2), (8, 1))
    }

    /// `SCAN ... TYPE` refuses names that are no type's (measured on Valkey 9.1; not Redis 8.2).
    pub(crate) fn checks_type_names(self) -> bool {
        self.vendor == Vendor::Valkey && self.version >= (8, 0)
    }

    /// The last line of `HELP` is in the imperative (Redis 7.2; measured: not 7.0.15).
    pub(crate) fn has_imperative_help(self) -> bool {
        self.since_redis((7, 2))
    }

    /// The form in which such a server saves and dumps.
    #[must_use]
    pub fn form(self) -> Form {
        match (self.vendor, self.version) {
            (Vendor::Valkey, (9.., _)) => Form::VALKEY_90,
            (Vendor::Valkey, _) | (Vendor::Redis, (7, 2..4)) => Form::REDIS_72,
            (Vendor::Redis, (..7, _)) => Form::REDIS_62,
            (Vendor::Redis, (7, ..2)) => Form::REDIS_70,
            (Vendor::Redis, (8, 6..8)) => Form::for_version(13),
            (Vendor::Redis, (8, 8..) | (9.., _)) => Form::for_version(14),
            (Vendor::Redis, _) => Form::REDIS_74,
        }
    }

    /// A field of a hash that has expired counts as missing for every command of a client. Redis
    /// overwrites, deletes and revives such a field, and shows it to `HRANDFIELD` on a replica
    /// (measured).
    pub(crate) fn expired_fields_are_gone(self) -> bool {
        self.vendor == Vendor::Valkey
    }

    /// Hashes whose fields expire may be packed.
    pub(crate) fn packs_field_ttls(self) -> bool {
        self.vendor == Vendor::Redis
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

    /// Negative cursors are refused, as empty ones are (measured on 7.0 and 8.2).
    pub(crate) fn has_strict_cursors(self) -> bool {
        self.since((7, 4), (8, 0))
    }

    /// `HSCAN` knows `NOVALUES`.
    pub(crate) fn has_novalues(self) -> bool {
        self.since((7, 4), (8, 0))
    }

    /// A stream's node has room by what it would hold: the new entry's bytes count, and entries
    /// that are deleted (Redis 6.2.6 and 7.0; measured on 6.2.5, 7.0.15).
    pub(crate) fn fills_nodes_exactly(self) -> bool {
        self.since_redis((7, 0))
    }

    /// How many entries a group has read is counted on only from the stream's first entry on, if
    /// none was deleted beyond the group's last one (measured: not 7.0.15, but 8.2.3, Valkey 9.1).
    pub(crate) fn counts_read_from_first(self) -> bool {
        self.since((7, 4), (8, 0))
    }

    /// `XADD key 5-*` (Redis 7.0).
    pub(crate) fn has_partial_stream_ids(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Streams tell how many entries were added and the highest id that was deleted (Redis 7.0).
    pub(crate) fn has_stream_counters(self) -> bool {
        self.since_redis((7, 0))
    }

    /// `XSETID` refuses an id below the highest deleted one (measured: not 7.0.15).
    pub(crate) fn checks_deleted_stream_id(self) -> bool {
        self.since_redis((7, 2))
    }

    /// `KEEPREF`, `DELREF` and `ACKED` (Redis 8.2).
    pub(crate) fn has_stream_references(self) -> bool {
        self.vendor == Vendor::Redis && self.version >= (8, 2)
    }

    /// `XREAD STREAMS key +` (Redis 7.4).
    pub(crate) fn reads_last_entry(self) -> bool {
        self.since((7, 4), (8, 0))
    }

    /// `BLOCK` refuses a time that is beyond all times (measured: not 7.0.15).
    pub(crate) fn checks_timeouts(self) -> bool {
        self.since_redis((7, 2))
    }

    /// The error about words that are missing from `XREAD` names the command (measured: not
    /// 7.0.15).
    pub(crate) fn names_unbalanced_reads(self) -> bool {
        self.since_redis((7, 2))
    }

    /// The same error tells of `+` (measured: 8.2.3, not Valkey 9.1).
    pub(crate) fn names_plus_in_reads(self) -> bool {
        self.vendor == Vendor::Redis && self.version >= (7, 4)
    }

    /// A consumer is made and counts as seen even where there is nothing for it (Redis 7.2).
    pub(crate) fn greets_idle_consumers(self) -> bool {
        self.since_redis((7, 2))
    }

    /// To claim an entry that is deleted acknowledges it (Redis 7.0).
    pub(crate) fn forgets_missing_entries(self) -> bool {
        self.since_redis((7, 0))
    }

    /// `XINFO` tells when a consumer last got something (Redis 7.2).
    pub(crate) fn tells_active_time(self) -> bool {
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

    /// `ZSCAN` knows `NOSCORES` (measured on Valkey 9.1; its documentation says since 8.1).
    pub(crate) fn has_noscores(self) -> bool {
        self.vendor == Vendor::Valkey && self.version >= (8, 1)
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

    /// `ENTRIESREAD` is at most how many entries there ever were (measured: 8.2.3, not 7.0.15,
    /// not Valkey 9.1).
    pub(crate) fn limits_entries_read(self) -> bool {
        self.vendor == Vendor::Redis && self.version >= (8, 2)
    }

    /// What a group has read tells its lag only where its last entry is not before the stream's
    /// first one, and behind a stream without entries no group lags (measured: 8.2.3, not
    /// 7.0.15, not Valkey 9.1).
    pub(crate) fn counts_lag_from_first(self) -> bool {
        self.vendor == Vendor::Redis && self.version >= (8, 0)
    }

    /// `SORT` takes an empty string for zero; not where the reader is Valkey's own (measured with
    /// Valkey 9.1, which also refuses what is too large or too small; Redis 8.2 does not).
    pub(crate) fn has_empty_weights(self) -> bool {
        !self.since((u8::MAX, 0), (8, 1))
    }

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

    /// A sparse HyperLogLog is corrupt where a run of values reaches beyond its last register;
    /// before, the rest was not looked at (measured with 6.2.5 and 7.0.15; patches of 6.2 may be
    /// as strict).
    pub(crate) fn checks_runs_of_values(self) -> bool {
        self.since_redis((7, 0))
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
