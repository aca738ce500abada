//! Commands that get and set several strings at once.

use crate::arguments::expiry::Unit;
use crate::call::words::int;
use crate::call::{CommandError, EventClass, Reply};
use crate::commands::strings::options::{Command, Options};
use crate::commands::strings::set::put;
use crate::execution::{Args, Done, ReadCx, Row, WriteCx};
use crate::keyspace::{Slot, ValueRef};

pub(super) const COMMANDS: &[Row] = &[
    Row::read("mget", mget),
    Row::write("mset", mset),
    Row::write("msetnx", msetnx),
    Row::write("msetex", msetex),
];

/// `MGET key [key ...]`
fn mget(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    reply.array(args.len() - 1);
    for key in &args[1..] {
        match cx.value(key) {
            Some(ValueRef::Str(text)) => reply.bulk(text.bytes),
            _ => reply.null(),
        }
    }
    Ok(())
}

/// `MSET key value [key value ...]`
fn mset(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let pairs = pairs(cx, args, "mset")?;
    put_all(cx, pairs, false, |_, _| None);
    reply.ok();
    Ok(())
}

/// `MSETNX key value [key value ...]`
fn msetnx(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let pairs = pairs(cx, args, "msetnx")?;
    let are_new = pairs.chunks_exact(2).all(|pair| cx.slot(pair[0]).is_none());
    if are_new {
        put_all(cx, pairs, false, |_, _| None);
    }
    reply.int(i64::from(are_new));
    Ok(())
}

/// `MSETEX numkeys key value [key value ...] [NX | XX] [EX n | PX n | EXAT n | PXAT n | KEEPTTL]`
fn msetex(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    const BAD_COUNT: CommandError = CommandError::new("ERR invalid numkeys value or out of range");
    let count = int(args[1]).ok().and_then(|count| i32::try_from(count).ok());
    let count = count.filter(|&count| count > 0).ok_or(BAD_COUNT)?;
    let len = usize::try_from(count).map_err(|_| BAD_COUNT)?.saturating_mul(2);
    let (pairs, options) = args[2..].split_at_checked(len).ok_or(CommandError::SYNTAX)?;
    let options = Options::parse(Command::MSetEx, cx.dialect(), options)?;
    let at = options.expiry.map(|expiry| expiry.at("msetex", cx.dialect(), cx.now)).transpose()?;
    let is_met = !options.nx && !options.xx
        || pairs.chunks_exact(2).all(|pair| {
            let is_there = cx.slot(pair[0]).is_some();
            !(options.nx && is_there || options.xx && !is_there)
        });
    if is_met {
        put_all(cx, pairs, options.keep_ttl, |cx, key| {
            let kept = || cx.slot(key).and_then(Slot::expires);
            if options.keep_ttl { kept() } else { at }
        });
        if let Some((expiry, at)) = options.expiry.zip(at)
            && expiry.unit != Unit::PXAT
            && cx.leads()
        {
            replicate(cx, args, (len + 2, expiry.number), at);
        }
    }
    reply.int(i64::from(is_met));
    Ok(())
}

/// Puts a MSETEX into the stream with the time in milliseconds. Its options begin at a word, and one
/// of them has a number.
fn replicate(cx: &WriteCx<'_>, args: Args<'_>, (options, number): (usize, &[u8]), at: i64) {
    let mut buffer = itoa::Buffer::new();
    let time = buffer.format(at).as_bytes();
    let mut words = args.to_vec();
    for word in words.iter_mut().skip(options) {
        if std::ptr::eq(*word, number) {
            *word = time;
        } else if Unit::of(word).is_some() {
            *word = b"PXAT";
        }
    }
    cx.replicate(&words);
}

/// Returns the keys and values of a request.
fn pairs<'a>(cx: &WriteCx<'_>, args: Args<'a>, command: &str) -> Result<Args<'a>, CommandError> {
    if args.len() % 2 == 1 {
        return Ok(&args[1..]);
    }
    Err(match cx.dialect().since_redis((7, 0)) {
        true => CommandError::wrong_arity(command),
        false => CommandError::new("ERR wrong number of arguments for MSET"),
    })
}

fn put_all(
    cx: &mut WriteCx<'_>,
    pairs: Args<'_>,
    keeps: bool,
    expires: impl Fn(&WriteCx<'_>, &[u8]) -> Option<i64>,
) {
    for pair in pairs.chunks_exact(2) {
        let at = expires(cx, pair[0]);
        put(cx, pair[0], at, pair[1]);
        cx.event(EventClass::String, "set", pair[0]);
        if at.is_some() && !keeps {
            cx.event(EventClass::Generic, "expire", pair[0]);
        }
    }
    cx.dirty(pairs.len() / 2);
}
