//! Commands about whole databases.

use crate::call::{Change, CommandError, Reply, words};
use crate::execution::{Args, Done, ReadCx, Row, WriteCx};
use crate::keyspace::Dataset;

pub(super) const COMMANDS: &[Row] = &[
    Row::read("dbsize", dbsize),
    Row::write("flushall", flushall),
    Row::write("flushdb", flushdb),
    Row::write("swapdb", swapdb),
];

/// `getIntFromObjectOrReply`
const NO_INT: CommandError =
    CommandError::new("ERR value is out of range, value must between -2147483648 and 2147483647");
const OUT_OF_RANGE: CommandError = CommandError::new("ERR DB index is out of range");

/// Reads the number of a database that exists.
pub(super) fn index(data: &Dataset, word: &[u8]) -> Result<usize, CommandError> {
    let number = i32::try_from(words::int(word)?).map_err(|_| NO_INT)?;
    let index = usize::try_from(number).ok().filter(|index| *index < data.databases.len());
    index.ok_or(OUT_OF_RANGE)
}

/// `DBSIZE`; expired keys count.
fn dbsize(cx: &ReadCx<'_>, _: Args<'_>, reply: &mut Reply<'_>) -> Done {
    reply.count(cx.database().len());
    Ok(())
}

/// `FLUSHDB [ASYNC | SYNC]`
fn flushdb(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    check_mode(args)?;
    let keys = cx.db().len();
    cx.db_mut().clear();
    cx.dirty(keys);
    cx.changed_widely(Change::Database(cx.db));
    reply.ok();
    Ok(())
}

/// `FLUSHALL [ASYNC | SYNC]`; functions stay.
fn flushall(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    check_mode(args)?;
    let mut keys = 0;
    for db in 0..cx.data.databases.len() {
        let database = cx.data.database_mut(db);
        keys += database.len();
        database.clear();
        cx.data.collect(db);
    }
    cx.dirty(keys + 1);
    cx.changed_widely(Change::All);
    reply.ok();
    Ok(())
}

fn check_mode(args: Args<'_>) -> Done {
    match *args {
        [_] => Ok(()),
        [_, mode] if words::is(mode, "ASYNC") || words::is(mode, "SYNC") => Ok(()),
        _ => Err(CommandError::SYNTAX),
    }
}

/// `SWAPDB index1 index2`
fn swapdb(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let number = |word: &[u8], error| {
        let number = words::int(word).ok().and_then(|it| i32::try_from(it).ok());
        number.ok_or_else(|| CommandError::new(error))
    };
    let first = number(args[1], "ERR invalid first DB index")?;
    let second = number(args[2], "ERR invalid second DB index")?;
    let there =
        |number: i32| usize::try_from(number).ok().filter(|at| *at < cx.data.databases.len());
    let (Some(first), Some(second)) = (there(first), there(second)) else {
        return Err(OUT_OF_RANGE);
    };
    cx.data.databases.swap(first, second);
    cx.changed_widely(Change::Swap(first, second));
    cx.dirty(1);
    reply.ok();
    Ok(())
}
