//! The arguments of `XREAD` and `XREADGROUP`.

use crate::call::{CommandError, words};
use crate::dialect::Dialect;
use crate::execution::Args;

const ONLY_GROUP: CommandError = CommandError::new(
    "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
);
const ONLY_NOACK: CommandError = CommandError::new(
    "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.",
);
const NO_GROUP: CommandError = CommandError::new("ERR Missing GROUP option for XREADGROUP");

/// The options of a request.
#[derive(Clone, Copy, Debug)]
pub(in crate::commands::streams) struct ReadOptions<'a> {
    /// The most entries of each stream; 0 is all.
    pub(in crate::commands::streams) count: usize,
    /// The group and the consumer.
    pub(in crate::commands::streams) group: Option<(&'a [u8], &'a [u8])>,
    /// How long to wait for entries, in milliseconds; 0 is for ever.
    pub(in crate::commands::streams) block: Option<i64>,
    /// Whether entries do not become pending.
    pub(in crate::commands::streams) no_ack: bool,
    pub(in crate::commands::streams) keys: &'a [&'a [u8]],
    /// As many ids as keys.
    pub(in crate::commands::streams) ids: &'a [&'a [u8]],
}

/// Reads the words; `grouped` if they are those of `XREADGROUP`. `now` is in Unix milliseconds.
pub(in crate::commands::streams) fn parse<'a>(
    args: Args<'a>,
    grouped: bool,
    now: i64,
    dialect: Dialect,
) -> Result<ReadOptions<'a>, CommandError> {
    let mut options =
        ReadOptions { count: 0, group: None, block: None, no_ack: false, keys: &[], ids: &[] };
    let mut rest = args.get(1..).unwrap_or_default();
    while let [word, after @ ..] = rest {
        rest = match after {
            [timeout, after @ ..] if words::is(word, "BLOCK") => {
                options.block = Some(timeout_of(timeout, now, dialect)?);
                after
            }
            [count, after @ ..] if words::is(word, "COUNT") => {
                options.count = usize::try_from(words::int(count)?).unwrap_or(0);
                after
            }
            [_, ..] if words::is(word, "STREAMS") => {
                if after.len() % 2 != 0 {
                    return Err(unbalanced(grouped, dialect));
                }
                (options.keys, options.ids) = after.split_at(after.len() / 2);
                break;
            }
            [_, _, ..] if words::is(word, "GROUP") && !grouped => return Err(ONLY_GROUP),
            [group, consumer, after @ ..] if words::is(word, "GROUP") => {
                options.group = Some((group, consumer));
                after
            }
            _ if words::is(word, "NOACK") && !grouped => return Err(ONLY_NOACK),
            after if words::is(word, "NOACK") => {
                options.no_ack = true;
                after
            }
            _ => return Err(CommandError::SYNTAX),
        };
    }
    if options.keys.is_empty() {
        return Err(CommandError::SYNTAX);
    }
    if grouped && options.group.is_none() {
        return Err(NO_GROUP);
    }
    Ok(options)
}

/// `getTimeoutFromObjectOrReply`
fn timeout_of(word: &[u8], now: i64, dialect: Dialect) -> Result<i64, CommandError> {
    let timeout = words::int(word)
        .map_err(|_| CommandError::new("ERR timeout is not an integer or out of range"))?;
    if timeout < 0 {
        return Err(CommandError::new("ERR timeout is negative"));
    }
    if dialect.checks_timeouts() && timeout > 0 && timeout.checked_add(now).is_none() {
        return Err(CommandError::new("ERR timeout is out of range"));
    }
    Ok(timeout)
}

fn unbalanced(grouped: bool, dialect: Dialect) -> CommandError {
    let name = if grouped { "xreadgroup" } else { "xread" };
    let (name, wanted) = match dialect {
        _ if !dialect.names_unbalanced_reads() => ("XREAD".to_owned(), "an ID or '$'"),
        _ if grouped => (format!("'{name}'"), "an ID or '>'"),
        _ if dialect.names_plus_in_reads() => (format!("'{name}'"), "an ID, '+', or '$'"),
        _ => (format!("'{name}'"), "an ID or '$'"),
    };
    CommandError::of(format!(
        "ERR Unbalanced {name} list of streams: for each stream key {wanted} must be specified."
    ))
}
