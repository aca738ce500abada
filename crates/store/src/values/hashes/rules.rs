//! The rules by which a command changes a hash: the server's limits, the time, and the kind of
//! caller.

use crate::dialect::Dialect;
use crate::packing::Packing;
use crate::primitives::Hasher;

/// The longest listpack, in bytes (`LISTPACK_MAX_SAFETY_LIMIT`).
const MAX_BYTES: usize = 1 << 30;

/// The rules by which a hash changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    packing: Packing,
    dialect: Dialect,
    hasher: Hasher,
    /// The time, in Unix milliseconds; fields with an earlier expiry have expired.
    now: i64,
    /// Whether the master decides what is deleted, so that no time is in the past.
    from_master: bool,
}

impl Rules {
    /// Returns the rules by which a snapshot is loaded.
    pub(crate) fn of_snapshot(packing: Packing, dialect: Dialect, hasher: Hasher) -> Self {
        Self { packing, dialect, hasher, now: 0, from_master: true }
    }

    /// Returns the same rules for a command that runs at `now`, in Unix milliseconds.
    pub(crate) fn for_command(self, now: i64, from_master: bool) -> Self {
        Self { now, from_master, ..self }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) fn hasher(&self) -> Hasher {
        self.hasher
    }

    /// The time in Unix milliseconds, to which a relative expiry is added.
    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    /// Whether a field with this expiry still exists for the caller.
    pub(crate) fn is_live(&self, expires: Option<i64>) -> bool {
        self.from_master || expires.is_none_or(|at| at >= self.now)
    }

    /// Whether a field that is to expire at this time is deleted instead (`checkAlreadyExpired`).
    pub(crate) fn is_past(&self, at: i64) -> bool {
        !self.from_master && at <= self.now
    }

    /// Whether a packed hash may have so many fields.
    pub(super) fn packs(&self, fields: usize) -> bool {
        fields <= self.packing.hash_entries
    }

    /// Whether a packed hash of `len` bytes may have this field and value.
    pub(super) fn packs_pair(&self, len: usize, field: &[u8], value: &[u8]) -> bool {
        let max = self.packing.hash_value;
        field.len() <= max
            && value.len() <= max
            && len.saturating_add(field.len()).saturating_add(value.len()) <= MAX_BYTES
    }
}
