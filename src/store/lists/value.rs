//! The value.

use crate::store::kind::Kind;
use crate::store::value::{Typed, Value, ValueRef};

/// Owned.
#[derive(Clone, Debug)]
pub(crate) struct List {
    bytes: Vec<u8>,
}

/// Borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListRef<'a> {
    bytes: &'a [u8],
}

impl List {
    pub(crate) fn from_rest(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec() }
    }

    /// How it rests, if it is packed.
    pub(crate) fn at_rest(&self) -> Option<(Kind, &[u8])> {
        Some((Kind::List, &self.bytes))
    }

    pub(crate) fn view(&self) -> ListRef<'_> {
        ListRef { bytes: &self.bytes }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.bytes.capacity()
    }
}

impl<'a> ListRef<'a> {
    pub(crate) fn resting(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }
}

impl Typed for List {
    type Ref<'a> = ListRef<'a>;

    fn of_ref(value: ValueRef<'_>) -> Option<ListRef<'_>> {
        match value {
            ValueRef::List(it) => Some(it),
            _ => None,
        }
    }

    fn of(value: &mut Value) -> Option<&mut Self> {
        match value {
            Value::List(it) => Some(it),
            _ => None,
        }
    }

    fn empty() -> Value {
        Value::List(Self { bytes: Vec::new() })
    }
}
