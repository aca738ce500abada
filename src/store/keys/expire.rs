//! Commands that say when a key expires.

use crate::store::commands::Row;
use crate::store::context::{Args, Done, WriteCx};
use crate::store::dialect::Dialect;
use crate::store::error::CommandError;
use crate::store::reply::Reply;
use crate::store::subcommand::shown;
use crate::store::words;

pub(super) const COMMANDS: &[Row] = &[
    Row::write("expire", |cx, args, reply| set(cx, args, reply, EXPIRE)),
    Row::write("expireat", |cx, args, reply| set(cx, args, reply, EXPIREAT)),
    Row::write("persist", persist),
    Row::write("pexpire", |cx, args, reply| set(cx, args, reply, PEXPIRE)),
    Row::write("pexpireat", |cx, args, reply| set(cx, args, reply, PEXPIREAT)),
];

const EXPIRE: Clock = Clock { name: "expire", unit_ms: 1000, relative: true };
const PEXPIRE: Clock = Clock { name: "pexpire", unit_ms: 1, relative: true };
const EXPIREAT: Clock = Clock { name: "expireat", unit_ms: 1000, relative: false };
const PEXPIREAT: Clock = Clock { name: "pexpireat", unit_ms: 1, relative: false };

/// How a command tells the time.
#[derive(Clone, Copy, Debug)]
struct Clock {
    name: &'static str,
    unit_ms: i64,
    relative: bool,
}

/// On which condition a key's expiry is changed.
#[derive(Clone, Copy, Debug, Default)]
struct Conditions {
    /// It has none.
    nx: bool,
    /// It has one.
    xx: bool,
    /// It is earlier; none is the latest.
    gt: bool,
    /// It is later; none is the latest.
    lt: bool,
}

/// `EXPIRE key seconds [NX | XX | GT | LT]` and its like (`expireGenericCommand`). A time that
/// is past deletes the key, unless a master says so: it deletes the key itself.
fn set(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>, clock: Clock) -> Done {
    let (key, dialect) = (args[1], cx.dialect());
    let conditions = Conditions::of(&args[3..], clock, dialect)?;
    let base = if clock.relative { cx.now } else { 0 };
    let at = clock.time(words::int(args[2])?, base, dialect)?;
    let Some(slot) = cx.slot(key) else {
        reply.int(0);
        return Ok(());
    };
    if !conditions.hold(slot.expires(), at) {
        reply.int(0);
        return Ok(());
    }
    if cx.is_past(at) {
        cx.delete(key);
    } else {
        cx.db_mut().set_expires(key, Some(at));
    }
    cx.dirty(1);
    reply.int(1);
    Ok(())
}

/// `PERSIST key`
fn persist(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let expires = cx.slot(args[1]).is_some_and(|slot| slot.expires().is_some());
    if expires {
        cx.db_mut().set_expires(args[1], None);
        cx.dirty(1);
    }
    reply.int(expires.into());
    Ok(())
}

impl Clock {
    /// Unix milliseconds.
    fn time(self, number: i64, base: i64, dialect: Dialect) -> Result<i64, CommandError> {
        let time = if dialect.has_expire_conditions() {
            number.checked_mul(self.unit_ms).and_then(|ms| ms.checked_add(base))
        } else {
            // What C does with numbers that are too large, and what is noticed of it.
            let ms = number.wrapping_mul(self.unit_ms);
            let at = ms.wrapping_add(base);
            let overflown = if number < 0 { at.wrapping_sub(base) > 0 } else { at < 0 };
            (!overflown).then_some(at)
        };
        time.ok_or_else(|| self.invalid(dialect))
    }

    fn invalid(self, dialect: Dialect) -> CommandError {
        let name = self.name;
        CommandError::of(match dialect.has_expire_conditions() {
            true => format!("ERR invalid expire time in '{name}' command"),
            false => format!("ERR invalid expire time in {name}"),
        })
    }
}

impl Conditions {
    fn of(words: Args<'_>, clock: Clock, dialect: Dialect) -> Result<Self, CommandError> {
        if !words.is_empty() && !dialect.has_expire_conditions() {
            let name = clock.name;
            return Err(CommandError::of(format!(
                "ERR wrong number of arguments for '{name}' command"
            )));
        }
        let mut it = Self::default();
        for word in words {
            let flag =
                [("NX", &mut it.nx), ("XX", &mut it.xx), ("GT", &mut it.gt), ("LT", &mut it.lt)]
                    .into_iter()
                    .find(|(name, _)| words::is(word, name));
            match flag {
                Some((_, flag)) => *flag = true,
                None => {
                    return Err(CommandError::of(format!(
                        "ERR Unsupported option {}",
                        shown(word)
                    )));
                }
            }
        }
        if it.nx && (it.xx || it.gt || it.lt) {
            return Err(CommandError::new(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            ));
        }
        if it.gt && it.lt {
            return Err(CommandError::new(
                "ERR GT and LT options at the same time are not compatible",
            ));
        }
        Ok(it)
    }

    fn hold(self, current: Option<i64>, at: i64) -> bool {
        !(self.nx && current.is_some()
            || self.xx && current.is_none()
            || self.gt && current.is_none_or(|current| at <= current)
            || self.lt && current.is_some_and(|current| at >= current))
    }
}
