//! The parts of an RDB file: what a reader gives, one after the other.

use super::types::{FIRST_VALKEY_VERSION, Vendor};
use super::value::Value;

/// A part of an RDB file.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Always the first.
    Header(Header),
    /// Something about the file or the server that wrote it.
    Aux {
        /// What.
        key: Vec<u8>,
        /// It.
        value: Vec<u8>,
    },
    /// The keys that follow are of this database.
    SelectDb(u64),
    /// How many keys the database has.
    ResizeDb {
        /// All.
        keys: u64,
        /// Those that expire.
        expires: u64,
    },
    /// How many keys a slot has, in a cluster.
    SlotInfo {
        /// Which slot.
        slot: u64,
        /// All.
        keys: u64,
        /// Those that expire.
        expires: u64,
    },
    /// Slots on their way into this server, in a cluster of Valkey.
    SlotImport {
        /// The name of the migration.
        job: Vec<u8>,
        /// The first and the last slot of each range.
        ranges: Vec<(u64, u64)>,
    },
    /// The source of a library of functions.
    Function(Vec<u8>),
    /// A module's own data.
    ModuleAux(ModuleAux),
    /// A key.
    Key(Entry),
    /// Always the last.
    End(ChecksumState),
}

/// How a file begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The vendor of the server that wrote the file.
    pub vendor: Vendor,
    /// The version of the format.
    pub version: u16,
}

/// A module's data that belongs to no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleAux {
    /// Which type of which module: see [`super::module`].
    pub id: u64,
    /// When it is to be loaded: 1 before the keys, 2 behind them.
    pub when: u64,
    /// Its frames as they are written, the one that ends them included.
    pub body: Vec<u8>,
}

/// A key with all that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its name.
    pub key: Vec<u8>,
    /// When it expires, in Unix milliseconds.
    pub expires_ms: Option<i64>,
    /// For how many seconds it has not been used.
    pub idle: Option<u64>,
    /// How often it is used.
    pub freq: Option<u8>,
    /// What modules attach to it, as it is written (Redis 8.6 and later).
    pub meta: Option<Vec<u8>>,
    /// Its value.
    pub value: Value,
}

/// Whether a file's bytes were proven to be what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChecksumState {
    /// The checksum is right.
    Verified,
    /// There is none.
    Absent,
}

impl Header {
    /// Whether this version is one whose whole content is known here.
    #[must_use]
    pub fn is_known(self) -> bool {
        match self.vendor {
            Vendor::Redis => self.version <= 12,
            Vendor::Valkey => self.version == FIRST_VALKEY_VERSION,
        }
    }
}
