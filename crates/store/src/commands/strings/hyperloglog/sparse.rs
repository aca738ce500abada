//! Registers as runs: of zeros, or of a small value. Runs are split and joined exactly as Redis
//! does it, so that equal commands give equal bytes.

use super::layout::{Corrupt, HEADER, REGISTERS};

/// The greatest value that a run can have.
pub(super) const MAX_VALUE: u8 = 32;
/// The longest run of values.
const MAX_VALUES: usize = 4;
/// The longest run of zeros in one byte.
const MAX_SHORT_ZEROS: usize = 64;
/// How many runs are looked at to be joined.
const JOINED: usize = 5;

/// A run: some registers with the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// Zeros, in one byte.
    Zeros(usize),
    /// Zeros, in two bytes.
    ManyZeros(usize),
    Values {
        value: u8,
        len: usize,
    },
}

impl Run {
    /// Returns the run at the beginning of `bytes`.
    fn first(bytes: &[u8]) -> Option<Self> {
        let &head = bytes.first()?;
        let low = usize::from(head & 0x3f);
        Some(match head >> 6 {
            0 => Self::Zeros(low + 1),
            1 => Self::ManyZeros((low << 8 | usize::from(*bytes.get(1)?)) + 1),
            _ => Self::Values { value: (head >> 2 & 0x1f) + 1, len: usize::from(head & 3) + 1 },
        })
    }

    /// Returns zeros in the shortest form.
    fn zeros(len: usize) -> Self {
        if len > MAX_SHORT_ZEROS { Self::ManyZeros(len) } else { Self::Zeros(len) }
    }

    /// The number of registers of the run.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Zeros(len) | Self::ManyZeros(len) | Self::Values { len, .. } => len,
        }
    }

    pub(super) fn value(self) -> u8 {
        match self {
            Self::Zeros(_) | Self::ManyZeros(_) => 0,
            Self::Values { value, .. } => value,
        }
    }

    /// The number of bytes of the run.
    fn size(self) -> usize {
        if matches!(self, Self::ManyZeros(_)) { 2 } else { 1 }
    }

    fn push(self, out: &mut Vec<u8>) {
        let less_one = u16::try_from(self.len().saturating_sub(1)).unwrap_or(u16::MAX);
        let [low, high] = less_one.to_le_bytes();
        match self {
            Self::Zeros(_) => out.push(low),
            Self::ManyZeros(_) => out.extend_from_slice(&[0x40 | high, low]),
            Self::Values { value, .. } => {
                out.push(0x80 | (value.wrapping_sub(1) & 0x1f) << 2 | low & 3)
            }
        }
    }
}

/// Adds the runs of a value without elements: one run of zeros.
pub(super) fn push_empty(out: &mut Vec<u8>) {
    Run::ManyZeros(REGISTERS).push(out);
}

/// Returns the runs of a whole value, up to the first that is cut off.
pub(super) fn runs(value: &[u8]) -> impl Iterator<Item = Run> {
    let mut rest = value.get(HEADER..).unwrap_or_default();
    std::iter::from_fn(move || {
        let run = Run::first(rest)?;
        rest = rest.get(run.size()..).unwrap_or_default();
        Some(run)
    })
}

/// How a value is judged that goes on behind its last register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// The value is corrupt.
    Strict,
    /// The rest from a run of values on that reaches beyond the last register is ignored.
    Lenient,
}

/// Checks that the runs of a whole value are as many registers as there are, and nothing else.
pub(super) fn check(value: &[u8], rule: Rule) -> Result<(), Corrupt> {
    let (mut registers, mut size) = (0, HEADER);
    for run in runs(value) {
        let is_over = matches!(run, Run::Values { .. }) && registers + run.len() > REGISTERS;
        if is_over && rule == Rule::Lenient {
            size = value.len();
            break;
        }
        registers += run.len();
        size += run.size();
    }
    if registers == REGISTERS && size == value.len() { Ok(()) } else { Err(Corrupt) }
}

/// The result of raising a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raised {
    /// The register was as great already.
    No,
    Yes,
    /// Runs cannot express it any longer. Nothing was changed.
    Dense,
}

/// The place of a run.
struct Place {
    /// The first byte of the run, and that of the run before it, in the whole value.
    at: usize,
    previous: usize,
    /// The first register of the run.
    first: usize,
    run: Run,
}

impl Place {
    fn find(value: &[u8], register: usize) -> Option<Self> {
        let (mut at, mut previous, mut first) = (HEADER, HEADER, 0);
        loop {
            let run = Run::first(value.get(at..)?)?;
            if register < first + run.len() {
                return Some(Self { at, previous, first, run });
            }
            (previous, at) = (at, at + run.size());
            first += run.len();
        }
    }
}

/// Raises a register of a whole value to `count`, unless the value would become longer than `max`
/// bytes (`hllSparseSet`).
pub(super) fn raise(
    value: &mut Vec<u8>,
    register: usize,
    count: u8,
    max: usize,
) -> Result<Raised, Corrupt> {
    if count > MAX_VALUE {
        return Ok(Raised::Dense);
    }
    let Place { at, previous, first, run } = Place::find(value, register).ok_or(Corrupt)?;
    if run.value() >= count {
        return Ok(Raised::No);
    }
    let rest = |len: usize| match run {
        Run::Values { value, .. } => Run::Values { value, len },
        _ => Run::zeros(len),
    };
    let mut runs = Vec::with_capacity(5);
    let (before, after) = (register - first, first + run.len() - 1 - register);
    if before > 0 {
        rest(before).push(&mut runs);
    }
    Run::Values { value: count, len: 1 }.push(&mut runs);
    if after > 0 {
        rest(after).push(&mut runs);
    }
    if runs.len() > run.size() && value.len() + runs.len() - run.size() > max {
        return Ok(Raised::Dense);
    }
    value.splice(at..at + run.size(), runs);
    join(value, previous);
    Ok(Raised::Yes)
}

/// Joins runs of equal values, from the one at `at` on.
fn join(value: &mut Vec<u8>, mut at: usize) {
    for _ in 0..JOINED {
        let Some(run) = value.get(at..).and_then(Run::first) else { return };
        let next = value.get(at + run.size()..).and_then(Run::first);
        match (run, next) {
            (Run::Values { value: mine, len }, Some(Run::Values { value: theirs, len: more }))
                if mine == theirs && len + more <= MAX_VALUES =>
            {
                let mut joined = Vec::with_capacity(1);
                Run::Values { value: mine, len: len + more }.push(&mut joined);
                value.splice(at..at + 2, joined);
            }
            _ => at += run.size(),
        }
    }
}
