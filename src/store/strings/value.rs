//! A string, and whether Redis would call it an integer, short, or neither.

use crate::resp::integer;
use crate::store::kind::Kind;
use crate::store::value::{Typed, Value, ValueRef};

/// The longest string that Redis keeps in one piece with its header
/// (`OBJ_ENCODING_EMBSTR_SIZE_LIMIT`).
const EMBEDDED_MAX: usize = 44;
/// The longest text of an integer.
const INT_MAX: usize = 20;

/// A string, owned.
#[derive(Clone, Debug)]
pub(crate) struct Str {
    kind: Kind,
    bytes: Vec<u8>,
}

/// A string, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StrRef<'a> {
    /// One of the three kinds of string.
    pub(crate) kind: Kind,
    /// It.
    pub(crate) bytes: &'a [u8],
}

impl Default for Str {
    fn default() -> Self {
        Self { kind: Kind::Raw, bytes: Vec::new() }
    }
}

/// What a string becomes that is set whole (`tryObjectEncoding`).
pub(crate) fn kind_of(bytes: &[u8]) -> Kind {
    match bytes.len() {
        1..=INT_MAX if integer::parse(bytes).is_some() => Kind::Int,
        0..=EMBEDDED_MAX => Kind::Embedded,
        _ => Kind::Raw,
    }
}

impl Str {
    /// A string that is set whole.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { kind: kind_of(&bytes), bytes }
    }

    /// A string that was changed in part, as `APPEND` does it: never kept as an integer.
    pub(crate) fn raw(bytes: Vec<u8>) -> Self {
        Self { kind: Kind::Raw, bytes }
    }

    /// A string of a kind that is known already.
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

    /// Its bytes, to be changed in part; it is raw from now on.
    pub(crate) fn edit(&mut self) -> &mut Vec<u8> {
        self.kind = Kind::Raw;
        &mut self.bytes
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.bytes.capacity()
    }
}

impl StrRef<'_> {
    /// What `OBJECT ENCODING` calls it.
    pub(crate) fn encoding(self) -> &'static str {
        match self.kind {
            Kind::Int => "int",
            Kind::Embedded => "embstr",
            _ => "raw",
        }
    }
}

impl Typed for Str {
    type Ref<'a> = StrRef<'a>;

    fn of_ref(value: ValueRef<'_>) -> Option<StrRef<'_>> {
        match value {
            ValueRef::Str(text) => Some(text),
            _ => None,
        }
    }

    fn of(value: &mut Value) -> Option<&mut Self> {
        match value {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    fn empty() -> Value {
        Value::Str(Self::raw(Vec::new()))
    }
}
