//! Sorted sets in snapshots and in digests.

use std::io::Write;

use super::ranked::compare;
use super::value::{FormRef, Rules, SortedSet, SortedSetRef};
use crate::dialect::Dialect;
use crate::number;
use crate::primitives::{Digest, has_twice};
use tidegate_rdb::{self as rdb, Corrupt, Element, ListpackBuf, ValueWriter, WriteError};

/// The type's number in a digest (`OBJ_ZSET`).
const TYPE: u32 = 3;

const fn corrupt(what: &'static str) -> Corrupt {
    Corrupt { form: "sorted set", what }
}

const TWICE: Corrupt = corrupt("a member comes twice");

impl SortedSet {
    /// Returns a sorted set of a snapshot, packed as the server's loader would pack it: a packed
    /// one stays packed if it has not too many members, any other is packed if the limits allow it.
    ///
    /// # Errors
    /// [`Corrupt`] if a member comes twice, or a packed set is not in order.
    pub(crate) fn from_snapshot(set: rdb::SortedSet, rules: &Rules) -> Result<Self, Corrupt> {
        match set {
            rdb::SortedSet::Pairs { members, scores } => {
                // A large set notices it itself.
                let few = scores.len() <= rules.packing.zset_entries;
                if few && has_twice(|| members.iter().map(Element::Bytes), rules.hasher) {
                    return Err(TWICE);
                }
                let pairs = scores.into_iter().zip(members.iter().map(Box::from)).collect();
                Self::of_pairs(pairs, rules).map_err(|_| TWICE)
            }
            rdb::SortedSet::Packed(pack) => {
                let mut set = Self::of_listpack(ListpackBuf::from(pack));
                check(set.view(), rules)?;
                if set.view().len() > rules.packing.zset_entries {
                    set.unpack(rules).map_err(|_| TWICE)?;
                }
                Ok(set)
            }
        }
    }
}

/// Checks that a packed set is in order, and no member comes twice.
fn check(set: SortedSetRef<'_>, rules: &Rules) -> Result<(), Corrupt> {
    let (mut one, mut other) = (itoa::Buffer::new(), itoa::Buffer::new());
    let mut in_order = |&(low, before): &(Element<'_>, f64),
                        &(high, after): &(Element<'_>, f64)| {
        compare((before, low.bytes(&mut one)), (after, high.bytes(&mut other))).is_lt()
    };
    if !set.iter().is_sorted_by(|low, high| in_order(low, high)) {
        return Err(corrupt("its members are not in order"));
    }
    if has_twice(|| set.iter().map(|(member, _)| member), rules.hasher) {
        return Err(TWICE);
    }
    Ok(())
}

impl SortedSetRef<'_> {
    /// Writes the set in its form; a large one with the highest score first, as servers do.
    pub(crate) fn write<W: Write>(self, to: ValueWriter<'_, W>) -> Result<(), WriteError> {
        match self.form {
            FormRef::Packed(pack) => to.sorted_set_packed(pack),
            FormRef::Ranked(ranked) => to.sorted_set(ranked.span(0..ranked.len()).rev()),
        }
    }

    /// Adds the set to a digest.
    pub(crate) fn digest(self, dialect: Dialect, digest: &mut Digest) {
        digest.mix(&TYPE.to_be_bytes());
        let mut buffer = itoa::Buffer::new();
        for (member, score) in self.iter() {
            let mut one = Digest::default();
            one.mix(member.bytes(&mut buffer));
            one.mix(number::digest_text(score, dialect).as_bytes());
            digest.xor(one.bytes());
        }
    }
}
