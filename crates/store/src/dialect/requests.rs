//! How requests are read and answered, whatever the type of their keys.

use super::{Dialect, Vendor};
use tidegate_wire::resp::inline::Quotes;

impl Dialect {
    /// Whether there is `CLIENT KILL MAXAGE` (Redis 7.4, Valkey 8.0; measured on Redis 7.0, 8.2 and
    /// Valkey 9.1).
    #[must_use]
    pub fn kills_by_age(self) -> bool {
        self.since((7, 4), (8, 0))
    }

    /// Whether `CLIENT KILL` and `CLIENT LIST` take the same filters (measured on Valkey 9.1; not
    /// Redis 8.2).
    #[must_use]
    pub fn has_client_filters(self) -> bool {
        self.vendor == Vendor::Valkey && self.version >= (9, 0)
    }

    /// What a closing quote means in an inline request (measured on Valkey 9.1; not Redis 8.2).
    #[must_use]
    pub fn quotes(self) -> Quotes {
        match (self.vendor, self.version) {
            (Vendor::Valkey, (9.., _)) => Quotes::InsideWords,
            _ => Quotes::EndWords,
        }
    }

    /// Whether removals of a master's own are UNLINK by default (Valkey 8.0).
    pub(crate) fn frees_lazily(self) -> bool {
        self.vendor == Vendor::Valkey && self.version >= (8, 0)
    }

    /// Whether SREM removes all members of one SPOP in the stream, and not one each (Redis 7.2).
    pub(crate) fn removes_popped_in_batches(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Whether SETBIT and BITFIELD that write what is there change nothing (Redis 7.0; measured).
    pub(crate) fn ignores_equal_bits(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Whether a SET whose time is past removes the key (measured: Valkey 9.1; not Redis 8.2).
    pub(crate) fn removes_past_strings(self) -> bool {
        self.vendor == Vendor::Valkey && self.version >= (9, 0)
    }

    /// Returns the event of a key whose new expiry is past (measured: Valkey 9.1; Redis 8.2).
    pub(crate) fn past_event(self) -> (bool, &'static str) {
        if self.removes_past_strings() { (true, "expired") } else { (false, "del") }
    }

    /// Returns the name of the command that GEOADD becomes in the stream.
    pub(crate) fn geo_command(self) -> &'static [u8] {
        if self.removes_past_strings() { b"ZADD" } else { b"zadd" }
    }

    /// Whether the request of a client that blocked is run again as a whole when one of its keys is
    /// ready (Redis 7.2; measured: Redis 8.2, Valkey 9.1; not Redis 7.0).
    pub(crate) fn runs_blocked_requests_again(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Whether there are events of replaced values (measured: Redis 8.2).
    pub(crate) fn tells_replaced_values(self) -> bool {
        self.vendor == Vendor::Redis && self.version >= (8, 2)
    }

    /// Whether subcommands have an arity of their own, and an error of their own for it (Redis
    /// 7.0).
    #[must_use]
    pub fn has_subcommands(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Whether SHUTDOWN waits for replicas, and has `NOW`, `FORCE` and `ABORT` (Redis 7.0).
    #[must_use]
    pub fn waits_in_shutdown(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Whether the last line of `HELP` is in the imperative (Redis 7.2; measured: not 7.0.15).
    pub(crate) fn has_imperative_help(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Whether errors put the name of a command in quotes (Redis 7.0; measured).
    pub(crate) fn quotes_command_names(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Whether `EXPIRE` and its like take conditions, and refuse times that are out of range (Redis
    /// 7.0).
    pub(crate) fn has_expire_conditions(self) -> bool {
        self.since_redis((7, 0))
    }

    /// Whether `SCAN ... TYPE` refuses unknown names of types (measured on Valkey 9.1; not Redis
    /// 8.2).
    pub(crate) fn checks_type_names(self) -> bool {
        self.vendor == Vendor::Valkey && self.version >= (8, 0)
    }

    /// Whether negative and empty cursors are refused (measured on 7.0 and 8.2).
    pub(crate) fn has_strict_cursors(self) -> bool {
        self.since((7, 4), (8, 0))
    }

    /// Whether `HSCAN` has `NOVALUES`.
    pub(crate) fn has_novalues(self) -> bool {
        self.since((7, 4), (8, 0))
    }

    /// Whether `ZSCAN` has `NOSCORES` (measured on Valkey 9.1; its documentation says since 8.1).
    pub(crate) fn has_noscores(self) -> bool {
        self.vendor == Vendor::Valkey && self.version >= (8, 1)
    }

    /// Whether doubles are printed with as few digits as distinguish them, and not with 17 (Redis
    /// 7.2; measured).
    pub(crate) fn has_short_doubles(self) -> bool {
        self.since_redis((7, 2))
    }

    /// Whether doubles may be hexadecimal, as `strtod` reads them and `fast_float` does not (Valkey
    /// 8.1; measured with 9.1).
    pub(crate) fn reads_hex_doubles(self) -> bool {
        !self.since((u8::MAX, 0), (8, 1))
    }

    /// Whether the ends of ranges of scores may have blanks before them and be hexadecimal:
    /// `strtod` again, which Redis 8 too replaced there (measured with 8.2).
    pub(crate) fn reads_loose_bounds(self) -> bool {
        !self.since((8, 0), (8, 1))
    }

    /// Whether `SORT` takes an empty string for zero. The reader of Valkey does not (measured with
    /// Valkey 9.1, which also refuses numbers that are too large or too small; Redis 8.2 does not).
    pub(crate) fn has_empty_weights(self) -> bool {
        !self.since((u8::MAX, 0), (8, 1))
    }

    /// Whether `BITCOUNT` of a range that runs backwards from the end is zero before its unit is
    /// read (measured on 7.0; not 6.2 and 8.2).
    pub(crate) fn counts_before_units(self) -> bool {
        self.since_redis((7, 0)) && !self.since_redis((7, 2))
    }

    /// Whether the error names a command that is not allowed in a transaction, and MULTI, WATCH and
    /// `CLIENT REPLY` are such commands (measured on Valkey 9.1; not Redis 8.2).
    #[must_use]
    pub fn names_refused_in_transactions(self) -> bool {
        self.vendor == Vendor::Valkey && self.version >= (9, 0)
    }
}
