//! A hash to be read, in any form.

use super::field::Parts;
use super::fields::Fields;
use super::packed::{Entry, PackedRef};
use crate::dialect::Dialect;
use crate::primitives::{Digest, Kind};
use tidegate_rdb::{Element, ListpackRef, ValueWriter, WriteError};

/// The type's number in a digest (`OBJ_HASH`).
const TYPE_NUMBER: u32 = 4;

/// A hash, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HashRef<'a>(Form<'a>);

/// The form of a hash.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form<'a> {
    Packed(PackedRef<'a>),
    Table(&'a Fields),
}

impl<'a> From<Parts<'a>> for Entry<'a> {
    fn from(parts: Parts<'a>) -> Self {
        let Parts { name, value, expires } = parts;
        Self { field: Element::Bytes(name), value: Element::Bytes(value), expires }
    }
}

impl Entry<'_> {
    /// Whether the field has not expired at `now`; it still exists in the millisecond itself.
    pub(crate) fn is_live(&self, now: i64) -> bool {
        self.expires.is_none_or(|at| at >= now)
    }
}

impl<'a> HashRef<'a> {
    pub(super) fn new(form: Form<'a>) -> Self {
        Self(form)
    }

    pub(crate) fn form(self) -> Form<'a> {
        self.0
    }

    /// Returns the hash that is stored as `kind`.
    pub(crate) fn resting(kind: Kind, bytes: &'a [u8]) -> Self {
        let list = ListpackRef::trusted(bytes);
        Self(Form::Packed(PackedRef { list, timed: kind == Kind::HashTtl }))
    }

    /// The number of fields, expired ones included (`HLEN`).
    pub(crate) fn len(self) -> usize {
        match self.0 {
            Form::Packed(packed) => packed.len(),
            Form::Table(fields) => fields.len(),
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        match self.0 {
            Form::Packed(packed) => packed.list.is_empty(),
            Form::Table(fields) => fields.len() == 0,
        }
    }

    /// How many fields have an expiry.
    #[cfg(test)]
    pub(crate) fn volatile_fields(self) -> usize {
        match self.0 {
            Form::Packed(packed) if packed.timed => {
                packed.iter().take_while(|entry| entry.expires.is_some()).count()
            }
            Form::Packed(_) => 0,
            Form::Table(fields) => fields.volatile(),
        }
    }

    /// Whether any field has an expiry.
    pub(crate) fn is_volatile(self) -> bool {
        match self.0 {
            Form::Packed(_) => self.soonest().is_some(),
            Form::Table(fields) => fields.volatile() > 0,
        }
    }

    /// When the first field expires, in Unix milliseconds. Walks a table.
    pub(crate) fn soonest(self) -> Option<i64> {
        match self.0 {
            Form::Packed(packed) if packed.timed => packed.iter().next()?.expires,
            Form::Packed(_) => None,
            Form::Table(fields) if fields.volatile() == 0 => None,
            Form::Table(fields) => fields.iter().filter_map(|parts| parts.expires).min(),
        }
    }

    /// Returns the field, expired or not.
    pub(crate) fn get(self, field: &[u8]) -> Option<Entry<'a>> {
        match self.0 {
            Form::Packed(packed) => packed.get(field),
            Form::Table(fields) => fields.get(field).map(Entry::from),
        }
    }

    /// Returns the field, unless it has expired at `now`.
    pub(crate) fn get_live(self, field: &[u8], now: i64) -> Option<Entry<'a>> {
        self.get(field).filter(|entry| entry.is_live(now))
    }

    /// Returns the value of a field, unless it has expired at `now`.
    pub(crate) fn value(self, field: &[u8], now: i64) -> Option<Element<'a>> {
        self.get_live(field, now).map(|entry| entry.value)
    }

    /// Calls `each` for all fields, in the order of the server's replies.
    pub(super) fn each(self, mut each: impl FnMut(Entry<'a>)) {
        match self.0 {
            Form::Packed(packed) => packed.iter().for_each(each),
            Form::Table(fields) => fields.iter().for_each(|parts| each(parts.into())),
        }
    }

    /// Calls `each` for all fields that have not expired at `now`.
    pub(crate) fn each_live(self, now: i64, mut each: impl FnMut(Entry<'a>)) {
        self.each(|entry| {
            if entry.is_live(now) {
                each(entry);
            }
        });
    }

    /// Returns the fields that have expired at `now`, the earliest first, with their times.
    pub(crate) fn expired(self, now: i64) -> Vec<(i64, Vec<u8>)> {
        let mut expired = Vec::new();
        self.each(|entry| {
            if let Some(at) = entry.expires.filter(|at| *at < now) {
                expired.push((at, entry.field.bytes(&mut itoa::Buffer::new()).to_vec()));
            }
        });
        expired.sort_by_key(|(at, _)| *at);
        expired
    }

    /// How many fields have not expired at `now`.
    pub(crate) fn live(self, now: i64) -> usize {
        if !self.is_volatile() {
            return self.len();
        }
        let mut count = 0;
        self.each_live(now, |_| count += 1);
        count
    }

    /// The name of the form in `OBJECT ENCODING`.
    pub(crate) fn encoding(self, dialect: Dialect) -> &'static str {
        match self.0 {
            Form::Packed(packed) if packed.timed => "listpackex",
            Form::Packed(_) if dialect.since_redis((7, 0)) => "listpack",
            Form::Packed(_) => "ziplist",
            Form::Table(_) => "hashtable",
        }
    }

    /// Adds the hash to a digest (`xorObjectDigest`). Redis distinguishes fields that expire, and
    /// counts expired ones; Valkey does neither.
    pub(crate) fn digest(self, dialect: Dialect, now: i64, digest: &mut Digest) {
        digest.mix(&TYPE_NUMBER.to_be_bytes());
        self.each(|entry| {
            if dialect.expired_fields_are_gone() && !entry.is_live(now) {
                return;
            }
            let (mut buffer, mut of_field) = (itoa::Buffer::new(), Digest::default());
            of_field.mix(entry.field.bytes(&mut buffer));
            of_field.mix(entry.value.bytes(&mut buffer));
            if entry.expires.is_some() && dialect.digests_field_ttls() {
                of_field.xor(b"!!hexpire!!");
            }
            digest.xor(of_field.bytes());
        });
    }

    /// Writes the hash to a snapshot or a `DUMP` payload.
    ///
    /// # Errors
    /// See [`ValueWriter`].
    pub(crate) fn write<W: std::io::Write>(self, to: ValueWriter<'_, W>) -> Result<(), WriteError> {
        match self.0 {
            Form::Packed(packed) if packed.timed => to.hash_packed_ttl(packed.list),
            Form::Packed(packed) => to.hash_packed(packed.list),
            Form::Table(fields) => {
                to.hash_ttl(fields.iter().map(|Parts { name, value, expires }| {
                    (name, value, expires.map_or(0, |at| u64::try_from(at).unwrap_or(0)))
                }))
            }
        }
    }
}
