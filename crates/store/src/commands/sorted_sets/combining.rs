//! The combination of sets.

use super::source::Source;
use crate::call::{CommandError, words};
use crate::execution::{Args, ReadCx};
use crate::number;
use crate::primitives::{Hasher, Table};
use crate::values::sorted_sets::ranked::compare;
use tidegate_rdb::Element;

/// A score and its member.
pub(in crate::commands::sorted_sets) type Pair = (f64, Box<[u8]>);

/// The ways to combine sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands::sorted_sets) enum Op {
    Union,
    Inter,
    /// An intersection of which only the number of members is wanted.
    InterCard,
    Diff,
}

/// The ways to combine the scores of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

/// A set, if it exists, and the factor of its scores.
#[derive(Clone, Copy, Debug)]
struct Input<'a> {
    set: Option<Source<'a>>,
    weight: f64,
}

/// A request to combine sets.
#[derive(Clone, Debug)]
pub(in crate::commands::sorted_sets) struct Combination<'a> {
    op: Op,
    inputs: Vec<Input<'a>>,
    aggregate: Aggregate,
    pub(in crate::commands::sorted_sets) with_scores: bool,
    /// The most members that are counted; 0 for all.
    limit: usize,
}

/// Returns zero instead of NaN, the result of infinity times zero or infinity less infinity.
fn number_or_zero(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

impl Op {
    /// The event of a stored result.
    pub(in crate::commands::sorted_sets) fn stored(self) -> &'static str {
        self.command(true)
    }

    /// The name of the command.
    fn command(self, stores: bool) -> &'static str {
        match (self, stores) {
            (Self::Union, false) => "zunion",
            (Self::Union, true) => "zunionstore",
            (Self::Inter, false) => "zinter",
            (Self::Inter, true) => "zinterstore",
            (Self::InterCard, _) => "zintercard",
            (Self::Diff, false) => "zdiff",
            (Self::Diff, true) => "zdiffstore",
        }
    }
}

impl Aggregate {
    fn apply(self, so_far: f64, score: f64) -> f64 {
        match self {
            Self::Sum => number_or_zero(so_far + score),
            Self::Min if score < so_far => score,
            Self::Max if score > so_far => score,
            Self::Min | Self::Max => so_far,
        }
    }
}

impl Input<'_> {
    fn len(&self) -> usize {
        self.set.map_or(0, Source::len)
    }
}

/// Reads a number of keys and the keys. Returns their sets, and what follows them.
fn inputs<'a, 'w>(
    cx: &ReadCx<'a>,
    words: Args<'w>,
    command: &str,
) -> Result<(Vec<Input<'a>>, Args<'w>), CommandError> {
    let number = words::int(words.first().copied().unwrap_or_default())?;
    if number < 1 {
        let what = "ERR at least 1 input key is needed for";
        return Err(CommandError::of(match cx.dialect().quotes_command_names() {
            true => format!("{what} '{command}' command"),
            false => format!("{what} {command}"),
        }));
    }
    let rest = words.get(1..).unwrap_or_default();
    let number = usize::try_from(number).unwrap_or(usize::MAX);
    let (keys, options) = rest.split_at_checked(number).ok_or(CommandError::SYNTAX)?;
    let input = |key: &&[u8]| Ok(Input { set: Source::find(cx, key)?, weight: 1.0 });
    let inputs: Result<Vec<_>, CommandError> = keys.iter().map(input).collect();
    Ok((inputs?, options))
}

impl<'a> Combination<'a> {
    /// Reads the number of keys and what follows it. `stores` is whether the command stores the
    /// result.
    pub(in crate::commands::sorted_sets) fn parse(
        cx: &ReadCx<'a>,
        words: Args<'_>,
        op: Op,
        stores: bool,
    ) -> Result<Self, CommandError> {
        let (inputs, mut options) = inputs(cx, words, op.command(stores))?;
        let aggregate = Aggregate::Sum;
        let mut wanted = Self { op, inputs, aggregate, with_scores: false, limit: 0 };
        let may_have_scores = !stores && op != Op::InterCard;
        let weighs = matches!(op, Op::Union | Op::Inter);
        while let Some((&option, rest)) = options.split_first() {
            let count = wanted.inputs.len();
            options = match rest {
                _ if weighs && words::is(option, "weights") && rest.len() >= count => {
                    let (weights, rest) = rest.split_at(count);
                    for (input, weight) in wanted.inputs.iter_mut().zip(weights) {
                        let weight = number::parse(weight, cx.dialect());
                        input.weight =
                            weight.ok_or(CommandError::new("ERR weight value is not a float"))?;
                    }
                    rest
                }
                [aggregate, rest @ ..] if weighs && words::is(option, "aggregate") => {
                    wanted.aggregate = match aggregate {
                        _ if words::is(aggregate, "sum") => Aggregate::Sum,
                        _ if words::is(aggregate, "min") => Aggregate::Min,
                        _ if words::is(aggregate, "max") => Aggregate::Max,
                        _ => return Err(CommandError::SYNTAX),
                    };
                    rest
                }
                _ if may_have_scores && words::is(option, "withscores") => {
                    wanted.with_scores = true;
                    rest
                }
                [limit, rest @ ..] if op == Op::InterCard && words::is(option, "limit") => {
                    let error = CommandError::new("ERR LIMIT can't be negative");
                    wanted.limit = words::natural_or(limit, error)?;
                    rest
                }
                _ => return Err(CommandError::SYNTAX),
            };
        }
        if op != Op::Diff {
            // The smallest set is first; scores are added in this order.
            wanted.inputs.sort_by_key(Input::len);
        }
        Ok(wanted)
    }

