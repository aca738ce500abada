//! The differences between servers: a replica answers as its master would.
//!
//! This file has the vendor and the version of the server. The files beside it have, for each type,
//! how that server differs from others.

mod forms;
mod geo;
mod hashes;
mod requests;
mod sorted_sets;
mod streams;

use tidegate_rdb::Form;
use tidegate_wire::command::Versions;

/// The vendor of the master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// Redis.
    Redis,
    /// Valkey. The versions that it continues (Redis 7.2) have its own version numbers.
    Valkey,
}

/// A vendor and a version, which decide how replies look and how values are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    vendor: Vendor,
    /// The major and the minor number, such as `(7, 0)`.
    version: (u8, u8),
}

impl Default for Dialect {
    fn default() -> Self {
        Self { vendor: Vendor::Redis, version: (7, 0) }
    }
}

impl Dialect {
    /// Returns the dialect of a server of this version, such as `7.0.15`; parts that are no number
    /// count as 0.
    #[must_use]
    pub fn new(vendor: Vendor, version: &str) -> Self {
        let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
        let (major, minor): (u8, u8) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        // A server that was built from a branch without a release has version 255.255.255: see
        // `Self::of_rdb`.
        let minor = minor.min(u8::MAX - 1);
        Self { vendor, version: (major, minor) }
    }

    /// Returns the dialect of a server that was built from a branch without a release and writes
    /// RDB `version`: that of the newest release that writes it.
    #[must_use]
    pub fn of_rdb(vendor: Vendor, version: u16) -> Self {
        let version = match (vendor, version) {
            (Vendor::Redis, ..=9) => (6, 2),
            (Vendor::Redis, 10) => (7, 0),
            (Vendor::Redis, 11) => (7, 2),
            (Vendor::Redis, 12) => (8, 4),
            (Vendor::Redis, 13) => (8, 6),
            (Vendor::Redis, _) => (8, 8),
            (Vendor::Valkey, ..=79) => (8, 1),
            (Vendor::Valkey, _) => (9, 1),
        };
        Self { vendor, version }
    }

    /// Whether a version is that of servers that were built from a branch without a release.
    #[must_use]
    pub fn is_unreleased(version: &str) -> bool {
        version.starts_with("255.")
    }

    /// Returns the dialect as a number, which threads can share.
    #[must_use]
    pub fn to_bits(self) -> u32 {
        u32::from_be_bytes([
            0,
            u8::from(self.vendor == Vendor::Valkey),
            self.version.0,
            self.version.1,
        ])
    }

    /// Returns the dialect of a number from [`Self::to_bits`].
    #[must_use]
    pub fn from_bits(bits: u32) -> Self {
        let [_, vendor, major, minor] = bits.to_be_bytes();
        let vendor = if vendor == 0 { Vendor::Redis } else { Vendor::Valkey };
        Self { vendor, version: (major, minor) }
    }

    /// The field of an RDB file that has the version.
    #[must_use]
    pub fn version_field(self) -> &'static str {
        match self.vendor {
            Vendor::Redis => "redis-ver",
            Vendor::Valkey => "valkey-ver",
        }
    }

    /// Returns the vendor of the server.
    #[must_use]
    pub fn vendor(self) -> Vendor {
        self.vendor
    }

    /// Whether the server is one of these versions.
    #[must_use]
    pub fn is_among(self, versions: &Versions) -> bool {
        match self.vendor {
            Vendor::Redis => versions.redis.contains(&self.version),
            Vendor::Valkey => versions.valkey.contains(&self.version),
        }
    }

    /// Whether the server is one of these versions; `None` stands for all versions.
    #[must_use]
    pub fn has(self, versions: Option<&Versions>) -> bool {
        versions.is_none_or(|versions| self.is_among(versions))
    }

    /// Whether the server is Redis of this version or later, or Valkey of that version or later.
    /// Every Valkey has what Redis 7.2 has.
    pub(crate) fn since(self, redis: (u8, u8), valkey: (u8, u8)) -> bool {
        self.version >= if self.vendor == Vendor::Redis { redis } else { valkey }
    }

    /// As [`Self::since`], for what every Valkey has.
    pub(crate) fn since_redis(self, redis: (u8, u8)) -> bool {
        self.since(redis, (0, 0))
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
}
