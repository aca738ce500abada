//! `RESTORE`.

use crate::call::{CommandError, EventClass, Reply, words};
use crate::execution::{Args, Done, Row, WriteCx};
use crate::keyspace::Value;
use tidegate_rdb::{Checksum, Limits, dump};

pub(super) const COMMANDS: &[Row] =
    &[Row::write("restore", restore), Row::write("restore-asking", restore)];

/// The longest string and the longest value of a client's payload: the limit of a server, and what
/// compression makes of a payload of that length.
const LIMITS: Limits = Limits { string: 512 << 20, value: 16 << 30 };

const BUSY: CommandError = CommandError::new("BUSYKEY Target key name already exists.");
const BAD_FORMAT: CommandError = CommandError::new("ERR Bad data format");
pub(super) const BAD_PAYLOAD: CommandError =
    CommandError::new("ERR DUMP payload version or checksum are wrong");

/// The options of a request.
#[derive(Debug, Default)]
struct Options {
    replace: bool,
    /// Whether the time is a Unix time.
    absolute: bool,
    has_idle: bool,
    has_freq: bool,
}

/// `RESTORE key ttl payload [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]`
fn restore(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (key, payload) = (args[1], args[3]);
    let options = Options::of(&args[4..])?;
    if !options.replace && cx.slot(key).is_some() {
        return Err(BUSY);
    }
    let ttl = words::int(args[2])?;
    if ttl < 0 {
        return Err(CommandError::new("ERR Invalid TTL value, must be >= 0"));
    }
    if !cx.from_master {
        verify(payload, cx.dialect().form().version())?;
    }
    let value = match decode(cx, payload) {
        Ok(value) => value,
        Err(why) if cx.from_master => keep(cx, key, payload, why)?,
        Err(_) => return Err(BAD_FORMAT),
    };
    let start = if options.absolute { 0 } else { cx.now };
    let expires = (ttl > 0).then(|| ttl.wrapping_add(start));
    let replaced = options.replace && cx.delete(key);
    if expires.is_some_and(|at| cx.is_past(at)) {
        if replaced {
            cx.replicate(&[cx.lazy_free().server_del_command(), key]);
            cx.signal(EventClass::Generic, "del", key);
        }
        cx.dirty(replaced.into());
    } else {
        if cx.leads() {
            cx.drop_expired(key);
        }
        cx.put_new(key, expires, value);
        if let Some(at) = expires.filter(|_| !options.absolute && cx.leads()) {
            let mut buffer = itoa::Buffer::new();
            let mut words = args.to_vec();
            words[2] = buffer.format(at).as_bytes();
            words.push(b"ABSTTL");
            cx.replicate(&words);
        }
        cx.signal(EventClass::Generic, "restore", key);
        cx.dirty(1);
    }
    reply.ok();
    Ok(())
}

/// Returns the value of a payload, or why it has none. A payload that a master accepted is not
/// judged again.
fn decode(cx: &WriteCx<'_>, payload: &[u8]) -> Result<Value, String> {
    let limits = if cx.from_master { Limits::default() } else { LIMITS };
    let dumped = dump::decode(payload, limits).map_err(|error| error.fault.to_string())?.value;
    let is_stream = matches!(dumped, tidegate_rdb::Value::Stream(_));
    if dumped.is_empty() && !is_stream {
        return Err("it has no elements".to_owned());
    }
    let data = &cx.data;
    Value::from_snapshot(dumped, &data.packing, data.dialect, data.hasher)
        .map_err(|error| error.to_string())
}

/// Keeps a value that a master accepted and that cannot be read here.
fn keep(
    cx: &mut WriteCx<'_>,
    key: &[u8],
    payload: &[u8],
    why: String,
) -> Result<Value, CommandError> {
    let raw = dump::opaque(payload, why).ok_or(BAD_FORMAT)?;
    Ok(cx.keep_opaque(key, raw))
}

/// Checks the last ten bytes of a payload for a server that writes `version` (`verifyDumpPayload`).
/// Servers refuse a checksum of 0 here, unless it is the right one.
pub(super) fn verify(payload: &[u8], version: u16) -> Done {
    let (summed, sum) = payload.split_last_chunk::<8>().ok_or(BAD_PAYLOAD)?;
    let (_, of_payload) = summed.split_last_chunk::<2>().ok_or(BAD_PAYLOAD)?;
    let known = u16::from_le_bytes(*of_payload) <= version;
    let right = Checksum::of(summed) == u64::from_le_bytes(*sum);
    if known && right { Ok(()) } else { Err(BAD_PAYLOAD) }
}

impl Options {
    fn of(words: Args<'_>) -> Result<Self, CommandError> {
        let mut options = Self::default();
        let mut rest = words;
        loop {
            rest = match *rest {
                [] => return Ok(options),
                [word, ref rest @ ..] if words::is(word, "REPLACE") => {
                    options.replace = true;
                    rest
                }
                [word, ref rest @ ..] if words::is(word, "ABSTTL") => {
                    options.absolute = true;
                    rest
                }
                [word, number, ref rest @ ..]
                    if words::is(word, "IDLETIME") && !options.has_freq =>
                {
                    let error = "ERR Invalid IDLETIME value, must be >= 0";
                    check(number, 0..=i64::MAX, error)?;
                    options.has_idle = true;
                    rest
                }
                [word, number, ref rest @ ..] if words::is(word, "FREQ") && !options.has_idle => {
                    let error = "ERR Invalid FREQ value, must be >= 0 and <= 255";
                    check(number, 0..=255, error)?;
                    options.has_freq = true;
                    rest
                }
                _ => return Err(CommandError::SYNTAX),
            };
        }
    }
}

/// Checks how a key was used, as a client states it; the store does not keep it.
fn check(word: &[u8], range: std::ops::RangeInclusive<i64>, error: &'static str) -> Done {
    match range.contains(&words::int(word)?) {
        true => Ok(()),
        false => Err(CommandError::new(error)),
    }
}
