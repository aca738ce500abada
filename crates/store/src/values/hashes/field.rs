//! A field of a hash that is not packed, with its value and its expiry, in one allocation.

use crate::primitives::{push_varint, split_varint, varint_len};

/// The bytes of an expiry.
const TIME: usize = 8;

/// `[length of the name and whether it expires, 7 bits a byte] [expiry, if any] [name] [value]`
#[derive(Clone, Debug)]
pub(super) struct Field(Box<[u8]>);

/// The parts of a field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) name: &'a [u8],
    pub(super) value: &'a [u8],
    /// When the field expires, in Unix milliseconds.
    pub(super) expires: Option<i64>,
}

impl Field {
    pub(super) fn new(name: &[u8], value: &[u8], expires: Option<i64>) -> Self {
        let head = name.len() << 1 | usize::from(expires.is_some());
        let time = if expires.is_some() { TIME } else { 0 };
        let mut record = Vec::with_capacity(varint_len(head) + time + name.len() + value.len());
        push_varint(&mut record, head);
        if let Some(at) = expires {
            record.extend_from_slice(&at.to_le_bytes());
        }
        record.extend_from_slice(name);
        record.extend_from_slice(value);
        Self(record.into_boxed_slice())
    }

    pub(super) fn parts(&self) -> Parts<'_> {
        let (head, rest) = split_varint(&self.0);
        let (expires, rest) = match rest.split_first_chunk::<TIME>() {
            Some((at, rest)) if head & 1 == 1 => (Some(i64::from_le_bytes(*at)), rest),
            _ => (None, rest),
        };
        let (name, value) = rest.split_at_checked(head >> 1).unwrap_or((rest, &[]));
        Parts { name, value, expires }
    }

    /// The first byte of its allocation.
    pub(super) fn first_byte(&self) -> u8 {
        self.0.first().copied().unwrap_or_default()
    }

    pub(super) fn name(&self) -> &[u8] {
        self.parts().name
    }

    /// Replaces the value, in place if it is as long.
    pub(super) fn set_value(&mut self, value: &[u8]) {
        let Parts { name, value: old, expires } = self.parts();
        if old.len() == value.len() {
            let start = self.0.len() - value.len();
            if let Some(place) = self.0.get_mut(start..) {
                place.copy_from_slice(value);
            }
        } else {
            *self = Self::new(name, value, expires);
        }
    }

    /// Replaces the expiry.
    pub(super) fn set_expires(&mut self, expires: Option<i64>) {
        let Parts { name, value, expires: old } = self.parts();
        if old != expires {
            *self = Self::new(name, value, expires);
        }
    }

    /// The bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.0.len()
    }
}
