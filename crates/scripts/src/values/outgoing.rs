//! The value that a script returns, as a reply (`luaReplyToRedisReply`).

use mlua::{Table, Value};
use tidegate_wire::resp::RespVersion;

use crate::values::arguments::{number, truncated};
use crate::values::number::general;
use crate::values::raise::Outcome;

/// How deep a value may be nested. Redis ends at about 8,000, where its stack of Lua does.
const DEPTH_MAX: usize = 200;

/// The protocols of a reply.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Versions {
    /// That of the client.
    pub(crate) client: RespVersion,
    /// That which the script has chosen.
    pub(crate) script: RespVersion,
}

/// Appends `value` as a reply.
pub(crate) fn append(value: &Value, versions: Versions, out: &mut Vec<u8>) -> Outcome<()> {
    append_at(value, versions, 0, out)
}

/// Appends an error. A line end within its text is a space.
pub(crate) fn append_error(text: &[u8], out: &mut Vec<u8>) {
    let end = text.iter().rposition(|it| !matches!(it, b'\r' | b'\n')).map_or(0, |it| it + 1);
    out.push(b'-');
    append_line(&text[..end], out);
}

fn append_at(value: &Value, versions: Versions, depth: usize, out: &mut Vec<u8>) -> Outcome<()> {
    if depth > DEPTH_MAX {
        out.extend_from_slice(b"-ERR reached lua stack limit\r\n");
        return Ok(());
    }
    match value {
        Value::String(it) => append_bulk(&it.as_bytes(), out),
        Value::Integer(_) | Value::Number(_) => {
            append_integer(truncated(number(value).unwrap_or_default()), out);
        }
        Value::Boolean(is) => append_bool(*is, versions, out),
        Value::Table(table) => append_table(table, versions, depth, out)?,
        _ => append_null(versions, out),
    }
    Ok(())
}

fn append_bool(is: bool, versions: Versions, out: &mut Vec<u8>) {
    match (versions.script, versions.client) {
        (RespVersion::V2, _) if is => out.extend_from_slice(b":1\r\n"),
        (RespVersion::V2, _) => append_null(versions, out),
        (RespVersion::V3, RespVersion::V3) if is => out.extend_from_slice(b"#t\r\n"),
        (RespVersion::V3, RespVersion::V3) => out.extend_from_slice(b"#f\r\n"),
        (RespVersion::V3, RespVersion::V2) => append_integer(i64::from(is), out),
    }
}

fn append_null(versions: Versions, out: &mut Vec<u8>) {
    out.extend_from_slice(match versions.client {
        RespVersion::V2 => b"$-1\r\n",
        RespVersion::V3 => b"_\r\n",
    });
}

fn append_table(table: &Table, versions: Versions, depth: usize, out: &mut Vec<u8>) -> Outcome<()> {
    if let Value::String(err) = table.raw_get::<Value>("err")? {
        append_error(&err.as_bytes(), out);
    } else if let Value::String(ok) = table.raw_get::<Value>("ok")? {
        out.push(b'+');
        append_line(&ok.as_bytes(), out);
    } else if let Some(double) = number(&table.raw_get::<Value>("double")?) {
        append_double(double, versions, out);
    } else if let Value::Table(map) = table.raw_get::<Value>("map")? {
        append_pairs(&map, true, versions, depth, out)?;
    } else if let Value::Table(set) = table.raw_get::<Value>("set")? {
        append_pairs(&set, false, versions, depth, out)?;
    } else if let Value::String(digits) = table.raw_get::<Value>("big_number")? {
        append_big_number(&digits.as_bytes(), versions, out);
    } else if let Value::Table(inner) = table.raw_get::<Value>("verbatim_string")?
        && let Value::String(format) = inner.raw_get::<Value>("format")?
        && let Value::String(string) = inner.raw_get::<Value>("string")?
    {
        append_verbatim(&format.as_bytes(), &string.as_bytes(), versions, out);
    } else {
        append_array(table, versions, depth, out)?;
    }
    Ok(())
}

fn append_array(table: &Table, versions: Versions, depth: usize, out: &mut Vec<u8>) -> Outcome<()> {
    let (mut items, mut count) = (Vec::new(), 0_i64);
    loop {
        let item = table.raw_get::<Value>(count + 1)?;
        if item.is_nil() {
            break;
        }
        append_at(&item, versions, depth + 1, &mut items)?;
        count += 1;
    }
    append_head(b'*', count, out);
    out.append(&mut items);
    Ok(())
}

/// Appends a map, or a set of the keys of `table`.
fn append_pairs(
    table: &Table,
    has_values: bool,
    versions: Versions,
    depth: usize,
    out: &mut Vec<u8>,
) -> Outcome<()> {
    let (mut items, mut count) = (Vec::new(), 0_i64);
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        append_at(&key, versions, depth + 1, &mut items)?;
        if has_values {
            append_at(&value, versions, depth + 1, &mut items)?;
        }
        count += 1;
    }
    match (versions.client, has_values) {
        (RespVersion::V2, true) => append_head(b'*', count * 2, out),
        (RespVersion::V2, false) => append_head(b'*', count, out),
        (RespVersion::V3, true) => append_head(b'%', count, out),
        (RespVersion::V3, false) => append_head(b'~', count, out),
    }
    out.append(&mut items);
    Ok(())
}

fn append_double(double: f64, versions: Versions, out: &mut Vec<u8>) {
    let text = general(double, 17);
    match versions.client {
        RespVersion::V2 => append_bulk(text.as_bytes(), out),
        RespVersion::V3 => {
            out.push(b',');
            append_line(text.as_bytes(), out);
        }
    }
}

fn append_big_number(digits: &[u8], versions: Versions, out: &mut Vec<u8>) {
    match versions.client {
        RespVersion::V2 => append_bulk(&spaced(digits), out),
        RespVersion::V3 => {
            out.push(b'(');
            append_line(digits, out);
        }
    }
}

fn append_verbatim(format: &[u8], string: &[u8], versions: Versions, out: &mut Vec<u8>) {
    match versions.client {
        RespVersion::V2 => append_bulk(string, out),
        RespVersion::V3 => {
            let padded: Vec<u8> = format.iter().copied().chain(*b"   ").take(3).collect();
            append_head(b'=', i64::try_from(string.len() + 4).unwrap_or(i64::MAX), out);
            out.extend_from_slice(&padded);
            out.push(b':');
            out.extend_from_slice(string);
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// Appends a string.
pub(crate) fn append_bulk(bytes: &[u8], out: &mut Vec<u8>) {
    append_head(b'$', i64::try_from(bytes.len()).unwrap_or(i64::MAX), out);
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

/// Appends an integer.
pub(crate) fn append_integer(integer: i64, out: &mut Vec<u8>) {
    append_head(b':', integer, out);
}

/// Appends the head of an array or the like.
pub(crate) fn append_head(kind: u8, number: i64, out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(number.to_string().as_bytes());
    out.extend_from_slice(b"\r\n");
}

fn append_line(text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&spaced(text));
    out.extend_from_slice(b"\r\n");
}

/// The text with spaces for line ends.
fn spaced(text: &[u8]) -> Vec<u8> {
    text.iter().map(|it| if matches!(it, b'\r' | b'\n') { b' ' } else { *it }).collect()
}
