//! `LPOS`.

use crate::call::{CommandError, Reply, words};
use crate::dialect::Dialect;
use crate::execution::{Args, Done, ReadCx, Row};
use crate::values::lists::List;
use crate::values::lists::needle::Needle;

pub(super) const COMMANDS: &[Row] = &[Row::read("lpos", lpos)];

/// The options of `LPOS`.
struct Options {
    /// The number of the first match that counts: 1 is the first of all.
    rank: u64,
    /// Whether the search begins at the end.
    backward: bool,
    /// How many matches are wanted; 0 is all of them.
    count: Option<usize>,
    /// How many elements are compared; 0 is all of them.
    max_len: usize,
}

impl Options {
    fn of(words: Args<'_>, dialect: Dialect) -> Result<Self, CommandError> {
        let mut options = Self { rank: 1, backward: false, count: None, max_len: 0 };
        let mut words = words.iter();
        while let Some(option) = words.next() {
            let value = words.next().ok_or(CommandError::SYNTAX);
            if words::is(option, "rank") {
                let rank = rank(value?, dialect)?;
                (options.rank, options.backward) = (rank.unsigned_abs(), rank < 0);
            } else if words::is(option, "count") {
                options.count = Some(words::natural_or(
                    value?,
                    CommandError::new("ERR COUNT can't be negative"),
                )?);
            } else if words::is(option, "maxlen") {
                options.max_len =
                    words::natural_or(value?, CommandError::new("ERR MAXLEN can't be negative"))?;
            } else {
                return Err(CommandError::SYNTAX);
            }
        }
        Ok(options)
    }
}

fn rank(word: &[u8], dialect: Dialect) -> Result<i64, CommandError> {
    let rank = match words::int(word)? {
        // Where it is not refused it cannot be negated, and counts as the last match.
        i64::MIN if !dialect.packs_lists() => -1,
        _ => words::negatable(word)?,
    };
    if rank == 0 {
        return Err(CommandError::new(if !dialect.since_redis((7, 0)) {
            "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second, ..."
        } else {
            "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... \
             or use negative to start from the end of the list"
        }));
    }
    Ok(rank)
}

/// `LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]`
fn lpos(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let options = Options::of(&args[3..], cx.dialect())?;
    let Some(list) = cx.read::<List>(args[1])? else {
        match options.count {
            Some(_) => reply.array(0),
            None => reply.null(),
        }
        return Ok(());
    };
    let needle = Needle::new(args[2]);
    let len = list.len();
    let walk = if options.backward { list.walk_back(len.saturating_sub(1)) } else { list.walk(0) };
    let compared = if options.max_len == 0 { len } else { options.max_len };
    cx.spend(compared.min(len))?;
    let skipped = usize::try_from(options.rank - 1).unwrap_or(usize::MAX);
    let matches = walk.take(compared).enumerate().filter(|&(_, element)| needle.is(element));
    let places = matches.skip(skipped).map(
        |(steps, _)| {
            if options.backward { len - 1 - steps } else { steps }
        },
    );
    let Some(count) = options.count else {
        match { places }.next() {
            Some(place) => reply.count(place),
            None => reply.null(),
        }
        return Ok(());
    };
    let places: Vec<_> = places.take(if count == 0 { usize::MAX } else { count }).collect();
    reply.array(places.len());
    for place in places {
        reply.count(place);
    }
    Ok(())
}
