//! `BITFIELD`: integers of any width at any bit of a string.

use crate::call::words::{int, is};
use crate::call::{CommandError, EventClass, Reply};
use crate::commands::strings::bits::offset;
use crate::commands::strings::overwrite::overwrite;
use crate::dialect::Dialect;
use crate::execution::{Args, Done, ReadCx, Row, WriteCx};
use crate::values::strings::Str;
use tidegate_wire::resp::integer;

pub(super) const COMMANDS: &[Row] =
    &[Row::write("bitfield", bitfield), Row::read("bitfield_ro", bitfield_ro)];

/// The type of a field.
#[derive(Clone, Copy, Debug)]
struct Width {
    signed: bool,
    /// The number of bits: 1 to 64, up to 63 if it is not signed.
    bits: u32,
}

/// What happens to a number that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Overflow {
    Wrap,
    Saturate,
    Fail,
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Get,
    Set(i64, Overflow),
    Add(i64, Overflow),
}

/// One operation of a request.
#[derive(Clone, Copy, Debug)]
struct Step {
    width: Width,
    /// The number of its first bit.
    at: u64,
    action: Action,
}

impl Width {
    fn parse(word: &[u8]) -> Result<Self, CommandError> {
        const BAD_TYPE: CommandError = CommandError::new(
            "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not \
             supported but i64 is.",
        );
        let (signed, digits) = match word {
            [b'i', digits @ ..] => (true, digits),
            [b'u', digits @ ..] => (false, digits),
            _ => return Err(BAD_TYPE),
        };
        let bits = integer::parse(digits).and_then(|bits| u32::try_from(bits).ok());
        match bits {
            Some(bits @ 1..=63) => Ok(Self { signed, bits }),
            Some(bits @ 64) if signed => Ok(Self { signed, bits }),
            _ => Err(BAD_TYPE),
        }
    }

    /// Returns the least and the greatest number that fits.
    fn limits(self) -> (i128, i128) {
        let all = 1_i128 << self.bits;
        if self.signed { (-all / 2, all / 2 - 1) } else { (0, all - 1) }
    }

    /// As [`Self::fit`], for a number of the request.
    fn fit_given(self, number: i64, overflow: Overflow) -> Option<i128> {
        // A negative number is a huge one.
        let given = if self.signed { number.into() } else { number.cast_unsigned().into() };
        let (least, greatest) = self.limits();
        // Redis computes the distance to the greatest number as an `i64`. If it overflows because
        // the number is so low, the result is the greatest number.
        let is_lost = given < least && greatest - given > i64::MAX.into();
        match overflow {
            Overflow::Saturate if is_lost => Some(greatest),
            _ => self.fit(given, overflow),
        }
    }

    /// Returns the number in the lowest bits of `raw`.
    fn number(self, raw: u64) -> i128 {
        let spare = 64 - self.bits;
        if self.signed {
            i128::from((raw << spare).cast_signed() >> spare)
        } else {
            i128::from((raw << spare) >> spare)
        }
    }

    /// Returns what `number` becomes in a field; `None` if nothing is written.
    fn fit(self, number: i128, overflow: Overflow) -> Option<i128> {
        let (least, greatest) = self.limits();
        if (least..=greatest).contains(&number) {
            return Some(number);
        }
        match overflow {
            Overflow::Fail => None,
            Overflow::Saturate => Some(number.clamp(least, greatest)),
            Overflow::Wrap => Some(self.number(low_bits(number))),
        }
    }
}

/// Returns the lowest 64 bits.
fn low_bits(number: i128) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = number.to_le_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

