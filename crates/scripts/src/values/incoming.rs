//! Replies of commands, as values of a script (`redisProtocolToLuaType`).

use mlua::{Lua, Table, Value};

use crate::values::arguments::float;
use crate::values::raise::{self, Outcome};

/// How deep a reply may be nested.
const DEPTH_MAX: usize = 128;

/// The value of a reply. An error is a table with the field `err`.
pub(crate) fn value(lua: &Lua, reply: &[u8]) -> Outcome<Value> {
    let mut rest = reply;
    read(lua, &mut rest, 0)
}

/// The text of an error reply, without its `-`.
pub(crate) fn error(reply: &[u8]) -> Option<&[u8]> {
    let text = reply.strip_prefix(b"-")?;
    Some(text.strip_suffix(b"\r\n").unwrap_or(text))
}

fn read(lua: &Lua, rest: &mut &[u8], depth: usize) -> Outcome<Value> {
    let line = line(rest).filter(|_| depth < DEPTH_MAX);
    let Some((kind, text)) = line.and_then(|line| line.split_first()) else {
        return Err(raise::plain("ERR the reply of the command is no RESP"));
    };
    match kind {
        b':' => Ok(Value::Number(float(integer(text)))),
        b'$' => string(lua, rest, text),
        b'*' if text.starts_with(b"-") => Ok(Value::Boolean(false)),
        b'*' | b'>' => array(lua, rest, text, depth).map(Value::Table),
        b'+' => field(lua, "ok", Value::String(lua.create_string(text)?)),
        b'-' => raise::failed(lua, text).map(Value::Table),
        b'%' => {
            let inner = pairs(lua, rest, text, depth, |lua, rest| read(lua, rest, depth + 1))?;
            field(lua, "map", Value::Table(inner))
        }
        b'~' => {
            let inner = pairs(lua, rest, text, depth, |_, _| Ok(Value::Boolean(true)))?;
            field(lua, "set", Value::Table(inner))
        }
        b'_' => Ok(Value::Nil),
        b'#' => Ok(Value::Boolean(text == b"t")),
        b',' => {
            let number = std::str::from_utf8(text).ok().and_then(|it| it.parse::<f64>().ok());
            field(lua, "double", Value::Number(number.unwrap_or(f64::NAN)))
        }
        b'(' => field(lua, "big_number", Value::String(lua.create_string(text)?)),
        b'=' => verbatim(lua, rest, text),
        _ => Err(raise::plain("ERR the reply of the command is no RESP")),
    }
}

fn string(lua: &Lua, rest: &mut &[u8], len: &[u8]) -> Outcome<Value> {
    match bulk(rest, len) {
        Some(bytes) => Ok(Value::String(lua.create_string(bytes)?)),
        None => Ok(Value::Boolean(false)),
    }
}

fn array(lua: &Lua, rest: &mut &[u8], count: &[u8], depth: usize) -> Outcome<Table> {
    let count = usize::try_from(integer(count)).unwrap_or(0);
    let table = lua.create_table_with_capacity(count.min(rest.len()), 0)?;
    for at in 1..=count {
        let item = read(lua, rest, depth + 1)?;
        table.raw_set(at, item)?;
    }
    Ok(table)
}

/// A table of so many keys, whose values `value` reads.
fn pairs(
    lua: &Lua,
    rest: &mut &[u8],
    count: &[u8],
    depth: usize,
    value: impl Fn(&Lua, &mut &[u8]) -> Outcome<Value>,
) -> Outcome<Table> {
    let table = lua.create_table()?;
    for _ in 0..integer(count) {
        let key = read(lua, rest, depth + 1)?;
        let value = value(lua, rest)?;
        table.raw_set(key, value)?;
    }
    Ok(table)
}

fn verbatim(lua: &Lua, rest: &mut &[u8], len: &[u8]) -> Outcome<Value> {
    let whole = bulk(rest, len).unwrap_or_default();
    let (format, text) = whole.split_at_checked(4).unwrap_or((b"txt:", whole));
    let inner = lua.create_table()?;
    inner.raw_set("string", lua.create_string(text)?)?;
    inner.raw_set("format", lua.create_string(&format[..3])?)?;
    field(lua, "verbatim_string", Value::Table(inner))
}

fn field(lua: &Lua, name: &str, value: Value) -> Outcome<Value> {
    let table = lua.create_table()?;
    table.raw_set(name, value)?;
    Ok(Value::Table(table))
}

fn integer(text: &[u8]) -> i64 {
    std::str::from_utf8(text).ok().and_then(|it| it.parse().ok()).unwrap_or(0)
}

/// The line up to the next CRLF.
fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.windows(2).position(|it| it == b"\r\n")?;
    let (line, behind) = rest.split_at(end);
    *rest = &behind[2..];
    Some(line)
}

/// The bytes of a bulk string of this length; `None` for null.
fn bulk<'a>(rest: &mut &'a [u8], len: &[u8]) -> Option<&'a [u8]> {
    let len = usize::try_from(integer(len)).ok()?;
    let (bytes, behind) = rest.split_at_checked(len)?;
    *rest = behind.get(2..).unwrap_or_default();
    Some(bytes)
}
