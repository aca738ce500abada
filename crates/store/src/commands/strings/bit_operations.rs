//! `BITOP`: strings combined bit by bit.

use crate::call::words::is;
use crate::call::{CommandError, EventClass, Reply};
use crate::dialect::Dialect;
use crate::execution::{Args, Done, Row, WriteCx};
use crate::keyspace::Value;
use crate::values::strings::Str;

pub(super) const COMMANDS: &[Row] = &[Row::write("bitop", bitop)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    And,
    Or,
    Xor,
    Not,
    /// Bits that are set in the first string and in no other.
    Diff,
    /// Bits that are set in some other string and not in the first.
    Diff1,
    /// Bits that are set in the first string and in some other.
    AndOr,
    /// Bits that are set in exactly one string.
    One,
}

impl Operation {
    const NAMES: [(&'static str, Self); 8] = [
        ("AND", Self::And),
        ("OR", Self::Or),
        ("XOR", Self::Xor),
        ("NOT", Self::Not),
        ("DIFF", Self::Diff),
        ("DIFF1", Self::Diff1),
        ("ANDOR", Self::AndOr),
        ("ONE", Self::One),
    ];

    fn parse(word: &[u8], sources: usize, dialect: Dialect) -> Result<Self, CommandError> {
        let named = Self::NAMES.iter().find(|(name, _)| is(word, name));
        let &(name, operation) = named.ok_or(CommandError::SYNTAX)?;
        match operation {
            Self::Not if sources != 1 => {
                Err(CommandError::new("ERR BITOP NOT must be called with a single source key."))
            }
            Self::And | Self::Or | Self::Xor | Self::Not => Ok(operation),
            _ if !dialect.since((8, 2), (u8::MAX, 0)) => Err(CommandError::SYNTAX),
            Self::Diff | Self::Diff1 | Self::AndOr if sources < 2 => Err(CommandError::of(
                format!("ERR BITOP {name} must be called with at least two source keys."),
            )),
            _ => Ok(operation),
        }
    }

    /// Returns the combined strings. They count as long as the longest; the others go on with
    /// zeros.
    fn combine(self, sources: &[&[u8]]) -> Vec<u8> {
        let len = sources.iter().map(|source| source.len()).max().unwrap_or(0);
        let Some((first, others)) = sources.split_first() else { return Vec::new() };
        let mut out = first.to_vec();
        out.resize(len, 0);
        match self {
            Self::Not => out.iter_mut().for_each(|byte| *byte = !*byte),
            Self::And => {
                for source in others {
                    let (common, rest) = out.split_at_mut(source.len());
                    each(common, source, |mine, theirs| mine & theirs);
                    rest.fill(0);
                }
            }
            Self::Or => others.iter().for_each(|other| each(&mut out, other, |a, b| a | b)),
            Self::Xor => others.iter().for_each(|other| each(&mut out, other, |a, b| a ^ b)),
            Self::One => {
                let mut twice = vec![0; len];
                for other in others {
                    for ((twice, once), byte) in twice.iter_mut().zip(&mut out).zip(*other) {
                        *twice |= *once & byte;
                        *once |= byte;
                    }
                }
                each(&mut out, &twice, |once, twice| once & !twice);
            }
            Self::Diff | Self::Diff1 | Self::AndOr => {
                let mut any = vec![0; len];
                others.iter().for_each(|other| each(&mut any, other, |a, b| a | b));
                each(&mut out, &any, |first, any| match self {
                    Self::Diff => first & !any,
                    Self::Diff1 => !first & any,
                    _ => first & any,
                });
            }
        }
        out
    }
}

fn each(out: &mut [u8], other: &[u8], combine: impl Fn(u8, u8) -> u8) {
    for (mine, &theirs) in out.iter_mut().zip(other) {
        *mine = combine(*mine, theirs);
    }
}

/// `BITOP operation destination key [key ...]`
fn bitop(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let keys = &args[3..];
    let operation = Operation::parse(args[1], keys.len(), cx.dialect())?;
    let reader = cx.reader();
    let source = |key: &&[u8]| Ok(reader.read::<Str>(key)?.map_or(&[][..], |text| text.bytes));
    let sources = keys.iter().map(source).collect::<Result<Vec<_>, CommandError>>()?;
    let out = operation.combine(&sources);
    let len = out.len();
    if len > 0 {
        cx.put_value(args[2], None, Value::Str(Str::raw(out)));
        cx.signal(EventClass::String, "set", args[2]);
        cx.dirty(1);
    } else if cx.clear_way(args[2]) {
        cx.signal(EventClass::Generic, "del", args[2]);
        cx.dirty(1);
    }
    reply.count(len);
    Ok(())
}
