//! A set to be read, in any form.

use std::io::Write;
use std::ops::Range;

use super::members::Members;
use super::number::number;
use crate::primitives::{Digest, Kind};
use tidegate_rdb::{Element, Elements, IntsetRef, ListpackRef, ValueWriter, WriteError};

/// A set, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SetRef<'a> {
    Ints(IntsetRef<'a>),
    Packed(ListpackRef<'a>),
    Table(&'a Members),
}

impl<'a> SetRef<'a> {
    pub(crate) fn resting(kind: Kind, bytes: &'a [u8]) -> Self {
        match kind {
            Kind::IntSet => Self::Ints(IntsetRef::trusted(bytes)),
            _ => Self::Packed(ListpackRef::trusted(bytes)),
        }
    }

    pub(crate) fn len(self) -> usize {
        match self {
            Self::Ints(ints) => ints.len(),
            Self::Packed(pack) => pack.len(),
            Self::Table(members) => members.len(),
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The name of the form in `OBJECT ENCODING`.
    pub(crate) fn encoding(self) -> &'static str {
        match self {
            Self::Ints(_) => "intset",
            Self::Packed(_) => "listpack",
            Self::Table(_) => "hashtable",
        }
    }

    pub(crate) fn contains(self, member: Element<'_>) -> bool {
        let mut buffer = itoa::Buffer::new();
        match self {
            Self::Ints(ints) => number(member).is_some_and(|number| ints.contains(number)),
            Self::Packed(pack) => pack.find(member.bytes(&mut buffer), 0).is_some(),
            Self::Table(members) => members.contains(member.bytes(&mut buffer)),
        }
    }

    /// The members: integers ascending, those of a listpack as they were added, those of a table in
    /// no order.
    pub(crate) fn iter(self) -> Iter<'a> {
        match self {
            Self::Ints(ints) => Iter::Ints(ints, 0..ints.len()),
            Self::Packed(pack) => Iter::Packed(pack.iter()),
            Self::Table(members) => Iter::Table(Box::new(members.iter())),
        }
    }

    /// Writes the set into a file or a payload.
    pub(crate) fn write<W: Write>(self, to: ValueWriter<'_, W>) -> Result<(), WriteError> {
        match self {
            Self::Ints(ints) => to.set_ints(ints.as_bytes()),
            Self::Packed(pack) => to.set_packed(pack),
            Self::Table(members) => to.set(members.iter()),
        }
    }

    /// Adds the set to a digest.
    pub(crate) fn digest(self, digest: &mut Digest) {
        /// The type's number in a digest, `OBJ_SET`.
        const TYPE: u32 = 2;
        digest.mix(&TYPE.to_be_bytes());
        let mut buffer = itoa::Buffer::new();
        for member in self.iter() {
            digest.xor(member.bytes(&mut buffer));
        }
    }
}

/// The members of a set.
pub(crate) enum Iter<'a> {
    Ints(IntsetRef<'a>, Range<usize>),
    Packed(Elements<'a>),
    Table(Box<dyn Iterator<Item = &'a [u8]> + 'a>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        match self {
            Self::Ints(ints, range) => ints.get(range.next()?).map(Element::Int),
            Self::Packed(elements) => elements.next(),
            Self::Table(members) => members.next().map(Element::Bytes),
        }
    }
}
