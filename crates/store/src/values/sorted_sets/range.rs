//! Ranges of scores and of members, as requests write them.

use std::ops::Range;

use super::packed;
use super::value::{FormRef, SortedSetRef};
use crate::call::CommandError;
use crate::dialect::Dialect;
use crate::number;

/// An end of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
struct End<T> {
    at: T,
    /// Whether the end itself is outside.
    excluded: bool,
}

/// A range of scores (`zrangespec`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScoreRange {
    min: End<f64>,
    max: End<f64>,
}

/// A member, or the place before or behind all members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lex<'a> {
    Lowest,
    Member(&'a [u8]),
    Highest,
}

/// A range of members (`zlexrangespec`), for sets whose scores are all the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LexRange<'a> {
    min: End<Lex<'a>>,
    max: End<Lex<'a>>,
}

impl ScoreRange {
    /// Reads a range such as `1 (5` or `-inf +inf`.
    pub(crate) fn parse(min: &[u8], max: &[u8], dialect: Dialect) -> Result<Self, CommandError> {
        const NOT_FLOAT: CommandError = CommandError::new("ERR min or max is not a float");
        let end = |text: &[u8]| {
            let (excluded, text) = match text.strip_prefix(b"(") {
                Some(text) => (true, text),
                None => (false, text),
            };
            let at = number::parse_bound(text, dialect).ok_or(NOT_FLOAT)?;
            Ok::<End<f64>, CommandError>(End { at, excluded })
        };
        Ok(Self { min: end(min)?, max: end(max)? })
    }

    /// Returns the range that has both its ends.
    pub(crate) fn closed(min: f64, max: f64) -> Self {
        let end = |at| End { at, excluded: false };
        Self { min: end(min), max: end(max) }
    }

    /// Returns the range from `min` on, up to but without `max`.
    pub(crate) fn half_open(min: f64, max: f64) -> Self {
        Self { max: End { at: max, excluded: true }, ..Self::closed(min, max) }
    }

    fn is_above(&self, score: f64) -> bool {
        score < self.min.at || self.min.excluded && score == self.min.at
    }

    fn is_up_to(&self, score: f64) -> bool {
        score < self.max.at || !self.max.excluded && score == self.max.at
    }
}

impl<'a> LexRange<'a> {
    /// Reads a range such as `[a (b` or `- +`.
    pub(crate) fn parse(min: &'a [u8], max: &'a [u8]) -> Result<Self, CommandError> {
        const NOT_VALID: CommandError =
            CommandError::new("ERR min or max not valid string range item");
        let end = |text: &'a [u8]| match text {
            b"-" => Ok(End { at: Lex::Lowest, excluded: false }),
            b"+" => Ok(End { at: Lex::Highest, excluded: false }),
            [b'(', member @ ..] => Ok(End { at: Lex::Member(member), excluded: true }),
            [b'[', member @ ..] => Ok(End { at: Lex::Member(member), excluded: false }),
            _ => Err(NOT_VALID),
        };
        Ok(Self { min: end(min)?, max: end(max)? })
    }

    fn is_above(&self, member: &[u8]) -> bool {
        let member = Lex::Member(member);
        member < self.min.at || self.min.excluded && member == self.min.at
    }

    fn is_up_to(&self, member: &[u8]) -> bool {
        let member = Lex::Member(member);
        member < self.max.at || !self.max.excluded && member == self.max.at
    }

    fn is_empty(&self) -> bool {
        let either = self.min.excluded || self.max.excluded;
        self.min.at > self.max.at || self.min.at == self.max.at && either
    }
}

/// The end of a set at which a walk begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    Lowest,
    Highest,
}

impl SortedSetRef<'_> {
    /// Returns the ranks of the members whose scores are in the range.
    pub(crate) fn score_span(self, range: &ScoreRange) -> Range<usize> {
        let rank = |are_before: &dyn Fn(f64) -> bool| match self.form {
            FormRef::Packed(pack) => {
                packed::pairs(pack).take_while(|&(_, score)| are_before(score)).count()
            }
            FormRef::Ranked(ranked) => ranked.rank(|score, _| are_before(score)),
        };
        let start = rank(&|score| range.is_above(score));
        let end = rank(&|score| range.is_up_to(score));
        start..end.max(start)
    }

    /// Returns the ranks of the members that are in the range. If scores differ, a server's answer
    /// depends on where it begins to look; for a packed set this answer is the same.
    pub(crate) fn lex_span(self, range: &LexRange<'_>, from: From) -> Range<usize> {
        if range.is_empty() {
            return 0..0;
        }
        match self.form {
            FormRef::Packed(_) => self.packed_lex_span(range, from),
            FormRef::Ranked(ranked) => {
                let start = ranked.rank(|_, member| range.is_above(member));
                let end = ranked.rank(|_, member| range.is_up_to(member));
                start..end.max(start)
            }
        }
    }

    fn packed_lex_span(self, range: &LexRange<'_>, from: From) -> Range<usize> {
        let mut buffer = itoa::Buffer::new();
        let mut is_above = |(member, _): (tidegate_rdb::Element<'_>, f64)| {
            range.is_above(member.bytes(&mut buffer))
        };
        let mut buffer = itoa::Buffer::new();
        let mut is_up_to = |(member, _): (tidegate_rdb::Element<'_>, f64)| {
            range.is_up_to(member.bytes(&mut buffer))
        };
        let all = || self.iter();
        // Whether any member is in the range (`zzlIsInLexRange`).
        if all().next_back().is_none_or(&mut is_above) || !all().next().is_some_and(&mut is_up_to) {
            return 0..0;
        }
        match from {
            From::Lowest => {
                let start = all().take_while(|&pair| is_above(pair)).count();
                let inside = all().skip(start).take_while(|&pair| is_up_to(pair)).count();
                start..start + inside
            }
            From::Highest => {
                let behind = all().rev().take_while(|&pair| !is_up_to(pair)).count();
                let end = self.len() - behind;
                let inside = all().rev().skip(behind).take_while(|&pair| !is_above(pair)).count();
                end - inside..end
            }
        }
    }
}
