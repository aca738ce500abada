//! Sorted sets as snapshots bring them and take them, and what they add up to.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use std::io::Write;

use super::ranked::compare;
use super::value::{FormRef, Rules, SortedSet, SortedSetRef};
use crate::rdb::{self, Corrupt, ListpackBuf, ValueWriter, WriteError};
use crate::store::dialect::Dialect;
use crate::store::digest::Digest;
use crate::store::number;

/// The number of the type (`OBJ_ZSET`).
const TYPE: u32 = 3;

const fn corrupt(what: &'static str) -> Corrupt {
    Corrupt { form: "sorted set", what }
}

impl SortedSet {
    /// What a snapshot brings, packed as the server's loader would: what came packed stays so if
    /// there are not too many members; what did not is packed if it may be.
    ///
    /// # Errors
    /// [`Corrupt`]: a member comes twice, or a packed set is not in order.
    pub(crate) fn from_snapshot(set: rdb::SortedSet, rules: &Rules) -> Result<Self, Corrupt> {
        match set {
            rdb::SortedSet::Pairs { members, scores } => {
                let twice = corrupt("a member comes twice");
                // A large one finds out by itself.
                let few = scores.len() <= rules.packing.zset_entries;
                if few
                    && !members.iter().all({
                        let mut seen = HashSet::with_hasher(RandomState::default());
                        move |member| seen.insert(member)
                    })
                {
                    return Err(twice);
                }
                let pairs = scores.into_iter().zip(members.iter().map(Box::from)).collect();
                Self::of_pairs(pairs, rules).map_err(|_| twice)
            }
            rdb::SortedSet::Packed(pack) => {
                let mut set = Self::of_listpack(ListpackBuf::from(pack));
                set.check()?;
                if set.view().len() > rules.packing.zset_entries {
                    set.unpack(rules).map_err(|_| corrupt("a member comes twice"))?;
                }
                Ok(set)
            }
        }
    }

    /// Whether it is in order, and no member comes twice.
    fn check(&self) -> Result<(), Corrupt> {
        let mut seen = HashSet::with_hasher(RandomState::default());
        let mut last: Option<(f64, Vec<u8>)> = None;
        let mut buffer = itoa::Buffer::new();
        for (member, score) in self.view().iter() {
            let member = member.bytes(&mut buffer);
            if last
                .is_some_and(|(before, other)| compare((before, &other), (score, member)).is_ge())
            {
                return Err(corrupt("its members are not in order"));
            }
            last = Some((score, member.to_vec()));
            if !seen.insert(member.to_vec()) {
                return Err(corrupt("a member comes twice"));
            }
        }
        Ok(())
    }
}

impl SortedSetRef<'_> {
    /// Writes it in the form it rests in; a large one with the highest score first, as servers
    /// do.
    pub(crate) fn write<W: Write>(self, to: ValueWriter<'_, W>) -> Result<(), WriteError> {
        match self.form {
            FormRef::Packed(pack) => to.sorted_set_packed(pack),
            FormRef::Ranked(ranked) => to.sorted_set(ranked.span(0..ranked.len()).rev()),
        }
    }

    /// Its part of `DEBUG DIGEST-VALUE`.
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
