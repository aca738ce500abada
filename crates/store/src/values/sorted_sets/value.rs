//! A sorted set, packed while it is small.

use std::ops::Range;

use super::entries::Entries;
use super::packed;
use super::ranked::{Ranked, compare};
use crate::call::CommandError;
use crate::dialect::{Dialect, Vendor};
use crate::packing::Packing;
use crate::primitives::{Hasher, Kind};
use tidegate_rdb::{Element, ListpackBuf, ListpackRef};

/// The longest listpack, in bytes (`lpSafeToAdd`).
const LISTPACK_MAX: usize = 1 << 30;

/// A sorted set, owned.
#[derive(Clone, Debug)]
pub(crate) struct SortedSet {
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Packed(ListpackBuf),
    Ranked(Box<Ranked>),
}

/// A sorted set, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SortedSetRef<'a> {
    pub(crate) form: FormRef<'a>,
}

/// The form of a borrowed set.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FormRef<'a> {
    Packed(ListpackRef<'a>),
    Ranked(&'a Ranked),
}

/// The rules by which a sorted set changes its form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(super) packing: Packing,
    pub(super) dialect: Dialect,
    pub(super) hasher: Hasher,
}

impl Rules {
    pub(crate) fn new(packing: Packing, dialect: Dialect, hasher: Hasher) -> Self {
        Self { packing, dialect, hasher }
    }

    /// Whether so many members, none longer than `longest`, may be packed.
    pub(super) fn packs(&self, members: usize, longest: usize) -> bool {
        members <= self.packing.zset_entries && longest <= self.packing.zset_value
    }
}

impl SortedSet {
    pub(crate) fn from_rest(bytes: &[u8]) -> Self {
        Self { form: Form::Packed(ListpackBuf::trusted(bytes.to_vec())) }
    }

    /// Returns a packed set without members.
    pub(crate) fn new() -> Self {
        Self { form: Form::Packed(ListpackBuf::new()) }
    }

    /// Returns a set of members that are added one by one, unpacked at once if too many (`count`)
    /// are expected. The first form in which a score of -0 is kept decides whether it becomes 0.
    pub(crate) fn of_entries<'e>(
        entries: impl Iterator<Item = (Element<'e>, f64)>,
        count: usize,
        rules: &Rules,
    ) -> Result<Self, CommandError> {
        let mut set = Self::new();
        set.expect_more(count, 0, rules)?;
        let mut buffer = itoa::Buffer::new();
        for (member, score) in entries {
            set.insert(score, member.bytes(&mut buffer), rules)?;
        }
        Ok(set)
    }

    /// Returns a set of members in any order, none of which comes twice, packed if the rules allow
    /// it (`zsetConvertToListpackIfNeeded`).
    pub(crate) fn of_pairs(
        mut pairs: Vec<(f64, Box<[u8]>)>,
        rules: &Rules,
    ) -> Result<Self, CommandError> {
        let longest = pairs.iter().map(|(_, member)| member.len()).max().unwrap_or(0);
        if !rules.packs(pairs.len(), longest) {
            let ranked = Ranked::of_pairs(pairs.into_iter(), rules.hasher);
            let ranked = ranked.ok_or(CommandError::TOO_MANY)?;
            return Ok(Self { form: Form::Ranked(Box::new(ranked)) });
        }
        pairs.sort_by(|one, other| compare((one.0, &one.1), (other.0, &other.1)));
        let mut pack = ListpackBuf::new();
        for (score, member) in pairs {
            packed::push(&mut pack, score, &member, rules.dialect).map_err(|_| too_long())?;
        }
        Ok(Self { form: Form::Packed(pack) })
    }

    /// Returns the set of a checked listpack in order.
    pub(super) fn of_listpack(pack: ListpackBuf) -> Self {
        Self { form: Form::Packed(pack) }
    }

    /// The bytes of a packed set, and its kind; `None` for a large one.
    pub(crate) fn at_rest(&self) -> Option<(Kind, &[u8])> {
        match &self.form {
            Form::Packed(pack) => Some((Kind::SortedSet, pack.as_bytes())),
            Form::Ranked(_) => None,
        }
    }

