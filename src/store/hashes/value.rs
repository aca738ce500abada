//! The value.

use crate::store::kind::Kind;
use crate::store::value::{Typed, Value, ValueRef};

/// Owned.
#[derive(Clone, Debug)]
pub(crate) struct Hash {
    kind: Kind,
    bytes: Vec<u8>,
}

/// Borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HashRef<'a> {
    kind: Kind,
    bytes: &'a [u8],
}

impl Hash {
    pub(crate) fn from_rest(kind: Kind, bytes: &[u8]) -> Self {
        Self { kind, bytes: bytes.to_vec() }
    }

    /// How it rests, if it is packed.
    pub(crate) fn at_rest(&self) -> Option<(Kind, &[u8])> {
        Some((self.kind, &self.bytes))
    }

    pub(crate) fn view(&self) -> HashRef<'_> {
        HashRef { kind: self.kind, bytes: &self.bytes }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.bytes.capacity()
    }
}

impl<'a> HashRef<'a> {
    pub(crate) fn resting(kind: Kind, bytes: &'a [u8]) -> Self {
        Self { kind, bytes }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }
}

impl Typed for Hash {
    type Ref<'a> = HashRef<'a>;

    fn of_ref(value: ValueRef<'_>) -> Option<HashRef<'_>> {
        match value {
            ValueRef::Hash(it) => Some(it),
            _ => None,
        }
    }

    fn of(value: &mut Value) -> Option<&mut Self> {
        match value {
            Value::Hash(it) => Some(it),
            _ => None,
        }
    }

    fn empty() -> Value {
        Value::Hash(Self { kind: Kind::Hash, bytes: Vec::new() })
    }
}
