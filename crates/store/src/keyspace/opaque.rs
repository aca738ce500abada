//! A value that the store cannot read, kept as it came.
//!
//! Servers accept some values of snapshots and of RESTORE that contradict themselves. The store
//! keeps such a value as it is written. Its key can be renamed, copied, moved, expire and be
//! deleted; a command that reads the value is refused.

use tidegate_rdb as rdb;

/// A value that cannot be read here.
#[derive(Clone, Debug)]
pub(crate) struct Opaque {
    /// The value as it is written; `None` if it is unknown.
    raw: Option<rdb::Opaque>,
}

impl Opaque {
    pub(crate) fn new(raw: rdb::Opaque) -> Self {
        Self { raw: Some(raw) }
    }

    /// Returns a value of which nothing is known.
    pub(crate) const fn unknown() -> Self {
        Self { raw: None }
    }

    /// The value as it is written, if it is known.
    pub(crate) fn raw(&self) -> Option<&rdb::Opaque> {
        self.raw.as_ref()
    }

    /// The name of the type, as `TYPE` shows it.
    pub(crate) fn type_name(&self) -> &'static str {
        self.raw.as_ref().map_or(rdb::Opaque::NO_KIND, rdb::Opaque::kind)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let raw = self.raw.as_ref().map_or(0, |raw| raw.body.capacity() + raw.why.capacity());
        size_of::<Self>() + raw
    }
}

/// A key that cannot be read from now on, and why: for the caller's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpaqueNews {
    /// The number of its database.
    pub db: usize,
    /// The name of the key.
    pub key: Vec<u8>,
    /// Why it cannot be read.
    pub why: String,
}
