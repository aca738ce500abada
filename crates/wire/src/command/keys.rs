//! Where the keys of a request are, as argument indices; the command's name is argument 0.
//!
//! Never panics and never reads beyond `argc`, whatever the arguments are. A request whose key
//! arguments make no sense has no keys here, because the server's answer to it is an error.

use std::iter::FusedIterator;

/// Where the keys of a command are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Keys {
    /// The command has no keys.
    None,
    /// At fixed places, as `COMMAND` gives them.
    Range {
        /// The index of the first key.
        first: u8,
        /// The index of the last key; from the end if negative (-1 is the last argument).
        last: i8,
        /// The distance from key to key.
        step: u8,
    },
    /// The keys follow an argument that gives their number.
    Counted {
        /// The index of the number; the first key follows it.
        count_at: u8,
        /// The distance from key to key.
        step: u8,
        /// Whether argument 1 is a key too: the destination.
        store: bool,
    },
    /// XREAD, XREADGROUP: the first half of what follows STREAMS.
    Streams,
    /// SORT: argument 1, and what follows STORE. BY and GET name patterns, not keys.
    Sort,
    /// GEORADIUS, GEORADIUSBYMEMBER: argument 1, and what follows STORE or STOREDIST.
    Radius,
    /// MIGRATE: argument 3, or if that is empty and KEYS is there, what follows KEYS.
    Migrate,
    /// STRALGO LCS (Redis 6): the two that follow KEYS.
    Lcs,
}

impl Keys {
    /// Returns the argument indices of the keys. `argc` counts the name; `arg` is asked only for
    /// indices below `argc`.
    pub fn positions<'a>(&self, argc: usize, arg: impl Fn(usize) -> &'a [u8]) -> Positions {
        match *self {
            Self::None => Positions::default(),
            Self::Range { first, last, step } => range(argc, first, last, step),
            Self::Counted { count_at, step, store } => {
                let head = (store && argc > 1).then_some(1);
                Positions { head, ..counted(argc, &arg, count_at.into(), step.into()) }
            }
            Self::Streams => streams(argc, &arg),
            Self::Sort => {
                let operands = &[("LIMIT", 2), ("GET", 1), ("BY", 1), ("STORE", 1)];
                stored(argc, 2, words(argc, &arg, 2, operands), &["STORE"])
            }
            Self::Radius => {
                let operands = &[("STORE", 1), ("STOREDIST", 1)];
                stored(argc, 5, words(argc, &arg, 5, operands), &["STORE", "STOREDIST"])
            }
            Self::Migrate => migrate(argc, &arg),
            Self::Lcs => match find(words(argc, &arg, 2, &[]), "KEYS") {
                Some(at) if at + 2 < argc => Positions::run(at + 1, at + 3, 1),
                _ => Positions::default(),
            },
        }
    }
}

/// The argument indices of a request's keys: at most one in front, then an even progression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Positions {
    head: Option<usize>,
    next: usize,
    end: usize,
    step: usize,
}

impl Positions {
    /// Returns `next` and every `step`-th index after it below `end`.
    const fn run(next: usize, end: usize, step: usize) -> Self {
        Self { head: None, next, end, step }
    }
}

impl Iterator for Positions {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if let Some(head) = self.head.take() {
            return Some(head);
        }
        if self.next >= self.end {
            return None;
        }
        let at = self.next;
        self.next = at.saturating_add(self.step.max(1));
        Some(at)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let run = self.end.saturating_sub(self.next).div_ceil(self.step.max(1));
        let len = run + usize::from(self.head.is_some());
        (len, Some(len))
    }
}

impl ExactSizeIterator for Positions {}
impl FusedIterator for Positions {}

fn range(argc: usize, first: u8, last: i8, step: u8) -> Positions {
    let end = match usize::try_from(last) {
        Ok(last) => (last + 1).min(argc),
        Err(_) => (argc + 1).saturating_sub(last.unsigned_abs().into()),
    };
    if first == 0 { Positions::default() } else { Positions::run(first.into(), end, step.into()) }
}

fn counted<'a, F>(argc: usize, arg: &F, count_at: usize, step: usize) -> Positions
where
    F: Fn(usize) -> &'a [u8],
{
    let first = count_at + 1;
    let room = argc.saturating_sub(first).div_ceil(step.max(1));
    match (count_at < argc).then(|| number(arg(count_at))).flatten() {
        Some(count) if count <= room => {
            Positions::run(first, first.saturating_add(count.saturating_mul(step)).min(argc), step)
        }
        _ => Positions::default(),
    }
}

fn streams<'a, F>(argc: usize, arg: &F) -> Positions
where
    F: Fn(usize) -> &'a [u8],
{
    let operands = &[("BLOCK", 1), ("COUNT", 1), ("GROUP", 2)];
    find(words(argc, arg, 1, operands), "STREAMS").map_or_else(Positions::default, |at| {
        let first = at + 1;
        Positions::run(first, first + argc.saturating_sub(first) / 2, 1)
    })
}

/// Returns argument 1, and the operand of the last of `names` among the options: the server takes
/// the last one.
fn stored<'a>(
    argc: usize,
    from: usize,
    options: impl Iterator<Item = (usize, &'a [u8])>,
    names: &[&str],
) -> Positions {
    let store = options
        .filter(|(at, word)| at + 1 < argc && names.iter().any(|name| same(word, name)))
        .last()
        .map_or(from, |(at, _)| at + 1);
    let end = if store > from { store + 1 } else { store };
    Positions { head: (argc > 1).then_some(1), next: store, end, step: 1 }
}

fn migrate<'a, F>(argc: usize, arg: &F) -> Positions
where
    F: Fn(usize) -> &'a [u8],
{
    if argc > 3 && !arg(3).is_empty() {
        return Positions::run(3, 4, 1);
    }
    match find(words(argc, arg, 6, &[("AUTH", 1), ("AUTH2", 2)]), "KEYS") {
        Some(at) if at + 1 < argc => Positions::run(at + 1, argc, 1),
        // The empty word is a key.
        _ => Positions::run(3, argc.min(4), 1),
    }
}

/// Returns the options of a request from index `from` on, with their indices. The `operands` of an
/// option are stepped over, so that no operand is mistaken for an option.
pub(super) fn words<'a, F>(
    argc: usize,
    arg: &F,
    from: usize,
    operands: &[(&str, usize)],
) -> impl Iterator<Item = (usize, &'a [u8])>
where
    F: Fn(usize) -> &'a [u8],
{
    let mut next = from;
    std::iter::from_fn(move || {
        let at = next;
        let word = (at < argc).then(|| arg(at))?;
        let taken = operands.iter().find(|(name, _)| same(word, name)).map_or(0, |(_, n)| *n);
        next = at + 1 + taken;
        Some((at, word))
    })
}

fn find<'a>(mut options: impl Iterator<Item = (usize, &'a [u8])>, name: &str) -> Option<usize> {
    options.find(|(_, word)| same(word, name)).map(|(at, _)| at)
}

fn same(word: &[u8], name: &str) -> bool {
    word.eq_ignore_ascii_case(name.as_bytes())
}

/// Parses a count as servers accept it: digits only, no sign, no leading zero.
fn number(digits: &[u8]) -> Option<usize> {
    let plain = matches!(digits, [b'0'] | [b'1'..=b'9', ..]) && digits.len() <= 9;
    plain.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()
}
