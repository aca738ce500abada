//! A key at rest. A small value is in one allocation with its key, its kind and its expiry; a large
//! value has a box of its own.
//!
//! A slot takes sixteen bytes in the table, and a small key one allocation of exactly its size. So
//! a key takes less room than in Redis, which has four allocations for it.

use super::access::Access;
use super::value::{Value, ValueRef};
use crate::dialect::Dialect;
use crate::primitives::{Digest, Kind, push_varint, split_varint, varint_len};

/// The longest value in the allocation of its key, in bytes. A longer one has a box of its own and
/// is changed in place.
pub(crate) const SMALL: usize = 1024;

/// The bit of the first byte of a small slot that expires.
const EXPIRES: u8 = 0x80;
/// The bit of the first byte of a small slot that has an access.
const USED: u8 = 0x40;
/// Both bits.
const FLAGS: u8 = EXPIRES | USED;
/// The number of bytes of an access.
const ACCESS: usize = 3;
/// The first byte of a packed hash with times.
const TIMED: u8 = Kind::HashTtl as u8;
/// The number of bytes of an expiry.
const TIME: usize = 8;

/// A type of values for which clients may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    List,
    SortedSet,
    Stream,
}

/// A key, its value and its expiry.
#[derive(Clone, Debug)]
pub(crate) enum Slot {
    /// `[kind and flags] [length of the key, 7 bits a byte] [expiry, if any] [access, if any] [key]
    /// [value]`
    Small(Box<[u8]>),
    Large(Box<Large>),
}

/// A key whose value does not fit into a small slot.
#[derive(Clone, Debug)]
pub(crate) struct Large {
    key: Box<[u8]>,
    /// When the key expires, in Unix milliseconds.
    expires: Option<i64>,
    access: Option<Access>,
    pub(crate) value: Value,
}

impl Slot {
    /// Returns a small or a large slot, whichever is right for the value.
    pub(crate) fn new(key: &[u8], expires: Option<i64>, value: Value) -> Self {
        match value.at_rest() {
            Some((kind, bytes)) if bytes.len() <= SMALL => Self::small(key, expires, kind, bytes),
            _ => Self::Large(Box::new(Large { key: key.into(), expires, access: None, value })),
        }
    }

    /// Returns the slot of a key with a small value.
    pub(crate) fn small(key: &[u8], expires: Option<i64>, kind: Kind, value: &[u8]) -> Self {
        Self::small_with(key, (expires, None), kind, value)
    }

    /// Returns the slot of a key with a small value, an expiry and an access.
    fn small_with(
        key: &[u8],
        (expires, access): (Option<i64>, Option<Access>),
        kind: Kind,
        value: &[u8],
    ) -> Self {
        let time = if expires.is_some() { TIME } else { 0 };
        let used = if access.is_some() { ACCESS } else { 0 };
        let mut record =
            Vec::with_capacity(1 + varint_len(key.len()) + time + used + key.len() + value.len());
        let flags = if expires.is_some() { EXPIRES } else { 0 };
        record.push(kind as u8 | flags | if access.is_some() { USED } else { 0 });
        push_varint(&mut record, key.len());
        if let Some(at) = expires {
            record.extend_from_slice(&at.to_le_bytes());
        }
        if let Some(access) = access {
            let [_, bits @ ..] = access.0.to_be_bytes();
            record.extend_from_slice(&bits);
        }
        record.extend_from_slice(key);
        record.extend_from_slice(value);
        Self::Small(record.into_boxed_slice())
    }

    /// Reads the first and the last byte of its allocation, and returns a value that depends on them.
    /// A small key mostly lies in the two cache lines of these.
    pub(crate) fn touch(&self) -> u8 {
        match self {
            Self::Small(record) => match &**record {
                [first, .., last] => first.wrapping_add(*last),
                _ => 0,
            },
            Self::Large(large) => large.key.first().copied().unwrap_or_default(),
        }
    }

    pub(crate) fn key(&self) -> &[u8] {
        match self {
            Self::Small(record) => Parts::of(record).key,
            Self::Large(large) => &large.key,
        }
    }

    /// When the key expires, in Unix milliseconds.
    pub(crate) fn expires(&self) -> Option<i64> {
        match self {
            Self::Small(record) => Parts::of(record).expires,
            Self::Large(large) => large.expires,
        }
    }

    /// Whether the key has expired at `now`; it still exists in the millisecond itself.
    pub(crate) fn is_expired(&self, now: i64) -> bool {
        self.expires().is_some_and(|at| at < now)
    }