    /// About how many steps it takes to combine the sets.
    pub(in crate::commands::sorted_sets) fn steps(&self) -> usize {
        let all = || self.inputs.iter().map(Input::len).sum::<usize>();
        let smallest = self.inputs.first().map_or(0, Input::len);
        let by_looking = smallest.saturating_mul(2 * self.inputs.len());
        match self.op {
            // Each member is looked up, copied and sorted.
            Op::Union => all().saturating_mul(8),
            Op::Inter => by_looking.saturating_add(smallest.saturating_mul(4)),
            Op::InterCard => by_looking,
            Op::Diff => by_looking.max(smallest).min(all()).saturating_mul(6),
        }
    }

    /// Returns the result, in any order.
    pub(in crate::commands::sorted_sets) fn pairs(&self, hasher: Hasher) -> Vec<Pair> {
        match self.op {
            Op::Union => self.union(hasher),
            Op::Inter | Op::InterCard => {
                let mut buffer = itoa::Buffer::new();
                let common = self.intersection();
                common.map(|(member, score)| (score, member.bytes(&mut buffer).into())).collect()
            }
            Op::Diff => self.difference(hasher),
        }
    }

    /// Returns the result, in order.
    pub(in crate::commands::sorted_sets) fn sorted_pairs(&self, hasher: Hasher) -> Vec<Pair> {
        let mut pairs = self.pairs(hasher);
        pairs.sort_by(|one, other| compare((one.0, &one.1), (other.0, &other.1)));
        pairs
    }

    /// Returns how many members all sets have in common.
    pub(in crate::commands::sorted_sets) fn common(&self) -> usize {
        let limit = if self.limit == 0 { usize::MAX } else { self.limit };
        self.intersection().take(limit).count()
    }

    fn union(&self, hasher: Hasher) -> Vec<Pair> {
        let mut table: Table<Pair> = Table::new();
        let mut buffer = itoa::Buffer::new();
        for input in &self.inputs {
            for (member, score) in input.set.into_iter().flat_map(Source::iter) {
                let score = number_or_zero(input.weight * score);
                let member = member.bytes(&mut buffer);
                let hash = hasher.hash(member);
                let is = |(_, other): &Pair| **other == *member;
                let (pair, is_new) = table.find_or_insert(hash, is, || (score, member.into()));
                if !is_new {
                    pair.0 = self.aggregate.apply(pair.0, score);
                }
            }
        }
        table.into_entries().collect()
    }

    fn intersection(&self) -> impl Iterator<Item = (Element<'a>, f64)> {
        let (first, others) = match self.inputs.split_first() {
            Some((first, others)) => (Some(first), others),
            None => (None, &[][..]),
        };
        let weight = first.map_or(1.0, |first| first.weight);
        let members = first.and_then(|first| first.set).into_iter().flat_map(Source::iter);
        let mut buffer = itoa::Buffer::new();
        members.filter_map(move |(member, score)| {
            let mut sum = number_or_zero(weight * score);
            let bytes = member.bytes(&mut buffer);
            for other in others {
                sum = self.aggregate.apply(sum, other.set?.score(bytes)? * other.weight);
            }
            Some((member, sum))
        })
    }

    /// Returns the difference by the quicker of two ways, as Redis does: look each member up in all
    /// other sets, or remove the members of all others.
    fn difference(&self, hasher: Hasher) -> Vec<Pair> {
        let Some((first, others)) = self.inputs.split_first() else { return Vec::new() };
        let Some(set) = first.set else { return Vec::new() };
        let others = || others.iter().filter_map(|other| other.set);
        let by_looking = set.len().saturating_mul(self.inputs.len());
        let by_taking_out: usize = self.inputs.iter().map(Input::len).sum();
        let mut buffer = itoa::Buffer::new();
        if by_looking / 2 <= by_taking_out {
            let pairs = set.iter().filter_map(|(member, score)| {
                let member = member.bytes(&mut buffer);
                let elsewhere = others().any(|other| other.score(member).is_some());
                (!elsewhere).then(|| (score, member.into()))
            });
            return pairs.collect();
        }
        let mut table: Table<Pair> = Table::new();
        for (member, score) in set.iter() {
            let member = member.bytes(&mut buffer);
            table.insert(hasher.hash(member), (score, member.into()));
        }
        for other in others() {
            for (member, _) in other.iter() {
                let member = member.bytes(&mut buffer);
                table.remove(hasher.hash(member), |(_, it)| **it == *member);
            }
        }
        table.into_entries().collect()
    }
}
