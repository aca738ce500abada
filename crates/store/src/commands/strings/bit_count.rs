//! Counting and finding bits.

use std::ops::RangeInclusive;

use crate::call::words::{int, is};
use crate::call::{CommandError, Reply, STEP_BYTES};
use crate::commands::strings::ranges::{clamped, part};
use crate::dialect::{Dialect, Vendor};
use crate::execution::{Args, Done, ReadCx, Row};
use crate::values::strings::Str;

pub(super) const COMMANDS: &[Row] = &[Row::read("bitcount", bitcount), Row::read("bitpos", bitpos)];

/// A range of a string, as a request names it.
#[derive(Clone, Copy, Debug)]
struct Range {
    start: i64,
    end: i64,
    /// Whether its ends are bits, and not bytes.
    in_bits: bool,
}

/// Some bytes of a string, of which the first and the last count in part.
#[derive(Clone, Copy, Debug)]
struct Bits<'a> {
    bytes: &'a [u8],
    /// The number of the first bit of `bytes`.
    from: u64,
    /// The bits of the first byte that do not count.
    before: u8,
    /// The bits of the last byte that do not count.
    after: u8,
}

impl Bits<'_> {
    /// About how many steps it takes to look at the bits.
    fn steps(self) -> usize {
        self.bytes.len() / STEP_BYTES
    }
}

impl Range {
    const ALL: Self = Self { start: 0, end: -1, in_bits: false };

    /// Reads `start [end [BYTE | BIT]]`, as far as the words are there. With `unit_first`, the unit
    /// is read before the end.
    fn parse(words: &[&[u8]], dialect: Dialect, unit_first: bool) -> Result<Self, CommandError> {
        if words.len() > if dialect.since_redis((7, 0)) { 3 } else { 2 } {
            return Err(CommandError::SYNTAX);
        }
        let number = |at: usize, missing| words.get(at).map_or(Ok(missing), |word| int(word));
        let start = number(0, 0)?;
        let in_bits = match words.get(2) {
            None => Ok(false),
            Some(unit) if is(unit, "bit") => Ok(true),
            Some(unit) if is(unit, "byte") => Ok(false),
            Some(_) => Err(CommandError::SYNTAX),
        };
        if unit_first && let Err(error) = in_bits {
            return Err(error);
        }
        let end = number(1, -1)?;
        Ok(Self { start, end, in_bits: in_bits? })
    }

    /// The length of `text` in the unit of the ends.
    fn len_of(self, text: &[u8]) -> u64 {
        text.len() as u64 * self.unit()
    }

    fn unit(self) -> u64 {
        if self.in_bits { 8 } else { 1 }
    }

    /// Returns the bits of `part` of `text`.
    fn bits(self, text: &[u8], part: RangeInclusive<u64>) -> Option<Bits<'_>> {
        let (first, last) = (part.start() / self.unit(), part.end() / self.unit());
        let index = |at: u64| usize::try_from(at).ok();
        let bytes = text.get(index(first)?..=index(last)?)?;
        let (mut before, mut after) = (0, 0);
        if self.in_bits {
            before = !(0xff_u8 >> (part.start() % 8));
            after = 0x7f_u8 >> (part.end() % 8);
        }
        Some(Bits { bytes, from: first * 8, before, after })
    }
}