    /// Whether the value is a hash with fields that expire.
    #[inline]
    pub(crate) fn has_volatile_fields(&self) -> bool {
        let may_have = match self {
            Self::Small(record) => record.first().map(|head| head & !FLAGS) == Some(TIMED),
            Self::Large(large) => matches!(large.value, Value::Hash(_)),
        };
        may_have && matches!(self.value(), ValueRef::Hash(hash) if hash.is_volatile())
    }

    /// Whether the value is a hash with fields that have expired at `now`.
    pub(crate) fn has_expired_fields(&self, now: i64) -> bool {
        let ValueRef::Hash(hash) = self.value() else { return false };
        hash.soonest().is_some_and(|at| at < now)
    }

    /// The type of the value, if clients may block until there is one (`getBlockedTypeByType`).
    pub(crate) fn awaited(&self) -> Option<Awaited> {
        match self.value() {
            ValueRef::List(_) => Some(Awaited::List),
            ValueRef::SortedSet(_) => Some(Awaited::SortedSet),
            ValueRef::Stream(_) => Some(Awaited::Stream),
            _ => None,
        }
    }

    pub(crate) fn value(&self) -> ValueRef<'_> {
        match self {
            Self::Small(record) => {
                let parts = Parts::of(record);
                ValueRef::resting(parts.kind, parts.value)
            }
            Self::Large(large) => large.value.view(),
        }
    }

    /// Takes the value out of the slot, which has to be replaced.
    pub(crate) fn take_value(&mut self) -> Value {
        match self {
            Self::Small(record) => {
                let parts = Parts::of(record);
                Value::from_rest(parts.kind, parts.value)
            }
            Self::Large(large) => std::mem::take(&mut large.value),
        }
    }

    /// Replaces the value.
    pub(crate) fn set_value(&mut self, value: Value) {
        match (value.at_rest(), &mut *self) {
            (Some((kind, bytes)), _) if bytes.len() <= SMALL => self.set_small(kind, bytes),
            (_, Self::Large(large)) => large.value = value,
            (_, Self::Small(record)) => {
                let parts = Parts::of(record);
                let Parts { expires, access, .. } = parts;
                let large = Large { key: parts.key.into(), expires, access, value };
                *self = Self::Large(Box::new(large));
            }
        }
    }

    /// Makes a large slot small if its value has become so: well below the limit, so that a value
    /// that grows and shrinks a little is not moved each time.
    #[inline]
    pub(crate) fn settle(&mut self) {
        if let Self::Large(large) = self
            && let Some((kind, bytes)) = large.value.at_rest()
            && bytes.len() <= SMALL / 2
        {
            *self = Self::small_with(&large.key, (large.expires, large.access), kind, bytes);
        }
    }

    /// Replaces the value by a small one, in place if it is as long.
    pub(crate) fn set_small(&mut self, kind: Kind, value: &[u8]) {
        if let Self::Small(record) = self {
            let parts = Parts::of(record);
            if parts.value.len() == value.len() {
                let start = record.len() - value.len();
                record[0] = record[0] & FLAGS | kind as u8;
                record[start..].copy_from_slice(value);
                return;
            }
        }
        *self = Self::small_with(self.key(), (self.expires(), self.access()), kind, value);
    }

    /// Returns the bytes of a string, to be overwritten in place; it is raw from now on.
    pub(crate) fn str_mut(&mut self) -> Option<&mut [u8]> {
        match self {
            Self::Large(large) => match &mut large.value {
                Value::Str(text) => Some(text.edit()),
                _ => None,
            },
            Self::Small(record) => {
                let parts = Parts::of(record);
                if !matches!(parts.kind, Kind::Int | Kind::Embedded | Kind::Raw) {
                    return None;
                }
                let start = record.len() - parts.value.len();
                record[0] = record[0] & FLAGS | Kind::Raw as u8;
                record.get_mut(start..)
            }
        }
    }

    /// Replaces the expiry.
    pub(crate) fn set_expires(&mut self, expires: Option<i64>) {
        match self {
            Self::Large(large) => large.expires = expires,
            Self::Small(record) => {
                let parts = Parts::of(record);
                match (parts.expires, expires) {
                    (None, None) => {}
                    (Some(_), Some(at)) => {
                        let start = 1 + varint_len(parts.key.len());
                        record[start..start + TIME].copy_from_slice(&at.to_le_bytes());
                    }
                    _ => {
                        let times = (expires, parts.access);
                        *self = Self::small_with(parts.key, times, parts.kind, parts.value);
                    }
                }
            }
        }
    }

    /// When or how often the key was used, if that is recorded.
    pub(crate) fn access(&self) -> Option<Access> {
        match self {
            Self::Small(record) => Parts::of(record).access,
            Self::Large(large) => large.access,
        }
    }

    /// Replaces the access.
    pub(crate) fn set_access(&mut self, access: Option<Access>) {
        match self {
            Self::Large(large) => large.access = access,
            Self::Small(record) => {
                let parts = Parts::of(record);
                match (parts.access, access) {
                    (None, None) => {}
                    (Some(_), Some(access)) => {
                        let [_, bits @ ..] = access.0.to_be_bytes();
                        let start = record.len() - parts.value.len() - parts.key.len() - ACCESS;
                        record[start..start + ACCESS].copy_from_slice(&bits);
                    }
                    _ => {
                        let times = (parts.expires, access);
                        *self = Self::small_with(parts.key, times, parts.kind, parts.value);
                    }
                }
            }
        }
    }

    /// The name of the value's form in `OBJECT ENCODING`.
    pub(crate) fn encoding(&self, dialect: Dialect) -> &'static str {
        self.value().encoding(dialect, self.key().len(), self.expires().is_some())
    }

    /// Adds the value, and whether the key expires, to a digest (`xorObjectDigest`).
    pub(crate) fn digest(&self, dialect: Dialect, now: i64, digest: &mut Digest) {
        self.value().digest(dialect, now, digest);
        if self.expires().is_some() {
            digest.xor(b"!!expire!!");
        }
    }

    /// The bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Small(record) => record.len(),
            Self::Large(large) => size_of::<Large>() + large.key.len() + large.value.heap_bytes(),
        }
    }
}

