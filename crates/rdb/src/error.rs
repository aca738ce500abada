//! Why an RDB or DUMP payload cannot be read, and where; and why one cannot be written. Decides
//! nothing.

use std::fmt;
use std::io;

/// Why a payload cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("at byte {offset}, {context}: {fault}")]
pub struct RdbError {
    /// How many bytes had been read when the fault was noticed: for a packed value, those up to its
    /// end; for data that ends too early, all.
    pub offset: u64,
    /// What was being read.
    pub context: Context,
    /// The fault.
    #[source]
    pub fault: Fault,
}

/// What was being read when a fault was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Context {
    /// The magic and the version at the start.
    Header,
    /// An item before a key or between keys, by its opcode.
    Opcode(u8),
    /// The name of a key.
    KeyName,
    /// The value of a key.
    Key {
        /// The name of the key, shortened; bytes that are not UTF-8 are replaced.
        name: Box<str>,
        /// The type byte of the value.
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

/// A fault of a payload.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The source failed.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The bytes end too early.
    #[error("the data ends in the middle")]
    Truncated,
    /// The beginning is neither `REDIS` nor `VALKEY` and a number.
    #[error("not an RDB file")]
    NotRdb,
    /// A version that no server writes.
    #[error("RDB version {0} is not supported")]
    UnsupportedVersion(u16),
    /// A type byte that this version of the format does not have.
    #[error("unknown value type {0}")]
    UnknownType(u8),
    /// An item or value that is known and cannot be read.
    #[error("{0} cannot be read")]
    Unsupported(&'static str),
    /// A byte that starts no length, or a length where only the encoding of a string may be.
    #[error("a bad length")]
    BadLength,
    /// More bytes than [`super::Limits`] allow.
    #[error("{len} bytes are more than the limit of {limit}")]
    TooLong {
        /// How many bytes there would be.
        len: u64,
        /// How many bytes there may be.
        limit: u64,
    },
    /// The checksum does not match.
    #[error("the checksum is {stored:016x}, the data's is {computed:016x}")]
    BadChecksum {
        /// The checksum in the payload.
        stored: u64,
        /// The checksum of its bytes.
        computed: u64,
    },
    /// A value that contradicts itself.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// A packed form, or a relation between parts of a value, that is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{form}: {what}")]
pub struct Corrupt {
    /// The form: `listpack`, `LZF`, `stream` ...
    pub form: &'static str,
    /// What is wrong with it.
    pub what: &'static str,
}

impl Corrupt {
    /// Returns the error for a value of the form `form`; `what` says what is wrong with it.
    #[must_use]
    pub const fn new(form: &'static str, what: &'static str) -> Self {
        Self { form, what }
    }
}

/// Why a payload cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The destination failed.
    #[error("cannot be written: {0}")]
    Io(#[from] io::Error),
    /// The chosen form has no place for a part of the value.
    #[error("RDB version {version} cannot hold {what}")]
    NotInForm {
        /// The part.
        what: &'static str,
        /// The version of the form.
        version: u16,
    },
    /// A value that contradicts itself.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}
