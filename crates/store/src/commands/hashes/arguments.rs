//! The arguments that commands about fields with expiries share: `FIELDS n ...`, and times.
//!
//! Redis and Valkey have the same commands, but refuse wrong arguments in different ways.

use crate::arguments::expiry::{self, Unit};
use crate::call::{CommandError, quoted, words};
use crate::dialect::Dialect;

/// The latest time at which a field of Redis may expire (`HFE_MAX_ABS_TIME_MSEC`).
const REDIS_LATEST: i64 = (1 << 46) - 1;
const NO_FIELDS: CommandError =
    CommandError::new("ERR Mandatory argument FIELDS is missing or not at the right position");
const MISMATCH: CommandError =
    CommandError::new("ERR The `numfields` parameter must match the number of arguments");
const VALKEY_MISMATCH: CommandError = CommandError::new(
    "ERR numfields should be greater than 0 and match the provided number of fields",
);
/// Redis's error for an invalid number of fields, except that of `HEXPIRE`.
pub(in crate::commands::hashes) const NOT_POSITIVE: CommandError =
    CommandError::new("ERR Number of fields must be a positive integer");
const NEGATIVE_TIME: CommandError = CommandError::new("ERR invalid expire time, must be >= 0");

/// Reads a time in a command of this name. Returns it in Unix milliseconds.
pub(in crate::commands::hashes) fn time(
    word: &[u8],
    unit: Unit,
    now: i64,
    dialect: Dialect,
    command: &[u8],
) -> Result<i64, CommandError> {
    let given = words::int(word)?;
    let redis = dialect.packs_field_ttls();
    let latest = if redis { REDIS_LATEST } else { i64::MAX };
    let invalid = || {
        let command = quoted(command).to_ascii_lowercase();
        expiry::invalid(&command, dialect)
    };
    if given < 0 {
        return Err(if redis { NEGATIVE_TIME } else { invalid() });
    }
    let at = unit.at(given, now);
    at.filter(|at| *at <= latest).ok_or_else(invalid)
}

/// Reads the arguments as Redis does: `FIELDS` at `at`, a number, and as many fields to the end.
/// `no_number` is the error for an invalid number.
pub(in crate::commands::hashes) fn redis_fields<'w, 'a>(
    args: &'w [&'a [u8]],
    at: usize,
    no_number: CommandError,
) -> Result<&'w [&'a [u8]], CommandError> {
    let word = args.get(at).ok_or(NO_FIELDS)?;
    if !words::is(word, "FIELDS") {
        return Err(NO_FIELDS);
    }
    let number = args.get(at + 1).copied().unwrap_or_default();
    let count = words::positive_or(number, no_number)?;
    let fields = args.get(at + 2..).unwrap_or_default();
    if count == fields.len() { Ok(fields) } else { Err(MISMATCH) }
}

/// Reads the arguments as Valkey does: `FIELDS` at 2, a number, and as many fields to the end.
pub(in crate::commands::hashes) fn valkey_fields<'w, 'a>(
    args: &'w [&'a [u8]],
) -> Result<&'w [&'a [u8]], CommandError> {
    if !args.get(2).is_some_and(|word| words::is(word, "FIELDS")) {
        return Err(CommandError::SYNTAX);
    }
    valkey_counted(args, 3, 1)
}

/// Reads the arguments as Valkey does: options from `from` on, and the fields behind the first
/// `FIELDS`. A field takes `each` words.
pub(in crate::commands::hashes) fn valkey_options<'w, 'a>(
    args: &'w [&'a [u8]],
    from: usize,
) -> Result<(&'w [&'a [u8]], usize), CommandError> {
    // Valkey does not look at the last word.
    let looked_at = args.get(from..args.len().saturating_sub(1)).unwrap_or_default();
    let found = looked_at.iter().position(|word| words::is(word, "FIELDS"));
    let found = found.ok_or(VALKEY_MISMATCH)?;
    Ok((looked_at.get(..found).unwrap_or_default(), from + found + 1))
}

/// Reads the arguments as Valkey does: a number at `at`, and as many fields behind it, of `each`
/// words.
pub(in crate::commands::hashes) fn valkey_counted<'w, 'a>(
    args: &'w [&'a [u8]],
    at: usize,
    each: usize,
) -> Result<&'w [&'a [u8]], CommandError> {
    let count = words::int(args.get(at).copied().unwrap_or_default())?;
    let fields = args.get(at + 1..).unwrap_or_default();
    let wanted = usize::try_from(count).ok().and_then(|count| count.checked_mul(each));
    if count > 0 && wanted == Some(fields.len()) { Ok(fields) } else { Err(VALKEY_MISMATCH) }
}
