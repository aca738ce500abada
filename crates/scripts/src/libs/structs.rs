//! The library `struct`: values as bytes in a given format.

use mlua::{Lua, MultiValue, Table, Value};

use super::struct_format::{Format, Item, Kind};
use crate::values::arguments::{Arguments, float, truncated};
use crate::values::raise::{self, Outcome};

/// The most values that one call returns.
const RESULTS_MAX: usize = 7_000;
/// The most bytes that a format may make of padding and sizes.
const BYTES_MAX: usize = 512 * 1024 * 1024;
const TOO_SHORT: &str = "data string too short";

/// The table `struct`.
pub(crate) fn table(lua: &Lua) -> Outcome<Table> {
    let table = lua.create_table()?;
    table.raw_set("pack", lua.create_function(pack)?)?;
    table.raw_set("unpack", lua.create_function(unpack)?)?;
    table.raw_set("size", lua.create_function(size)?)?;
    Ok(table)
}

fn pack(lua: &Lua, args: MultiValue) -> Outcome<mlua::String> {
    let mut args = args;
    // In C a nil lies behind the arguments.
    args.push_back(Value::Nil);
    let args = Arguments::new(lua, args);
    if args.len() == 1 {
        return Err(raise::wrong_type(lua, 1, "string", None));
    }
    let text = args.bytes(1)?;
    let mut format = Format::new(lua, &text);
    let (mut out, mut argument) = (Vec::new(), 1);
    while let Some(item) = format.next(out.len())? {
        if out.len() + item.padding > BYTES_MAX {
            return Err(raise::plain("not enough memory"));
        }
        out.resize(out.len() + item.padding, 0);
        if item.kind == Kind::Padding {
            out.push(0);
            continue;
        }
        argument += 1;
        pack_item(&args, argument, item, &mut out)?;
    }
    lua.create_string(out)
}

#[expect(clippy::cast_possible_truncation, reason = "a float has fewer digits, as in C")]
fn pack_item(args: &Arguments<'_>, argument: usize, item: Item, out: &mut Vec<u8>) -> Outcome<()> {
    match item.kind {
        Kind::Integer { .. } => put_integer(args.number(argument)?, item, out),
        Kind::Float => {
            let bytes = (args.number(argument)? as f32).to_le_bytes();
            put(&bytes, item, out);
        }
        Kind::Double => put(&args.number(argument)?.to_le_bytes(), item, out),
        Kind::Bytes | Kind::Text => {
            let bytes = args.bytes(argument)?;
            let size = if item.size == 0 { bytes.len() } else { item.size };
            let Some(bytes) = bytes.get(..size) else {
                return Err(args.error(argument + 1, "string too short"));
            };
            out.extend_from_slice(bytes);
            if item.kind == Kind::Text {
                out.push(0);
            }
        }
        Kind::Padding => {}
    }
    Ok(())
}

/// Appends a number, whose bytes are in the order of a little-endian machine.
fn put(bytes: &[u8], item: Item, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(bytes);
    if item.is_big_endian {
        out[start..].reverse();
    }
}

fn put_integer(number: f64, item: Item, out: &mut Vec<u8>) {
    let mut bytes = bits_of(number).to_le_bytes().to_vec();
    bytes.resize(item.size, 0);
    put(&bytes, item, out);
}

/// The bits of a number as an integer: a negative one as signed.
fn bits_of(number: f64) -> u64 {
    const SIGN: u64 = 1 << 63;
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    if number < BOUND {
        truncated(number).cast_unsigned()
    } else {
        truncated(number - BOUND).cast_unsigned() ^ SIGN
    }
}

