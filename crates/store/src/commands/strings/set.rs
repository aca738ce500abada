//! Commands that set a whole string, get it, or both.

use crate::arguments::expiry::Unit;
use crate::call::words::is;
use crate::call::{CommandError, EventClass, Reply};
use crate::commands::strings::options::{Command, Expiry, Options};
use crate::dialect::Vendor;
use crate::execution::{Args, Done, ReadCx, Row, WriteCx};
use crate::keyspace::Slot;
use crate::primitives::Kind;
use crate::values::strings::value::kind_of;
use crate::values::strings::{Str, embedding};

pub(super) const COMMANDS: &[Row] = &[
    Row::read("get", get),
    Row::write("set", set),
    Row::write("setnx", setnx),
    Row::write("setex", setex),
    Row::write("psetex", psetex),
    Row::write("getset", getset),
    Row::write("getdel", getdel),
    Row::write("getex", getex),
    Row::write("delifeq", delifeq),
];

/// Sets a key to a whole string and replaces what was there.
pub(super) fn put(cx: &mut WriteCx<'_>, key: &[u8], expires: Option<i64>, bytes: &[u8]) {
    let former = cx.former_type(key);
    put_as(cx, key, expires, kind_of(bytes), bytes);
    cx.record_replaced(key, former);
}

/// Sets a key to a string of this kind.
pub(super) fn put_as(
    cx: &mut WriteCx<'_>,
    key: &[u8],
    expires: Option<i64>,
    mut kind: Kind,
    bytes: &[u8],
) {
    if kind == Kind::Embedded {
        let expired = || cx.db().get(key).is_some_and(|slot| slot.expires().is_some());
        let lens = (key.len(), bytes.len());
        if embedding::is_spoilt(cx.dialect(), lens, expires.is_some(), expired) {
            kind = Kind::Raw;
        }
    }
    if cx.recorder.is_some() {
        cx.drop_expired(key);
    }
    let is_new = cx.db_mut().set_str(key, expires, kind, bytes);
    if is_new {
        cx.added(key);
    }
    cx.changed(key);
}

/// Writes a string, or null without one.
fn reply_value(reply: &mut Reply<'_>, value: Option<&[u8]>) {
    match value {
        Some(bytes) => reply.bulk(bytes),
        None => reply.null(),
    }
}

/// Writes the string of `key`. Returns whether it has one.
fn reply_old(cx: &WriteCx<'_>, key: &[u8], reply: &mut Reply<'_>) -> Result<bool, CommandError> {
    let old = cx.read::<Str>(key)?.map(|text| text.bytes);
    if old.is_none() {
        cx.missed(key);
    }
    reply_value(reply, old);
    Ok(old.is_some())
}

/// `GET key`
fn get(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    reply_value(reply, cx.read::<Str>(args[1])?.map(|text| text.bytes));
    Ok(())
}

/// `SET key value [NX | XX | IFEQ value] [GET] [EX n | PX n | EXAT n | PXAT n | KEEPTTL]`
fn set(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    if args.len() == 3 {
        put(cx, args[1], None, args[2]);
        cx.event(EventClass::String, "set", args[1]);
        cx.dirty(1);
        reply.ok();
        return Ok(());
    }
    let options = Options::parse(Command::Set, cx.dialect(), &args[3..])?;
    let expires = options.expiry.map(|at| at.at("set", cx.dialect(), cx.now)).transpose()?;
    if options.get {
        reply_old(cx, args[1], reply)?;
    }
    if !is_met(cx, args[1], &options)? {
        if !options.get {
            reply.null();
        }
        return Ok(());
    }
    if expires.is_some_and(|at| cx.is_past(at)) && cx.dialect().removes_past_strings() {
        remove_past(cx, args[1]);
        if !options.get {
            reply.ok();
        }
        return Ok(());
    }
    let kept = || cx.slot(args[1]).and_then(Slot::expires);
    let expires = if options.keep_ttl { kept() } else { expires };
    put(cx, args[1], expires, args[2]);
    cx.event(EventClass::String, "set", args[1]);
    cx.dirty(1);
    match options.expiry.zip(expires) {
        Some((expiry, at)) => set_to_expire(cx, args[1], args[2], (expiry.unit, at)),
        None if options.get && cx.leads() => {
            let rest = args.iter().enumerate().filter(|(at, word)| *at < 3 || !is(word, "GET"));
            cx.replicate(&rest.map(|(_, word)| *word).collect::<Vec<_>>());
        }
        None => {}
    }
    if !options.get {
        reply.ok();
    }
    Ok(())
}

/// Removes a key that would have expired before it is set.
fn remove_past(cx: &mut WriteCx<'_>, key: &[u8]) {
    if cx.delete(key) {
        cx.replicate(&[cx.lazy_free().expire_command(), key]);
        cx.signal_past(key);
        cx.dirty(1);
    }
}

