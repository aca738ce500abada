//! The parts of an RDB file, as a reader returns them one after the other.

use super::types::{FIRST_VALKEY_VERSION, Vendor};
use super::value::Value;

/// A part of an RDB file.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// The header, always the first item.
    Header(Header),
    /// A fact about the file or the server that wrote it.
    Aux {
        /// The name of the fact.
        key: Vec<u8>,
        /// The fact.
        value: Vec<u8>,
    },
    /// The number of the database of the keys that follow.
    SelectDb(u64),
    /// The size of the database.
    ResizeDb {
        /// The number of keys.
        keys: u64,
        /// How many of them expire.
        expires: u64,
    },
    /// The size of a slot in a cluster.
    SlotInfo {
        /// The number of the slot.
        slot: u64,
        /// The number of keys.
        keys: u64,
        /// How many of them expire.
        expires: u64,
    },
    /// Slots that move to this server, in a cluster of Valkey.
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
    /// The end, always the last item.
    End(ChecksumState),
}

/// The header of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The vendor of the server that wrote the file.
    pub vendor: Vendor,
    /// The version of the format.
    pub version: u16,
}

/// Data of a module that belongs to no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleAux {
    /// The module and the type, by their id; see [`super::module`].
    pub id: u64,
    /// When the data is to be loaded: 1 before the keys, 2 behind them.
    pub when: u64,
    /// The frames as they are written, the one that ends them included.
    pub body: Vec<u8>,
}

/// A key with all that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The name of the key.
    pub key: Vec<u8>,
    /// When the key expires, in Unix milliseconds.
    pub expires_ms: Option<i64>,
    /// For how many seconds the key has not been used.
    pub idle: Option<u64>,
    /// How often the key is used.
    pub freq: Option<u8>,
    /// What modules attach to the key, as it is written (Redis 8.6 and later).
    pub meta: Option<Vec<u8>>,
    /// The value of the key.
    pub value: Value,
}

/// Whether the checksum has proven the bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChecksumState {
    /// The checksum is right.
    Verified,
    /// There is no checksum.
    Absent,
}

impl Header {
    /// Whether the whole content of this version is known here.
    #[must_use]
    pub fn is_known(self) -> bool {
        match self.vendor {
            Vendor::Redis => self.version <= 12,
            Vendor::Valkey => self.version == FIRST_VALKEY_VERSION,
        }
    }
}
