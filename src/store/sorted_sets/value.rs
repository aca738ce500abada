//! The value.

use crate::store::kind::Kind;
use crate::store::value::{Typed, Value, ValueRef};

/// Owned.
#[derive(Clone, Debug)]
pub(crate) struct SortedSet {
    bytes: Vec<u8>,
}

/// Borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SortedSetRef<'a> {
    bytes: &'a [u8],
}

impl SortedSet {
    pub(crate) fn from_rest(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec() }
    }

    /// How it rests, if it is packed.
    pub(crate) fn at_rest(&self) -> Option<(Kind, &[u8])> {
        Some((Kind::SortedSet, &self.bytes))
    }

    pub(crate) fn view(&self) -> SortedSetRef<'_> {
        SortedSetRef { bytes: &self.bytes }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.bytes.capacity()
    }
}

impl<'a> SortedSetRef<'a> {
    pub(crate) fn resting(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }
}

impl Typed for SortedSet {
    type Ref<'a> = SortedSetRef<'a>;

    fn of_ref(value: ValueRef<'_>) -> Option<SortedSetRef<'_>> {
        match value {
            ValueRef::SortedSet(it) => Some(it),
            _ => None,
        }
    }

    fn of(value: &mut Value) -> Option<&mut Self> {
        match value {
            Value::SortedSet(it) => Some(it),
            _ => None,
        }
    }

    fn empty() -> Value {
        Value::SortedSet(Self { bytes: Vec::new() })
    }
}
