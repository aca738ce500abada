//! `cmsgpack.pack`.

use mlua::{Lua, MultiValue, Table, Value};

use crate::values::arguments::{Arguments, number, truncated};
use crate::values::raise::{self, Outcome};

/// How deep tables are packed; deeper ones are nil, so that cycles end.
const DEPTH_MAX: usize = 16;

/// The most values that are packed at once.
const ARGUMENTS_MAX: usize = 4_000;
/// The most bytes of a packed value. Tables that occur several times are packed as often.
const BYTES_MAX: usize = 512 * 1024 * 1024;

/// Packs all arguments, one after the other.
pub(super) fn pack(lua: &Lua, args: MultiValue) -> Outcome<mlua::String> {
    let args = Arguments::new(lua, args);
    if args.len() == 0 {
        return Err(args.error(0, "MessagePack pack needs input."));
    }
    if args.len() > ARGUMENTS_MAX {
        return Err(args.error(0, "Too many arguments for MessagePack pack."));
    }
    let mut out = Vec::new();
    for value in args.values() {
        append(value, 0, &mut out)?;
    }
    lua.create_string(out)
}

fn append(value: &Value, depth: usize, out: &mut Vec<u8>) -> Outcome<()> {
    match value {
        Value::String(it) => append_bytes(&it.as_bytes(), out),
        Value::Boolean(is) => out.push(if *is { 0xc3 } else { 0xc2 }),
        Value::Integer(_) | Value::Number(_) => append_number(number(value).unwrap_or(0.0), out),
        Value::Table(table) if depth < DEPTH_MAX => append_table(table, depth, out)?,
        _ => out.push(0xc0),
    }
    Ok(())
}

fn append_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    match bytes.len() {
        len @ 0..32 => out.push(0xa0 | low(len)),
        len @ 32..=0xff => out.extend_from_slice(&[0xd9, low(len)]),
        len => append_count(len, 0xda, 0xdb, out),
    }
    out.extend_from_slice(bytes);
}

#[expect(clippy::cast_possible_truncation, reason = "the number is less than 256")]
const fn low(number: usize) -> u8 {
    number as u8
}

/// Appends a count in two bytes, or in four.
fn append_count(count: usize, short: u8, long: u8, out: &mut Vec<u8>) {
    if let Ok(count) = u16::try_from(count) {
        out.push(short);
        out.extend_from_slice(&count.to_be_bytes());
    } else {
        out.push(long);
        out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the narrower form is compared")]
#[expect(clippy::float_cmp, reason = "only the same number may have the shorter form")]
fn append_number(number: f64, out: &mut Vec<u8>) {
    let whole = truncated(number);
    if crate::values::arguments::float(whole) == number {
        return append_integer(whole, out);
    }
    let short = number as f32;
    if f64::from(short) == number {
        out.push(0xca);
        out.extend_from_slice(&short.to_be_bytes());
    } else {
        out.push(0xcb);
        out.extend_from_slice(&number.to_be_bytes());
    }
}

fn append_integer(number: i64, out: &mut Vec<u8>) {
    let bytes = number.to_be_bytes();
    let (mark, len) = match number {
        -32..=127 => (None, 1),
        128..=0xff => (Some(0xcc), 1),
        0x100..=0xffff => (Some(0xcd), 2),
        0x1_0000..=0xffff_ffff => (Some(0xce), 4),
        0x1_0000_0000.. => (Some(0xcf), 8),
        -128..=-33 => (Some(0xd0), 1),
        -32_768..=-129 => (Some(0xd1), 2),
        -2_147_483_648..=-32_769 => (Some(0xd2), 4),
        _ => (Some(0xd3), 8),
    };
    out.extend(mark);
    out.extend_from_slice(&bytes[8 - len..]);
}

fn append_table(table: &Table, depth: usize, out: &mut Vec<u8>) -> Outcome<()> {
    if out.len() > BYTES_MAX {
        return Err(raise::plain("not enough memory"));
    }
    let (count, is_array) = shape(table)?;
    if is_array {
        match count {
            0..16 => out.push(0x90 | low(count)),
            _ => append_count(count, 0xdc, 0xdd, out),
        }
        for at in 1..=count {
            append(&table.raw_get(at)?, depth + 1, out)?;
        }
        return Ok(());
    }
    match count {
        0..16 => out.push(0x80 | low(count)),
        _ => append_count(count, 0xde, 0xdf, out),
    }
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        append(&key, depth + 1, out)?;
        append(&value, depth + 1, out)?;
    }
    Ok(())
}

/// How many keys a table has, and whether they are 1, 2, ... without a gap.
fn shape(table: &Table) -> Outcome<(usize, bool)> {
    let (mut count, mut greatest, mut is_array) = (0, 0, true);
    for pair in table.pairs::<Value, Value>() {
        match pair?.0 {
            Value::Integer(at) if at > 0 => {
                greatest = greatest.max(usize::try_from(at).unwrap_or(usize::MAX));
            }
            _ => is_array = false,
        }
        count += 1;
    }
    Ok((count, is_array && count == greatest))
}