fn unpack(lua: &Lua, args: MultiValue) -> Outcome<MultiValue> {
    let args = Arguments::new(lua, args);
    let (text, data) = (args.bytes(1)?, args.bytes(2)?);
    let start = if args.is_none(3) { 1 } else { args.integer(3)? };
    if start == 0 {
        return Err(args.error(3, "offset must be 1 or greater"));
    }
    // A negative one is far behind the data.
    let mut position = usize::try_from(start.saturating_sub(1)).unwrap_or(usize::MAX);
    let mut format = Format::new(lua, &text);
    let mut values: Vec<Value> = Vec::new();
    while let Some(item) = format.next(position)? {
        position = position.saturating_add(item.padding);
        let short = || args.error(2, TOO_SHORT);
        let rest = data.get(position..).unwrap_or_default();
        if position > data.len() || item.size > rest.len() {
            return Err(short());
        }
        if values.len() >= RESULTS_MAX {
            return Err(raise::error(lua, "stack overflow (too many results)"));
        }
        position += match item.kind {
            Kind::Padding => 1,
            Kind::Bytes => {
                let size = match item.size {
                    0 => previous(lua, &mut values)?,
                    size => size,
                };
                let bytes = rest.get(..size).ok_or_else(short)?;
                values.push(Value::String(lua.create_string(bytes)?));
                size
            }
            Kind::Text => {
                let Some(len) = rest.iter().position(|it| *it == 0) else {
                    return Err(raise::error(lua, "unfinished string in data"));
                };
                values.push(Value::String(lua.create_string(&rest[..len])?));
                len + 1
            }
            _ => {
                values.push(Value::Number(taken(&rest[..item.size], item)));
                item.size
            }
        };
    }
    values.push(Value::Number(float(i64::try_from(position + 1).unwrap_or(i64::MAX))));
    Ok(MultiValue::from_vec(values))
}

/// The value before, which is the size of `c0`.
fn previous(lua: &Lua, values: &mut Vec<Value>) -> Outcome<usize> {
    let previous = match values.last() {
        Some(value) => lua.coerce_number(value.clone())?,
        None => None,
    };
    let Some(size) = previous else {
        return Err(raise::error(lua, "format 'c0' needs a previous size"));
    };
    values.pop();
    Ok(usize::try_from(truncated(size)).unwrap_or(usize::MAX))
}

/// The number of an item in its bytes.
#[expect(clippy::cast_precision_loss, reason = "every number of Lua 5.1 is a float")]
fn taken(bytes: &[u8], item: Item) -> f64 {
    let mut bytes = bytes.to_vec();
    if item.is_big_endian {
        bytes.reverse();
    }
    match item.kind {
        Kind::Float => bytes.try_into().map_or(0.0, |it| f64::from(f32::from_le_bytes(it))),
        Kind::Double => bytes.try_into().map_or(0.0, f64::from_le_bytes),
        Kind::Integer { is_signed } => {
            let unsigned = bytes.iter().rev().fold(0_u64, |all, it| (all << 8) | u64::from(*it));
            if !is_signed {
                return unsigned as f64;
            }
            // The sign is where C's shift puts it, also for sizes above 8.
            let shift = (item.size * 8).wrapping_sub(1) & 63;
            let mask = u64::MAX << shift;
            let signed = if unsigned & mask == 0 { unsigned } else { unsigned | mask };
            float(signed.cast_signed())
        }
        Kind::Padding | Kind::Bytes | Kind::Text => 0.0,
    }
}

fn size(lua: &Lua, args: MultiValue) -> Outcome<f64> {
    let args = Arguments::new(lua, args);
    let text = args.bytes(1)?;
    let mut format = Format::new(lua, &text).without_unknown_letters();
    let mut position: usize = 0;
    while let Some(item) = format.next(position)? {
        match item.kind {
            Kind::Text => return Err(args.error(1, "option 's' has no fixed size")),
            Kind::Bytes if item.size == 0 => {
                return Err(args.error(1, "option 'c0' has no fixed size"));
            }
            _ => position = position.saturating_add(item.padding).saturating_add(item.size),
        }
    }
    Ok(float(i64::try_from(position).unwrap_or(i64::MAX)))
}