impl Step {
    /// Reads all operations of a request.
    fn parse_all(words: &[&[u8]], from_master: bool) -> Result<Vec<Self>, CommandError> {
        let mut steps = Vec::new();
        let mut overflow = Overflow::Wrap;
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let rest = words.as_slice();
            if is(word, "overflow") && !rest.is_empty() {
                overflow = overflow_named(words.next().copied().unwrap_or_default())?;
                continue;
            }
            let action = match rest.len() {
                2.. if is(word, "get") => Some(Action::Get),
                3.. if is(word, "set") => Some(Action::Set(0, overflow)),
                3.. if is(word, "incrby") => Some(Action::Add(0, overflow)),
                _ => None,
            };
            let mut action = action.ok_or(CommandError::SYNTAX)?;
            let mut next = || words.next().copied().unwrap_or_default();
            let width = Width::parse(next())?;
            let at = offset(next(), Some(width.bits), from_master)?;
            if let Action::Set(number, _) | Action::Add(number, _) = &mut action {
                *number = int(next())?;
            }
            steps.push(Self { width, at, action });
        }
        Ok(steps)
    }

    fn writes(self) -> bool {
        !matches!(self.action, Action::Get)
    }

    /// Returns how long the string has to be, in bytes.
    fn len(self) -> usize {
        usize::try_from((self.at + u64::from(self.width.bits)).div_ceil(8)).unwrap_or(usize::MAX)
    }

    /// Returns the number in the field; beyond the end of the string there are zeros.
    fn read(self, bytes: &[u8]) -> i128 {
        let first = usize::try_from(self.at / 8).unwrap_or(usize::MAX);
        let around = (0..9).map(|at| first.checked_add(at).and_then(|at| bytes.get(at)));
        let around = around.fold(0_u128, |all, byte| all << 8 | u128::from(*byte.unwrap_or(&0)));
        let raw = around >> (72 - self.at % 8 - u64::from(self.width.bits));
        self.width.number(low_bits(raw.cast_signed()))
    }

    fn write(self, bytes: &mut [u8], number: i128) {
        let shift = 72 - self.at % 8 - u64::from(self.width.bits);
        let mask = ((1_u128 << self.width.bits) - 1) << shift;
        let value = u128::from(low_bits(number)) << shift & mask;
        let first = usize::try_from(self.at / 8).unwrap_or(usize::MAX);
        let (mask, value) = (mask.to_be_bytes(), value.to_be_bytes());
        // Nine bytes of sixteen; those beyond the end of the field stay.
        for (byte, at) in bytes.iter_mut().skip(first).zip(7..16) {
            *byte = *byte & !mask[at] | value[at];
        }
    }

    /// Carries out the operation. Returns its reply, null if the number did not fit.
    fn run(self, bytes: &mut [u8], dialect: Dialect) -> Option<i128> {
        let old = self.read(bytes);
        let (new, said) = match self.action {
            Action::Get => return Some(old),
            Action::Set(number, overflow) => (self.width.fit_given(number, overflow)?, Some(old)),
            Action::Add(number, overflow) => {
                let sum = old + i128::from(number);
                // As its compiler built it, Redis 6.2 does not notice numbers below all integers.
                let is_missed = sum < i64::MIN.into() && self.width.bits == 64;
                let overflow = if is_missed && !dialect.since_redis((7, 0)) {
                    Overflow::Wrap
                } else {
                    overflow
                };
                (self.width.fit(sum, overflow)?, None)
            }
        };
        self.write(bytes, new);
        said.or(Some(new))
    }
}

fn overflow_named(word: &[u8]) -> Result<Overflow, CommandError> {
    Ok(match () {
        () if is(word, "wrap") => Overflow::Wrap,
        () if is(word, "sat") => Overflow::Saturate,
        () if is(word, "fail") => Overflow::Fail,
        () => return Err(CommandError::new("ERR Invalid OVERFLOW type specified")),
    })
}

fn reply_numbers(reply: &mut Reply<'_>, numbers: impl ExactSizeIterator<Item = Option<i128>>) {
    reply.array(numbers.len());
    for number in numbers {
        match number.and_then(|number| i64::try_from(number).ok()) {
            Some(number) => reply.int(number),
            None => reply.null(),
        }
    }
}

fn read_all(cx: &ReadCx<'_>, key: &[u8], steps: &[Step], reply: &mut Reply<'_>) -> Done {
    let bytes = cx.read::<Str>(key)?.map_or(&[][..], |text| text.bytes);
    reply_numbers(reply, steps.iter().map(|step| Some(step.read(bytes))));
    Ok(())
}

/// `BITFIELD key [GET type offset | [OVERFLOW WRAP | SAT | FAIL] SET type offset value |
/// INCRBY type offset increment ...]`
fn bitfield(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let steps = Step::parse_all(&args[2..], cx.from_master)?;
    let writers = || steps.iter().filter(|step| step.writes());
    let Some(len) = writers().map(|step| step.len()).max() else {
        return read_all(&cx.reader(), args[1], &steps, reply);
    };
    let dialect = cx.dialect();
    let mut changes = 0;
    overwrite(cx, args[1], len, |bytes, has_grown| {
        let outcomes = steps.iter().map(|step| {
            let before = step.read(bytes);
            let outcome = step.run(bytes, dialect);
            let changes_bits = has_grown || step.read(bytes) != before;
            changes += usize::from(step.writes() && outcome.is_some() && changes_bits);
            outcome
        });
        reply_numbers(reply, outcomes);
    })?;
    if !dialect.ignores_equal_bits() {
        changes = writers().count();
    }
    if changes > 0 {
        cx.signal(EventClass::String, "setbit", args[1]);
    }
    cx.dirty(changes);
    Ok(())
}

/// `BITFIELD_RO key [GET type offset ...]`
fn bitfield_ro(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let steps = Step::parse_all(&args[2..], false)?;
    if steps.iter().any(|step| step.writes()) {
        return Err(CommandError::new("ERR BITFIELD_RO only supports the GET subcommand"));
    }
    read_all(cx, args[1], &steps, reply)
}
