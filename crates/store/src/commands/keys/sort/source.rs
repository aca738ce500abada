//! The collection whose elements are sorted.

use std::borrow::Cow;

use crate::call::CommandError;
use crate::execution::ReadCx;
use crate::keyspace::{Slot, ValueRef};
use tidegate_rdb::Element;

/// The elements to sort.
pub(super) struct Source<'a> {
    pub(super) elements: Vec<Cow<'a, [u8]>>,
    /// Whether their order has no meaning.
    pub(super) is_set: bool,
}

/// Returns an element as a string.
pub(super) fn text(element: Element<'_>) -> Cow<'_, [u8]> {
    match element {
        Element::Bytes(bytes) => Cow::Borrowed(bytes),
        Element::Int(number) => Cow::Owned(tidegate_wire::resp::integer::text(number)),
    }
}

impl<'a> Source<'a> {
    /// The number of elements to sort.
    pub(super) fn len(cx: &ReadCx<'_>, key: &[u8]) -> usize {
        match cx.slot_quietly(key).map(Slot::value) {
            Some(ValueRef::List(list)) => list.len(),
            Some(ValueRef::Set(set)) => set.len(),
            Some(ValueRef::SortedSet(set)) => set.len(),
            _ => 0,
        }
    }

    /// Returns the elements of a list, a set or a sorted set, in their order.
    pub(super) fn of(cx: &ReadCx<'a>, key: &[u8]) -> Result<Self, CommandError> {
        let value = cx.value(key);
        let is_set = matches!(value, Some(ValueRef::Set(_)));
        let elements = match value {
            None => Vec::new(),
            Some(ValueRef::List(list)) => list.walk(0).map(text).collect(),
            Some(ValueRef::Set(set)) => set.iter().map(text).collect(),
            Some(ValueRef::SortedSet(set)) => set.iter().map(|(member, _)| text(member)).collect(),
            Some(_) => return Err(CommandError::WRONG_TYPE),
        };
        Ok(Self { elements, is_set })
    }
}