/// Records that a string was set that expires. The stream gets the time in milliseconds.
fn set_to_expire(cx: &WriteCx<'_>, key: &[u8], value: &[u8], (unit, at): (Unit, i64)) {
    if unit != Unit::PXAT && cx.leads() {
        let mut buffer = itoa::Buffer::new();
        cx.replicate(&[b"SET", key, value, b"PXAT", buffer.format(at).as_bytes()]);
    }
    cx.event(EventClass::Generic, "expire", key);
}

/// Whether the condition of a `SET` holds.
fn is_met(cx: &WriteCx<'_>, key: &[u8], options: &Options<'_>) -> Result<bool, CommandError> {
    if let Some(equal) = options.equal {
        return Ok(cx.read::<Str>(key)?.is_some_and(|text| text.bytes == equal));
    }
    if !options.nx && !options.xx {
        return Ok(true);
    }
    Ok(cx.slot(key).is_some() == options.xx)
}

/// `SETNX key value`
fn setnx(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let is_new = cx.slot(args[1]).is_none();
    if is_new {
        put(cx, args[1], None, args[2]);
        cx.event(EventClass::String, "set", args[1]);
        cx.dirty(1);
    }
    reply.int(i64::from(is_new));
    Ok(())
}

/// `SETEX key seconds value`
fn setex(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    set_expiring(cx, args, "setex", Unit::EX, reply)
}

/// `PSETEX key milliseconds value`
fn psetex(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    set_expiring(cx, args, "psetex", Unit::PX, reply)
}

fn set_expiring(
    cx: &mut WriteCx<'_>,
    args: Args<'_>,
    command: &str,
    unit: Unit,
    reply: &mut Reply<'_>,
) -> Done {
    let at = Expiry { number: args[2], unit }.at(command, cx.dialect(), cx.now)?;
    put(cx, args[1], Some(at), args[3]);
    cx.event(EventClass::String, "set", args[1]);
    set_to_expire(cx, args[1], args[3], (unit, at));
    cx.dirty(1);
    reply.ok();
    Ok(())
}

/// `GETSET key value`
fn getset(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    reply_old(cx, args[1], reply)?;
    put(cx, args[1], None, args[2]);
    cx.event(EventClass::String, "set", args[1]);
    cx.replicate(&[b"SET", args[1], args[2]]);
    cx.dirty(1);
    Ok(())
}

/// `GETDEL key`
fn getdel(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    if reply_old(cx, args[1], reply)? {
        cx.db_mut().discard(args[1]);
        cx.replicate(&[b"DEL", args[1]]);
        cx.signal(EventClass::Generic, "del", args[1]);
        cx.dirty(1);
    }
    Ok(())
}

/// `GETEX key [EX n | PX n | EXAT n | PXAT n | PERSIST]`
fn getex(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let options = Options::parse(Command::GetEx, cx.dialect(), &args[2..])?;
    let at = options.expiry.map(|expiry| expiry.at("getex", cx.dialect(), cx.now));
    // Redis reads the time only if the key exists.
    let first = cx.dialect().vendor() == Vendor::Valkey && cx.dialect().since((0, 0), (9, 0));
    let at = if first { at.transpose()?.map(Ok) } else { at };
    if !reply_old(cx, args[1], reply)? {
        return Ok(());
    }
    let at = at.transpose()?;
    match at {
        Some(at) if at <= cx.now && !cx.from_master => {
            cx.db_mut().discard(args[1]);
            cx.replicate(&[cx.lazy_free().expire_command(), args[1]]);
            cx.signal_past(args[1]);
            cx.dirty(1);
        }
        None if !options.persist => {}
        at => {
            let before = cx.slot(args[1]).and_then(Slot::expires);
            if at.is_some() || before.is_some() {
                cx.db_mut().set_expires(args[1], at);
                replicate_expiry(cx, args[1], at);
                cx.dirty(1);
            }
        }
    }
    Ok(())
}

/// Records that the expiry of a key was changed or removed.
fn replicate_expiry(cx: &WriteCx<'_>, key: &[u8], at: Option<i64>) {
    match at {
        Some(at) => {
            let mut buffer = itoa::Buffer::new();
            cx.replicate(&[b"PEXPIREAT", key, buffer.format(at).as_bytes()]);
            cx.signal(EventClass::Generic, "expire", key);
        }
        None => {
            cx.replicate(&[b"PERSIST", key]);
            cx.signal(EventClass::Generic, "persist", key);
        }
    }
}

/// `DELIFEQ key value`
fn delifeq(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let is_equal = cx.read::<Str>(args[1])?.is_some_and(|text| text.bytes == args[2]);
    if is_equal {
        cx.db_mut().discard(args[1]);
        cx.replicate(&[b"DEL", args[1]]);
        cx.signal(EventClass::Generic, "del", args[1]);
        cx.dirty(1);
    }
    reply.int(i64::from(is_equal));
    Ok(())
}