impl Bits<'_> {
    /// Returns how many bits are set.
    fn count(self) -> u64 {
        let mut chunks = self.bytes.chunks_exact(8);
        let words =
            chunks.by_ref().filter_map(|chunk| chunk.try_into().ok().map(u64::from_ne_bytes));
        let whole: u64 = words.map(|word| u64::from(word.count_ones())).sum();
        let rest: u32 = chunks.remainder().iter().map(|byte| byte.count_ones()).sum();
        let out = |byte: Option<&u8>, mask: u8| byte.map_or(0, |byte| (byte & mask).count_ones());
        let outside = out(self.bytes.first(), self.before) + out(self.bytes.last(), self.after);
        whole + u64::from(rest) - u64::from(outside)
    }

    /// Returns the number of the first bit that is `bit`.
    fn find(self, bit: bool) -> Option<u64> {
        // Bits that do not count become bits that are not looked for.
        let flip = if bit { 0 } else { 0xff };
        let last = self.bytes.len().checked_sub(1)?;
        let masked = |at: usize, byte: u8| {
            let before = if at == 0 { self.before } else { 0 };
            let after = if at == last { self.after } else { 0 };
            (byte ^ flip) & !(before | after)
        };
        let first = masked(0, *self.bytes.first()?);
        let found =
            |at: usize, byte: u8| self.from + at as u64 * 8 + u64::from(byte.leading_zeros());
        if first != 0 {
            return Some(found(0, first));
        }
        let rest = self.bytes.get(1..)?;
        let at = rest.iter().position(|&byte| byte != flip)? + 1;
        // All bytes between are whole; only the last may be masked.
        let byte = masked(at, *self.bytes.get(at)?);
        (byte != 0).then(|| found(at, byte))
    }
}

/// `BITCOUNT key [start [end [BYTE | BIT]]]`
fn bitcount(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let dialect = cx.dialect();
    // Before Redis 7.2 servers look at nothing else without the key.
    let key_first = !dialect.since_redis((7, 2));
    if key_first && cx.read::<Str>(args[1])?.is_none() {
        reply.int(0);
        return Ok(());
    }
    // Redis wants both ends.
    let is_redis = dialect.vendor() == Vendor::Redis;
    if args.len() == 3 && is_redis {
        return Err(CommandError::SYNTAX);
    }
    if dialect.counts_before_units() && is_backwards(&args[2..])? {
        reply.int(0);
        return Ok(());
    }
    let range = Range::parse(&args[2..], dialect, !is_redis)?;
    let bytes = cx.read::<Str>(args[1])?.map_or(&[][..], |text| text.bytes);
    let part = part(range.start, range.end, range.len_of(bytes));
    let bits = part.and_then(|part| range.bits(bytes, part));
    cx.spend(bits.map_or(0, Bits::steps))?;
    let count = bits.map_or(0, Bits::count);
    reply.int(i64::try_from(count).unwrap_or(i64::MAX));
    Ok(())
}

/// Whether `start end [unit]` runs backwards from the end, so that it is empty.
fn is_backwards(words: &[&[u8]]) -> Result<bool, CommandError> {
    let ([start, end] | [start, end, _]) = words else { return Ok(false) };
    let (start, end) = (int(start)?, int(end)?);
    Ok(end < start && start < 0)
}

/// `BITPOS key bit [start [end [BYTE | BIT]]]`
fn bitpos(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let bit = match int(args[2])? {
        0 => false,
        1 => true,
        _ => return Err(CommandError::new("ERR The bit argument must be 1 or 0.")),
    };
    let dialect = cx.dialect();
    // Before Redis 7.2 servers look at the key first, and at nothing else without it.
    let key_first = !dialect.since_redis((7, 2));
    let first = if key_first { Some(cx.read::<Str>(args[1])?) } else { None };
    let range = match first {
        Some(None) => Range::ALL,
        _ => Range::parse(&args[3..], dialect, true)?,
    };
    let found = first.map_or_else(|| cx.read::<Str>(args[1]), Ok)?;
    let Some(text) = found else {
        reply.int(if bit { -1 } else { 0 });
        return Ok(());
    };
    let part = clamped(range.start, range.end, range.len_of(text.bytes));
    let Some(bits) = part.and_then(|part| range.bits(text.bytes, part)) else {
        reply.int(-1);
        return Ok(());
    };
    cx.spend(bits.steps())?;
    let at = match bits.find(bit) {
        Some(at) => i64::try_from(at).unwrap_or(i64::MAX),
        // A string without an end goes on with zeros.
        None if !bit && args.len() < 5 => {
            i64::try_from(bits.from + bits.bytes.len() as u64 * 8).unwrap_or(i64::MAX)
        }
        None => -1,
    };
    reply.int(at);
    Ok(())
}