    pub(crate) fn view(&self) -> SortedSetRef<'_> {
        let form = match &self.form {
            Form::Packed(pack) => FormRef::Packed(pack.view()),
            Form::Ranked(ranked) => FormRef::Ranked(ranked),
        };
        SortedSetRef { form }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        match &self.form {
            Form::Packed(pack) => pack.capacity(),
            Form::Ranked(ranked) => ranked.heap_bytes(),
        }
    }

    /// Unpacks the set before `more` members come, none longer than `longest`, if they alone would
    /// be too large, even if not all of them are added (`zsetTypeMaybeConvert`; Redis does not look
    /// at their lengths, measured).
    pub(crate) fn expect_more(
        &mut self,
        more: usize,
        longest: usize,
        rules: &Rules,
    ) -> Result<(), CommandError> {
        let longest = if rules.dialect.vendor() == Vendor::Valkey { longest } else { 0 };
        if rules.packs(more, longest) { Ok(()) } else { self.unpack(rules) }
    }

    /// Adds a new member. The score is not NaN.
    pub(crate) fn insert(
        &mut self,
        score: f64,
        member: &[u8],
        rules: &Rules,
    ) -> Result<(), CommandError> {
        if let Form::Packed(pack) = &mut self.form {
            let fits = rules.packs(packed::len(pack.view()) + 1, member.len())
                && pack.as_bytes().len().saturating_add(member.len()) <= LISTPACK_MAX;
            if fits {
                return packed::insert(pack, score, member, rules.dialect).map_err(|_| too_long());
            }
            self.unpack(rules)?;
        }
        let added = match &mut self.form {
            Form::Packed(_) => false,
            Form::Ranked(ranked) => ranked.insert(score, member),
        };
        if added { Ok(()) } else { Err(CommandError::TOO_MANY) }
    }

    /// Changes the score of an existing member. The score is not NaN.
    pub(crate) fn set_score(
        &mut self,
        score: f64,
        member: &[u8],
        rules: &Rules,
    ) -> Result<(), CommandError> {
        match &mut self.form {
            Form::Packed(pack) => {
                if let Some(position) = packed::find(pack.view(), member) {
                    packed::remove_at(pack, position);
                }
                packed::insert(pack, score, member, rules.dialect).map_err(|_| too_long())
            }
            Form::Ranked(ranked) => {
                ranked.set_score(member, score);
                Ok(())
            }
        }
    }

    /// Removes a member. Returns whether it was there.
    pub(crate) fn remove(&mut self, member: &[u8]) -> bool {
        match &mut self.form {
            Form::Packed(pack) => {
                let position = packed::find(pack.view(), member);
                if let Some(position) = position {
                    packed::remove_at(pack, position);
                }
                position.is_some()
            }
            Form::Ranked(ranked) => {
                let place = ranked.place(member);
                if let Some((rank, _)) = place {
                    ranked.remove(rank..rank + 1);
                }
                place.is_some()
            }
        }
    }

    /// Removes the members of these ranks, which exist.
    pub(crate) fn remove_ranks(&mut self, ranks: Range<usize>) {
        match &mut self.form {
            Form::Packed(pack) => packed::remove(pack, ranks),
            Form::Ranked(ranked) => ranked.remove(ranks),
        }
    }

    pub(crate) fn unpack(&mut self, rules: &Rules) -> Result<(), CommandError> {
        let Form::Packed(pack) = &self.form else { return Ok(()) };
        let mut buffer = itoa::Buffer::new();
        let pairs = packed::pairs(pack.view());
        let pairs = pairs.map(|(member, score)| (score, member.bytes(&mut buffer).into()));
        let pairs: Vec<(f64, Box<[u8]>)> = pairs.collect();
        let ranked = Ranked::of_pairs(pairs.into_iter(), rules.hasher);
        self.form = Form::Ranked(Box::new(ranked.ok_or(CommandError::TOO_MANY)?));
        Ok(())
    }
}

fn too_long() -> CommandError {
    CommandError::TOO_MANY
}

impl<'a> SortedSetRef<'a> {
    pub(crate) fn resting(bytes: &'a [u8]) -> Self {
        Self { form: FormRef::Packed(ListpackRef::trusted(bytes)) }
    }

    pub(crate) fn is_empty(self) -> bool {
        match self.form {
            FormRef::Packed(pack) => pack.is_empty(),
            FormRef::Ranked(ranked) => ranked.len() == 0,
        }
    }

    /// The number of members.
    pub(crate) fn len(self) -> usize {
        match self.form {
            FormRef::Packed(pack) => packed::len(pack),
            FormRef::Ranked(ranked) => ranked.len(),
        }
    }

    /// Returns the score of a member.
    pub(crate) fn score(self, member: &[u8]) -> Option<f64> {
        match self.form {
            FormRef::Packed(pack) => packed::score_at(pack, packed::find(pack, member)?),
            FormRef::Ranked(ranked) => ranked.score(member),
        }
    }

    /// Returns the rank of a member (0 is the lowest score) and its score.
    pub(crate) fn place(self, member: &[u8]) -> Option<(usize, f64)> {
        match self.form {
            FormRef::Packed(pack) => packed::place(pack, member),
            FormRef::Ranked(ranked) => ranked.place(member),
        }
    }

    /// Returns the members of these ranks and their scores, from both ends.
    pub(crate) fn entries(self, ranks: Range<usize>) -> Entries<'a> {
        let ranks = ranks.start..ranks.end.min(self.len());
        match self.form {
            FormRef::Packed(pack) => Entries::packed(pack, ranks),
            FormRef::Ranked(ranked) => Entries::ranked(ranked.span(ranks)),
        }
    }

    /// Returns all members and their scores, in order.
    pub(crate) fn iter(self) -> Entries<'a> {
        self.entries(0..self.len())
    }

    pub(crate) fn is_packed(self) -> bool {
        matches!(self.form, FormRef::Packed(_))
    }

    /// The name of the form in `OBJECT ENCODING`.
    pub(crate) fn encoding(self, dialect: Dialect) -> &'static str {
        match self.form {
            FormRef::Packed(_) if dialect.has_listpacks() => "listpack",
            FormRef::Packed(_) => "ziplist",
            FormRef::Ranked(_) => "skiplist",
        }
    }
}
