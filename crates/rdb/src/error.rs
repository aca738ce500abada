//! What is wrong with an RDB or DUMP payload, where, and in the midst of what; and why one
//! cannot be written. Decides nothing.

use std::fmt;
use std::io;

/// A payload that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("at byte {offset}, {context}: {fault}")]
pub struct RdbError {
    /// How many bytes had been read when it was noticed; for a packed value, those up to its
    /// end; for data that ends too early, all.
    pub offset: u64,
    /// What was being read.
    pub context: Context,
    /// What is wrong.
    #[source]
    pub fault: Fault,
}

/// What was being read when a fault was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Context {
    /// The magic and the version at the start.
    Header,
    /// What stands before a key or between keys, by its opcode.
    Opcode(u8),
    /// The name of a key.
    KeyName,
    /// The value of a key.
    Key {
        /// Its name, shortened, with what is not UTF-8 replaced.
        name: Box<str>,
        /// Its type byte.
        type_byte: u8,
    },
    /// The last eight bytes of a file, or the last ten of a DUMP payload.
    Footer,
}

/// The longest part of a key's name that an error shows, in bytes.
const SHOWN_NAME: usize = 64;

impl Context {
    pub(super) fn key(name: &[u8], type_byte: u8) -> Self {
        let shown = name.get(..SHOWN_NAME).unwrap_or(name);
        let mut text = String::from_utf8_lossy(shown).into_owned();
        if shown.len() < name.len() {
            text.push_str("...");
        }
        Self::Key { name: text.into_boxed_str(), type_byte }
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => f.write_str("in the header"),
            Self::Opcode(byte) => write!(f, "in opcode {byte}"),
            Self::KeyName => f.write_str("in the name of a key"),
            Self::Key { name, type_byte } => {
                let kind = super::types::name(*type_byte);
                write!(f, "in the value of key {name:?} (type {type_byte}, {kind})")
            }
            Self::Footer => f.write_str("in the checksum at the end"),
        }
    }
}

/// What can be wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The source failed.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The bytes end too early.
    #[error("the data ends in the middle")]
    Truncated,
    /// Neither `REDIS` nor `VALKEY` and a number.
    #[error("not an RDB file")]
    NotRdb,
    /// A version that no server writes.
    #[error("RDB version {0} is not supported")]
    UnsupportedVersion(u16),
    /// A type byte that this version of the format does not have, or not yet.
    #[error("unknown value type {0}")]
    UnknownType(u8),
    /// What is known and cannot be read.
    #[error("{0} cannot be read")]
    Unsupported(&'static str),
    /// A byte that starts no length, or a length where only a string's encoding may stand.
    #[error("a bad length")]
    BadLength,
    /// More bytes than [`super::Limits`] allow.
    #[error("{len} bytes are more than the limit of {limit}")]
    TooLong {
        /// How many there would be.
        len: u64,
        /// How many there may be.
        limit: u64,
    },
    /// The checksum is another one.
    #[error("the checksum is {stored:016x}, the data's is {computed:016x}")]
    BadChecksum {
        /// What the payload says.
        stored: u64,
        /// What its bytes add up to.
        computed: u64,
    },
    /// A value that contradicts itself.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// A packed form, or a relation between parts of a value, that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{form}: {what}")]
pub struct Corrupt {
    /// Of what: `listpack`, `LZF`, `stream` ...
    pub form: &'static str,
    /// What does not hold.
    pub what: &'static str,
}

impl Corrupt {
    /// A value of the form `form` in which `what` does not hold.
    #[must_use]
    pub const fn new(form: &'static str, what: &'static str) -> Self {
        Self { form, what }
    }
}

/// A payload that cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The destination failed.
    #[error("cannot be written: {0}")]
    Io(#[from] io::Error),
    /// The chosen form has no place for it.
    #[error("RDB version {version} cannot hold {what}")]
    NotInForm {
        /// What.
        what: &'static str,
        /// The form's version.
        version: u16,
    },
    /// A value that contradicts itself.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}
