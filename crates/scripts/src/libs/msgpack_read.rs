//! `cmsgpack.unpack`, `unpack_one` and `unpack_limit`.

use mlua::{Lua, MultiValue, Table, Value};

use crate::values::arguments::{Arguments, float};
use crate::values::raise::{self, Outcome};

/// How deep arrays and maps may be nested.
const DEPTH_MAX: usize = 200;
/// The most values that one call returns.
const RESULTS_MAX: usize = 7_000;
const TOO_MANY: &str = "stack overflow (too many return values at once; use unpack_one or \
                        unpack_limit instead.)";

/// `unpack(data)`: all values.
pub(super) fn unpack(lua: &Lua, args: MultiValue) -> Outcome<MultiValue> {
    let args = Arguments::new(lua, args);
    read(lua, &args.bytes(1)?, 0, 0)
}

/// `unpack_one(data, offset)`: the next offset and one value.
pub(super) fn unpack_one(lua: &Lua, args: MultiValue) -> Outcome<MultiValue> {
    let args = Arguments::new(lua, args);
    let offset = if args.is_none(2) { 0 } else { args.integer(2)? };
    read(lua, &args.bytes(1)?, 1, offset)
}

/// `unpack_limit(data, limit, offset)`: the next offset and so many values.
pub(super) fn unpack_limit(lua: &Lua, args: MultiValue) -> Outcome<MultiValue> {
    let args = Arguments::new(lua, args);
    let limit = args.integer(2)?;
    let offset = if args.is_none(3) { 0 } else { args.integer(3)? };
    read(lua, &args.bytes(1)?, limit, offset)
}

/// So many values from `offset` on; with neither, all of them and no offset.
fn read(lua: &Lua, data: &[u8], limit: i64, offset: i64) -> Outcome<MultiValue> {
    let (Ok(start), Ok(most)) = (usize::try_from(offset), usize::try_from(limit)) else {
        let len = data.len();
        let text = format!("Invalid request to unpack with offset of {offset} and limit of {len}.");
        return Err(raise::error(lua, text));
    };
    let Some(rest) = data.get(start..) else {
        let len = data.len();
        let text = format!("Start offset {start} greater than input length {len}.");
        return Err(raise::error(lua, text));
    };
    let is_all = most == 0 && start == 0;
    let most = if is_all { usize::MAX } else { most };
    let mut reader = Reader { lua, rest };
    let mut values = Vec::new();
    while !reader.rest.is_empty() && values.len() < most {
        if values.len() >= RESULTS_MAX {
            return Err(raise::error(lua, TOO_MANY));
        }
        values.push(reader.value(0)?);
    }
    if !is_all {
        let next = match reader.rest.len() {
            0 => -1,
            left => i64::try_from(data.len() - left).unwrap_or(i64::MAX),
        };
        values.insert(0, Value::Number(float(next)));
    }
    Ok(MultiValue::from_vec(values))
}

struct Reader<'a> {
    lua: &'a Lua,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Outcome<Value> {
        if depth > DEPTH_MAX {
            let text = "stack overflow (in function mp_decode_to_lua_array)";
            return Err(raise::error(self.lua, text));
        }
        let [mark] = self.bytes()?;
        Ok(match mark {
            0x00..=0x7f => Value::Number(f64::from(mark)),
            0xe0..=0xff => Value::Number(f64::from(mark.cast_signed())),
            0x80..=0x8f => Value::Table(self.map(usize::from(mark & 0xf), depth)?),
            0x90..=0x9f => Value::Table(self.array(usize::from(mark & 0xf), depth)?),
            0xa0..=0xbf => self.string(usize::from(mark & 0x1f))?,
            0xc0 => Value::Nil,
            0xc2 => Value::Boolean(false),
            0xc3 => Value::Boolean(true),
            0xca => Value::Number(f64::from(f32::from_be_bytes(self.bytes()?))),
            0xcb => Value::Number(f64::from_be_bytes(self.bytes()?)),
            0xd9 => {
                let [len] = self.bytes()?;
                self.string(usize::from(len))?
            }
            0xda => {
                let len = u16::from_be_bytes(self.bytes()?);
                self.string(usize::from(len))?
            }
            0xdb => {
                let len = self.count()?;
                self.string(len)?
            }
            0xdc => {
                let count = u16::from_be_bytes(self.bytes()?);
                Value::Table(self.array(usize::from(count), depth)?)
            }
            0xdd => {
                let count = self.count()?;
                Value::Table(self.array(count, depth)?)
            }
            0xde => {
                let count = u16::from_be_bytes(self.bytes()?);
                Value::Table(self.map(usize::from(count), depth)?)
            }
            0xdf => {
                let count = self.count()?;
                Value::Table(self.map(count, depth)?)
            }
            0xcc..=0xd3 => Value::Number(self.number(mark)?),
            _ => return Err(raise::error(self.lua, "Bad data format in input.")),
        })
    }

    fn number(&mut self, mark: u8) -> Outcome<f64> {
        Ok(match mark {
            0xcc => f64::from(u8::from_be_bytes(self.bytes()?)),
            0xcd => f64::from(u16::from_be_bytes(self.bytes()?)),
            0xce => f64::from(u32::from_be_bytes(self.bytes()?)),
            0xd0 => f64::from(i8::from_be_bytes(self.bytes()?)),
            0xd1 => f64::from(i16::from_be_bytes(self.bytes()?)),
            0xd2 => f64::from(i32::from_be_bytes(self.bytes()?)),
            // Redis takes an unsigned one of 64 bits for a signed one.
            _ => float(i64::from_be_bytes(self.bytes()?)),
        })
    }

    fn count(&mut self) -> Outcome<usize> {
        Ok(usize::try_from(u32::from_be_bytes(self.bytes()?)).unwrap_or(usize::MAX))
    }

    fn bytes<const N: usize>(&mut self) -> Outcome<[u8; N]> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| self.missing())
    }

    fn take(&mut self, len: usize) -> Outcome<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(|| self.missing())?;
        self.rest = rest;
        Ok(taken)
    }

    fn missing(&self) -> mlua::Error {
        raise::error(self.lua, "Missing bytes in input.")
    }

    fn string(&mut self, len: usize) -> Outcome<Value> {
        let bytes = self.take(len)?;
        Ok(Value::String(self.lua.create_string(bytes)?))
    }

    fn array(&mut self, count: usize, depth: usize) -> Outcome<Table> {
        let table = self.lua.create_table()?;
        for at in 1..=count {
            let value = self.value(depth + 1)?;
            table.raw_set(at, value)?;
        }
        Ok(table)
    }

    fn map(&mut self, count: usize, depth: usize) -> Outcome<Table> {
        let table = self.lua.create_table()?;
        for _ in 0..count {
            let key = self.value(depth + 1)?;
            let value = self.value(depth + 1)?;
            match &key {
                Value::Nil => return Err(raise::plain("table index is nil")),
                Value::Number(it) if it.is_nan() => {
                    return Err(raise::plain("table index is NaN"));
                }
                _ => table.raw_set(key, value)?,
            }
        }
        Ok(table)
    }
}
