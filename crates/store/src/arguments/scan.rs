//! The common part of the commands of the `SCAN` family: their arguments, and the start of a reply.

use crate::c_text::{c_str, skip_blanks};
use crate::call::{CommandError, Reply, quoted, words};
use crate::dialect::{Dialect, Vendor};
use crate::execution::Args;
use crate::keyspace::Slot;
use tidegate_rdb::Element;
use tidegate_wire::glob;
use tidegate_wire::resp::integer;

/// How many elements are looked at by default.
const DEFAULT_COUNT: usize = 10;
/// The names of the types that `SCAN` distinguishes, without those of modules.
const TYPES: [&str; 6] = ["string", "list", "set", "zset", "hash", "stream"];

const NO_HASH: CommandError = CommandError::new("ERR NOVALUES option can only be used in HSCAN");
const NO_SORTED_SET: CommandError =
    CommandError::new("ERR NOSCORES option can only be used in ZSCAN");

/// What a command scans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scanned {
    Keys,
    Hash,
    Set,
    SortedSet,
}

/// The options of a scan.
#[derive(Debug)]
pub(crate) struct Options<'a> {
    /// At least how many elements are looked at; not zero.
    pub(crate) count: usize,
    /// Whether only fields without values, or members without scores, are wanted.
    pub(crate) bare: bool,
    pattern: Option<&'a [u8]>,
    kind: Option<&'a [u8]>,
}

impl<'a> Options<'a> {
    /// Reads the words behind the cursor (`scanGenericCommand`).
    pub(crate) fn of(
        words: Args<'a>,
        scanned: Scanned,
        dialect: Dialect,
    ) -> Result<Self, CommandError> {
        let mut options = Self { count: DEFAULT_COUNT, bare: false, pattern: None, kind: None };
        let mut rest = words;
        while let Some((word, after)) = rest.split_first() {
            rest = match after {
                [count, after @ ..] if words::is(word, "COUNT") => {
                    let count = words::int(count)?;
                    if count < 1 {
                        return Err(CommandError::SYNTAX);
                    }
                    options.count = usize::try_from(count).unwrap_or(usize::MAX);
                    after
                }
                [pattern, after @ ..] if words::is(word, "MATCH") => {
                    // Everything matches `*`, so no pattern is needed.
                    options.pattern = Some(*pattern).filter(|pattern| *pattern != b"*");
                    after
                }
                [kind, after @ ..] if scanned == Scanned::Keys && words::is(word, "TYPE") => {
                    options.kind = Some(known_type(kind, dialect)?);
                    after
                }
                _ => {
                    bare(word, scanned, dialect)?;
                    options.bare = true;
                    after
                }
            };
        }
        Ok(options)
    }

    /// About how many steps it takes to look at the wanted elements of `len`; at all of them if
    /// they do not come in parts.
    pub(crate) fn steps(&self, len: usize, in_parts: bool) -> usize {
        if in_parts { self.count.min(len).saturating_mul(2) } else { len }
    }

    fn wants(&self, name: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| glob::matches(pattern, name))
    }

    /// Whether an element of a packed value is wanted.
    pub(crate) fn wants_element(&self, element: Element<'_>) -> bool {
        self.pattern.is_none() || self.wants(element.bytes(&mut itoa::Buffer::new()))
    }

    /// Whether a key of this name and type is wanted.
    pub(crate) fn wants_key(&self, slot: &Slot) -> bool {
        self.wants(slot.key())
            && self.kind.is_none_or(|kind| words::is(kind, slot.value().type_name()))
    }
}

/// Returns the name of a type, unless the server would refuse it.
fn known_type(name: &[u8], dialect: Dialect) -> Result<&[u8], CommandError> {
    if dialect.checks_type_names() && !TYPES.iter().any(|known| words::is(name, known)) {
        return Err(CommandError::of(format!("ERR unknown type name '{}'", quoted(name))));
    }
    Ok(name)
}

/// Checks that `word` asks for names only, and that the command has this option.
fn bare(word: &[u8], scanned: Scanned, dialect: Dialect) -> Result<(), CommandError> {
    let (of, error) = if words::is(word, "NOVALUES") && dialect.has_novalues() {
        (Scanned::Hash, NO_HASH)
    } else if words::is(word, "NOSCORES") && dialect.has_noscores() {
        (Scanned::SortedSet, NO_SORTED_SET)
    } else {
        return Err(CommandError::SYNTAX);
    };
    if scanned == of { Ok(()) } else { Err(error) }
}

/// Reads a cursor (`parseScanCursorOrReply`) as C's `strtoul` does, up to a zero byte. Old servers
/// refuse blanks in front, newer ones negative and empty cursors (measured on 7.0, 8.2, Valkey
/// 9.1).
pub(crate) fn cursor(word: &[u8], dialect: Dialect) -> Result<u64, CommandError> {
    let strict = dialect.has_strict_cursors();
    // Valkey looks for the sign in the whole word.
    let whole = if dialect.vendor() == Vendor::Valkey { word } else { c_str(word) };
    let refused = strict && integer::parse(whole).is_some_and(|number| number < 0);
    let number = if refused { None } else { number(c_str(word), strict) };
    number.ok_or(CommandError::new("ERR invalid cursor"))
}

fn number(word: &[u8], strict: bool) -> Option<u64> {
    if word.is_empty() && !strict {
        return Some(0);
    }
    let text = if strict { skip_blanks(word) } else { word };
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(if negative { number.wrapping_neg() } else { number })
}

/// Writes the next cursor, and the head of an array of elements.
pub(crate) fn head(reply: &mut Reply<'_>, next: u64, len: usize) {
    reply.array(2);
    reply.bulk(itoa::Buffer::new().format(next).as_bytes());
    reply.array(len);
}
