//! The value.

use crate::store::kind::Kind;
use crate::store::value::{Typed, Value, ValueRef};

/// Owned.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    kind: Kind,
    bytes: Vec<u8>,
}

/// Borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SetRef<'a> {
    kind: Kind,
    bytes: &'a [u8],
}

impl Set {
    pub(crate) fn from_rest(kind: Kind, bytes: &[u8]) -> Self {
        Self { kind, bytes: bytes.to_vec() }
    }

    /// How it rests, if it is packed.
    pub(crate) fn at_rest(&self) -> Option<(Kind, &[u8])> {
        Some((self.kind, &self.bytes))
    }

    pub(crate) fn view(&self) -> SetRef<'_> {
        SetRef { kind: self.kind, bytes: &self.bytes }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.bytes.capacity()
    }
}

impl<'a> SetRef<'a> {
    pub(crate) fn resting(kind: Kind, bytes: &'a [u8]) -> Self {
        Self { kind, bytes }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }
}

impl Typed for Set {
    type Ref<'a> = SetRef<'a>;

    fn of_ref(value: ValueRef<'_>) -> Option<SetRef<'_>> {
        match value {
            ValueRef::Set(it) => Some(it),
            _ => None,
        }
    }

    fn of(value: &mut Value) -> Option<&mut Self> {
        match value {
            Value::Set(it) => Some(it),
            _ => None,
        }
    }

    fn empty() -> Value {
        Value::Set(Self { kind: Kind::PackedSet, bytes: Vec::new() })
    }
}
