//! The value.

use crate::store::value::{Typed, Value, ValueRef};

/// A stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {}

impl Stream {
    pub(crate) fn heap_bytes(&self) -> usize {
        size_of::<Self>()
    }
}

impl Typed for Stream {
    type Ref<'a> = &'a Self;

    fn of_ref(value: ValueRef<'_>) -> Option<&Self> {
        match value {
            ValueRef::Stream(it) => Some(it),
            _ => None,
        }
    }

    fn of(value: &mut Value) -> Option<&mut Self> {
        match value {
            Value::Stream(it) => Some(it),
            _ => None,
        }
    }

    fn empty() -> Value {
        Value::Stream(Box::default())
    }
}
