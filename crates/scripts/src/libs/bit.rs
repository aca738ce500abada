//! The library `bit`: operations on 32 bits, as Lua BitOp has them.

use mlua::{Lua, MultiValue, Table};

use crate::values::arguments::Arguments;
use crate::values::raise::Outcome;

/// The table `bit`.
pub(crate) fn table(lua: &Lua) -> Outcome<Table> {
    let table = lua.create_table()?;
    one(lua, &table, "tobit", |bits| bits)?;
    one(lua, &table, "bnot", |bits| !bits)?;
    one(lua, &table, "bswap", u32::swap_bytes)?;
    fold(lua, &table, "band", |a, b| a & b)?;
    fold(lua, &table, "bor", |a, b| a | b)?;
    fold(lua, &table, "bxor", |a, b| a ^ b)?;
    shift(lua, &table, "lshift", |bits, by| bits << by)?;
    shift(lua, &table, "rshift", |bits, by| bits >> by)?;
    shift(lua, &table, "arshift", |bits, by| (bits.cast_signed() >> by).cast_unsigned())?;
    shift(lua, &table, "rol", u32::rotate_left)?;
    shift(lua, &table, "ror", u32::rotate_right)?;
    let tohex = lua.create_function(|lua, args: MultiValue| {
        let args = Arguments::new(lua, args);
        let bits = bits(&args, 1)?;
        let digits = if args.get(2).is_none() { 8 } else { signed(self::bits(&args, 2)?) };
        let count = usize::try_from(digits.unsigned_abs().min(8)).unwrap_or(8);
        let text = if digits < 0 { format!("{bits:08X}") } else { format!("{bits:08x}") };
        Ok(text[8 - count..].to_owned())
    })?;
    table.raw_set("tohex", tohex)?;
    Ok(table)
}

/// The low 32 bits of an argument, which is rounded to a whole number.
#[expect(clippy::cast_possible_truncation, reason = "the low 32 bits are wanted")]
fn bits(args: &Arguments<'_>, number: usize) -> Outcome<u32> {
    // 2^52 + 2^51: the sum has the whole number in its low bits.
    const ROUNDING: f64 = 6_755_399_441_055_744.0;
    Ok((args.number(number)? + ROUNDING).to_bits() as u32)
}

const fn signed(bits: u32) -> i32 {
    bits.cast_signed()
}

fn one(lua: &Lua, table: &Table, name: &str, of: fn(u32) -> u32) -> Outcome<()> {
    let function = lua.create_function(move |lua, args: MultiValue| {
        let args = Arguments::new(lua, args);
        Ok(signed(of(bits(&args, 1)?)))
    })?;
    table.raw_set(name, function)
}

fn fold(lua: &Lua, table: &Table, name: &str, of: fn(u32, u32) -> u32) -> Outcome<()> {
    let function = lua.create_function(move |lua, args: MultiValue| {
        let args = Arguments::new(lua, args);
        let mut result = bits(&args, 1)?;
        for number in 2..=args.len() {
            result = of(result, bits(&args, number)?);
        }
        Ok(signed(result))
    })?;
    table.raw_set(name, function)
}

fn shift(lua: &Lua, table: &Table, name: &str, of: fn(u32, u32) -> u32) -> Outcome<()> {
    let function = lua.create_function(move |lua, args: MultiValue| {
        let args = Arguments::new(lua, args);
        let (bits, by) = (bits(&args, 1)?, bits(&args, 2)?);
        Ok(signed(of(bits, by & 31)))
    })?;
    table.raw_set(name, function)
}
