//! `LCS`, in Redis 6.2 `STRALGO LCS`: the longest common subsequence of two strings.

use std::ops::Range;

use crate::call::words::{int, is};
use crate::call::{CommandError, Reply};
use crate::commands::strings::ranges::MAX_LEN;
use crate::execution::{Args, Done, ReadCx, Row};
use crate::values::strings::Str;

pub(super) const COMMANDS: &[Row] = &[Row::read("lcs", lcs), Row::read("stralgo", stralgo)];

const NOT_STRINGS: CommandError =
    CommandError::new("ERR The specified keys must contain string values");
const BOTH: CommandError =
    CommandError::new("ERR If you want both the length and indexes, please just use IDX.");
const TOO_LARGE: CommandError = CommandError::new(
    "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
);

/// The options of a request.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    len: bool,
    indexes: bool,
    with_match_len: bool,
    /// The shortest match in the reply.
    min_match_len: usize,
}

impl Options {
    /// Reads the option at the beginning of `words`. Returns how many words it has; `None` for any
    /// other word.
    fn take(&mut self, words: &[&[u8]]) -> Result<Option<usize>, CommandError> {
        match words {
            [word, ..] if is(word, "idx") => self.indexes = true,
            [word, ..] if is(word, "len") => self.len = true,
            [word, ..] if is(word, "withmatchlen") => self.with_match_len = true,
            [word, number, ..] if is(word, "minmatchlen") => {
                self.min_match_len = usize::try_from(int(number)?).unwrap_or(0);
                return Ok(Some(2));
            }
            _ => return Ok(None),
        }
        Ok(Some(1))
    }
}

/// A run of equal bytes in both strings.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Match {
    a: Range<usize>,
    b: Range<usize>,
}

/// The lengths of the longest common subsequences of all beginnings of two strings.
#[derive(Debug)]
struct Lengths<'a> {
    a: &'a [u8],
    b: &'a [u8],
    /// `a.len() + 1` rows of `b.len() + 1`.
    cells: Vec<u32>,
}

impl<'a> Lengths<'a> {
    fn new(a: &'a [u8], b: &'a [u8]) -> Result<Self, CommandError> {
        let width = b.len() + 1;
        let cells = width.checked_mul(a.len() + 1).ok_or(TOO_LARGE)?;
        if cells as u64 > MAX_LEN / size_of::<u32>() as u64 {
            return Err(TOO_LARGE);
        }
        let mut cells = vec![0_u32; cells];
        let mut above = &mut cells[..];
        for &mine in a {
            let (row, below) = above.split_at_mut(width);
            let mut corner = 0;
            let mut left = 0;
            let next = below.iter_mut().skip(1);
            for ((cell, &up), &theirs) in next.zip(row.iter().skip(1)).zip(b) {
                *cell = if mine == theirs { corner + 1 } else { up.max(left) };
                (corner, left) = (up, *cell);
            }
            above = below;
        }
        Ok(Self { a, b, cells })
    }

    fn get(&self, a: usize, b: usize) -> u32 {
        self.cells.get(a * (self.b.len() + 1) + b).copied().unwrap_or(0)
    }

    fn len(&self) -> u32 {
        self.get(self.a.len(), self.b.len())
    }

    /// Returns the matches of the subsequence that Redis chooses, the last first.
    fn matches(&self) -> Vec<Match> {
        let mut matches: Vec<Match> = Vec::new();
        let (mut at_a, mut at_b) = (self.a.len(), self.b.len());
        while at_a > 0 && at_b > 0 {
            if self.a.get(at_a - 1) == self.b.get(at_b - 1) {
                match matches.last_mut() {
                    Some(last) if last.a.start == at_a && last.b.start == at_b => {
                        last.a.start -= 1;
                        last.b.start -= 1;
                    }
                    _ => matches.push(Match { a: at_a - 1..at_a, b: at_b - 1..at_b }),
                }
                at_a -= 1;
                at_b -= 1;
            } else if self.get(at_a - 1, at_b) > self.get(at_a, at_b - 1) {
                at_a -= 1;
            } else {
                at_b -= 1;
            }
        }
        matches
    }
}

fn answer(a: &[u8], b: &[u8], options: Options, reply: &mut Reply<'_>) -> Done {
    let lengths = Lengths::new(a, b)?;
    let len = lengths.len();
    if options.indexes {
        let mut matches = lengths.matches();
        matches.retain(|found| found.a.len() >= options.min_match_len);
        reply.map(2);
        reply.bulk(b"matches");
        reply.array(matches.len());
        for found in matches {
            reply.array(2 + usize::from(options.with_match_len));
            for range in [&found.a, &found.b] {
                reply.array(2);
                reply.count(range.start);
                reply.count(range.end - 1);
            }
            if options.with_match_len {
                reply.count(found.a.len());
            }
        }
        reply.bulk(b"len");
        reply.int(len.into());
    } else if options.len {
        reply.int(len.into());
    } else {
        let parts = lengths.matches().into_iter().rev().filter_map(|found| a.get(found.a));
        reply.bulk(&parts.collect::<Vec<_>>().concat());
    }
    Ok(())
}

/// Returns the string of a key, or an empty one.
fn string<'a>(cx: &ReadCx<'a>, key: &[u8]) -> Result<&'a [u8], CommandError> {
    let text = cx.read::<Str>(key).map_err(|_| NOT_STRINGS)?;
    Ok(text.map_or(&[], |text| text.bytes))
}

/// `LCS key key [LEN] [IDX] [MINMATCHLEN n] [WITHMATCHLEN]`
fn lcs(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (a, b) = (string(cx, args[1]), string(cx, args[2]));
    let (a, b) = (a?, b?);
    let mut options = Options::default();
    let mut rest = &args[3..];
    while !rest.is_empty() {
        let taken = options.take(rest)?.ok_or(CommandError::SYNTAX)?;
        rest = rest.get(taken..).unwrap_or_default();
    }
    if options.indexes && options.len {
        return Err(BOTH);
    }
    cx.spend(steps(a, b))?;
    answer(a, b, options, reply)
}

/// About how many steps it takes: one cell for each pair of bytes.
fn steps(a: &[u8], b: &[u8]) -> usize {
    const CELLS: usize = 32;
    a.len().saturating_mul(b.len()) / CELLS
}

/// `STRALGO LCS KEYS key key | STRINGS a b [LEN] [IDX] [MINMATCHLEN n] [WITHMATCHLEN]`
fn stralgo(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    if !is(args[1], "lcs") {
        return Err(CommandError::SYNTAX);
    }
    let mut options = Options::default();
    let mut strings: Option<(&[u8], &[u8])> = None;
    let mut rest = &args[2..];
    while !rest.is_empty() {
        if let Some(taken) = options.take(rest)? {
            rest = rest.get(taken..).unwrap_or_default();
            continue;
        }
        let [word, a, b, others @ ..] = rest else { return Err(CommandError::SYNTAX) };
        let are_keys = is(word, "keys");
        if !are_keys && !is(word, "strings") {
            return Err(CommandError::SYNTAX);
        }
        if strings.is_some() {
            return Err(CommandError::new("ERR Either use STRINGS or KEYS"));
        }
        strings = Some(if are_keys { (string(cx, a)?, string(cx, b)?) } else { (*a, *b) });
        rest = others;
    }
    let Some((a, b)) = strings else {
        return Err(CommandError::new(
            "ERR Please specify two strings: STRINGS or KEYS options are mandatory",
        ));
    };
    if options.indexes && options.len {
        return Err(BOTH);
    }
    cx.spend(steps(a, b))?;
    answer(a, b, options, reply)
}
