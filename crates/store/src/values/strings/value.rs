//! A string, and whether Redis would call it an integer, short, or neither.

use std::io::Write;

use crate::call::CommandError;
use crate::dialect::Dialect;
use crate::primitives::{Digest, Kind};
use crate::values::strings::embedding;
use tidegate_rdb::{ValueWriter, WriteError};
use tidegate_wire::resp::integer;

/// The longest text of an integer.
const INT_MAX: usize = 20;
/// The length up to which a string grows by its own length. A longer one grows by this many bytes
/// (`SDS_MAX_PREALLOC`).
const MAX_SPARE: usize = 1024 * 1024;

/// A string, owned.
#[derive(Clone, Debug)]
pub(crate) struct Str {
    kind: Kind,
    bytes: Vec<u8>,
}

/// A string, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StrRef<'a> {
    /// The kind, one of the three of strings.
    pub(crate) kind: Kind,
    /// The bytes.
    pub(crate) bytes: &'a [u8],
}

impl Default for Str {
    fn default() -> Self {
        Self { kind: Kind::Raw, bytes: Vec::new() }
    }
}

/// Returns the kind of a string that is set whole (`tryObjectEncoding`).
pub(crate) fn kind_of(bytes: &[u8]) -> Kind {
    match bytes.len() {
        1..=INT_MAX if integer::parse(bytes).is_some() => Kind::Int,
        _ => text_kind(bytes),
    }
}

/// Returns the kind of a string that is set whole and is not checked for being an integer.
pub(crate) fn text_kind(bytes: &[u8]) -> Kind {
    if bytes.len() <= embedding::MAX { Kind::Embedded } else { Kind::Raw }
}

/// Makes `bytes` at least `len` long, with zeros at the end and some room to grow further.
pub(crate) fn extend(bytes: &mut Vec<u8>, len: usize) -> Result<(), CommandError> {
    if len > bytes.capacity() {
        let spare = if bytes.is_empty() { 0 } else { len.min(MAX_SPARE) };
        let room = len.saturating_add(spare) - bytes.len();
        bytes.try_reserve_exact(room).map_err(|_| CommandError::TOO_LONG)?;
    }
    if len > bytes.len() {
        bytes.resize(len, 0);
    }
    Ok(())
}

impl Str {
    /// Returns a string that is set whole.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { kind: kind_of(&bytes), bytes }
    }

    /// Returns a string that was changed in part, as by `APPEND`: never kept as an integer.
    pub(crate) fn raw(bytes: Vec<u8>) -> Self {
        Self { kind: Kind::Raw, bytes }
    }

    /// Returns a string of a known kind.
    pub(crate) fn with_kind(kind: Kind, bytes: Vec<u8>) -> Self {
        Self { kind, bytes }
    }

    pub(crate) fn from_rest(kind: Kind, bytes: &[u8]) -> Self {
        Self { kind, bytes: bytes.to_vec() }
    }

    pub(crate) fn at_rest(&self) -> (Kind, &[u8]) {
        (self.kind, &self.bytes)
    }

    pub(crate) fn view(&self) -> StrRef<'_> {
        StrRef { kind: self.kind, bytes: &self.bytes }
    }

    /// The bytes, to be changed in part; the string is raw from now on.
    pub(crate) fn edit(&mut self) -> &mut Vec<u8> {
        self.kind = Kind::Raw;
        &mut self.bytes
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.bytes.capacity()
    }
}

impl StrRef<'_> {
    /// The name of the form in `OBJECT ENCODING`. For some servers it depends on the length of the
    /// key, and on whether that expires.
    pub(crate) fn encoding(self, dialect: Dialect, key_len: usize, expires: bool) -> &'static str {
        match self.kind {
            Kind::Int => "int",
            Kind::Embedded if embedding::fits(dialect, key_len, self.bytes.len(), expires) => {
                "embstr"
            }
            _ => "raw",
        }
    }

    /// Adds the string to a digest.
    pub(crate) fn digest(self, digest: &mut Digest) {
        digest.mix(&0_u32.to_be_bytes());
        digest.mix(self.bytes);
    }

    /// Writes the string, integers as such.
    pub(crate) fn write<W: Write>(self, to: ValueWriter<'_, W>) -> Result<(), WriteError> {
        to.string(self.bytes)
    }
}