/// The parts of a small slot.
struct Parts<'a> {
    kind: Kind,
    expires: Option<i64>,
    access: Option<Access>,
    key: &'a [u8],
    value: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(record: &'a [u8]) -> Self {
        let (&head, rest) = record.split_first().unwrap_or((&0, &[]));
        let (len, rest) = split_varint(rest);
        let (expires, rest) = match rest.split_first_chunk::<TIME>() {
            Some((at, rest)) if head & EXPIRES != 0 => (Some(i64::from_le_bytes(*at)), rest),
            _ => (None, rest),
        };
        let (access, rest) = match rest.split_first_chunk::<ACCESS>() {
            Some((&[a, b, c], rest)) if head & USED != 0 => {
                (Some(Access(u32::from_be_bytes([0, a, b, c]))), rest)
            }
            _ => (None, rest),
        };
        let (key, value) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        Self { kind: Kind::of(head & !FLAGS), expires, access, key, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::strings::Str;
    use proptest::prelude::*;

    #[test]
    fn is_sixteen_bytes() {
        assert_eq!(size_of::<Slot>(), 16);
    }

    proptest! {
        #[test]
        fn keeps_what_it_is_given(
            key in prop::collection::vec(any::<u8>(), 0..300),
            value in prop::collection::vec(any::<u8>(), 0..2000),
            next in prop::collection::vec(any::<u8>(), 0..2000),
            expires: Option<i64>,
            later: Option<i64>,
            used: Option<u32>,
        ) {
            let bytes = |slot: &Slot| match slot.value() {
                ValueRef::Str(text) => text.bytes.to_vec(),
                other => panic!("{other:?}"),
            };
            let mut slot = Slot::new(&key, expires, Value::Str(Str::raw(value.clone())));
            prop_assert_eq!((slot.key(), slot.expires()), (&key[..], expires));
            prop_assert_eq!(bytes(&slot), &value[..]);
            slot.set_expires(later);
            prop_assert_eq!((slot.key(), slot.expires()), (&key[..], later));
            prop_assert_eq!(bytes(&slot), &value[..]);
            let used = used.map(|bits| Access(bits & 0xff_ffff));
            slot.set_access(used);
            prop_assert_eq!((slot.key(), slot.expires(), slot.access()), (&key[..], later, used));
            prop_assert_eq!(bytes(&slot), &value[..]);
            slot.set_expires(expires);
            slot.set_expires(later);
            slot.set_value(Value::Str(Str::raw(next.clone())));
            prop_assert_eq!(slot.access(), used);
            prop_assert_eq!((slot.key(), slot.expires()), (&key[..], later));
            prop_assert_eq!(bytes(&slot), &next[..]);
        }
    }
}
