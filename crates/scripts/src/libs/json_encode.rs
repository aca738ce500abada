//! `cjson.encode`.

use mlua::{Function, Lua, Table, Value};

use super::json_options::{Invalid, Options};
use crate::values::arguments::number;
use crate::values::number::general;
use crate::values::raise::{self, Outcome};

/// How deep tables may be nested, whatever the option says.
const DEPTH_MAX: i64 = 1_000;

/// The most bytes of a text.
const BYTES_MAX: usize = 512 * 1024 * 1024;

/// Writes values as JSON.
#[derive(Debug)]
pub(super) struct Encoder<'a> {
    pub(super) lua: &'a Lua,
    pub(super) options: &'a Options,
    /// Lua's own `next`.
    pub(super) next: &'a Function,
    pub(super) out: Vec<u8>,
}

/// An array or an object that is not complete.
#[derive(Debug)]
enum Open {
    Array { table: Table, at: i64, len: i64 },
    Object { table: Table, key: Value },
}

impl Encoder<'_> {
    /// Appends a value. Nothing recurses: a value may be nested deeply.
    pub(super) fn append(&mut self, value: &Value) -> Outcome<()> {
        let mut open = Vec::new();
        self.begin(value, &mut open)?;
        while let Some(last) = open.last_mut() {
            if self.out.len() > BYTES_MAX {
                return Err(raise::plain("not enough memory"));
            }
            let next = match last {
                Open::Array { at, len, .. } if at == len => {
                    self.out.push(b']');
                    None
                }
                Open::Array { table, at, .. } => {
                    if *at > 0 {
                        self.out.push(b',');
                    }
                    *at += 1;
                    Some(table.raw_get::<Value>(*at)?)
                }
                Open::Object { table, key } => {
                    let is_first = key.is_nil();
                    let (new, value): (Value, Value) = self.next.call((&*table, &*key))?;
                    *key = new;
                    if key.is_nil() {
                        self.out.push(b'}');
                        None
                    } else {
                        if !is_first {
                            self.out.push(b',');
                        }
                        self.append_key(key)?;
                        Some(value)
                    }
                }
            };
            match next {
                Some(value) => self.begin(&value, &mut open)?,
                None => drop(open.pop()),
            }
        }
        Ok(())
    }

    /// Appends a value, or the beginning of a table.
    fn begin(&mut self, value: &Value, open: &mut Vec<Open>) -> Outcome<()> {
        match value {
            Value::String(it) => self.append_string(&it.as_bytes()),
            Value::Integer(_) | Value::Number(_) => {
                return self.append_number(number(value).unwrap_or(0.0));
            }
            Value::Boolean(is) => self.push(if *is { b"true" } else { b"false" }),
            Value::Table(table) => {
                let depth = i64::try_from(open.len() + 1).unwrap_or(i64::MAX);
                open.push(self.begin_table(table, depth)?);
            }
            Value::Nil => self.push(b"null"),
            Value::LightUserData(it) if it.0.is_null() => self.push(b"null"),
            other => return Err(self.refused(raise::type_name(other), "type not supported")),
        }
        Ok(())
    }

    fn begin_table(&mut self, table: &Table, depth: i64) -> Outcome<Open> {
        if depth > self.options.encode_depth.get().min(DEPTH_MAX) {
            let text = format!("Cannot serialise, excessive nesting ({depth})");
            return Err(raise::error(self.lua, text));
        }
        Ok(match self.array_len(table)? {
            Some(len @ 1..) => {
                self.out.push(b'[');
                Open::Array { table: table.clone(), at: 0, len }
            }
            _ => {
                self.out.push(b'{');
                Open::Object { table: table.clone(), key: Value::Nil }
            }
        })
    }

    fn append_key(&mut self, key: &Value) -> Outcome<()> {
        match key {
            Value::String(it) => self.append_string(&it.as_bytes()),
            Value::Integer(_) | Value::Number(_) => {
                self.out.push(b'"');
                self.append_number(number(key).unwrap_or(0.0))?;
                self.out.push(b'"');
            }
            other => {
                let why = "table key must be a number or string";
                return Err(self.refused(raise::type_name(other), why));
            }
        }
        self.out.push(b':');
        Ok(())
    }

    fn push(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn refused(&self, kind: &str, why: &str) -> mlua::Error {
        raise::error(self.lua, format!("Cannot serialise {kind}: {why}"))
    }

    fn append_string(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        for byte in bytes {
            match byte {
                b'"' => self.push(b"\\\""),
                b'\\' => self.push(b"\\\\"),
                b'/' => self.push(b"\\/"),
                8 => self.push(b"\\b"),
                b'\t' => self.push(b"\\t"),
                b'\n' => self.push(b"\\n"),
                12 => self.push(b"\\f"),
                b'\r' => self.push(b"\\r"),
                0..32 | 127 => self.push(format!("\\u{byte:04x}").as_bytes()),
                other => self.out.push(*other),
            }
        }
        self.out.push(b'"');
    }

    fn append_number(&mut self, number: f64) -> Outcome<()> {
        if !number.is_finite() {
            match self.options.encode_invalid.get() {
                Invalid::Off => return Err(self.refused("number", "must not be NaN or Inf")),
                Invalid::Null => {
                    self.push(b"null");
                    return Ok(());
                }
                Invalid::On if number.is_nan() => {
                    self.push(b"nan");
                    return Ok(());
                }
                Invalid::On => {}
            }
        }
        let precision = usize::try_from(self.options.precision.get()).unwrap_or(14);
        self.push(general(number, precision).as_bytes());
        Ok(())
    }

    /// The greatest index; `None` if the table is no array.
    fn array_len(&self, table: &Table) -> Outcome<Option<i64>> {
        let (mut greatest, mut items) = (0, 0);
        for pair in table.pairs::<Value, Value>() {
            match pair?.0 {
                Value::Integer(at @ 1..) => greatest = greatest.max(at),
                // Greater than every integer of Lua's bindings, but whole.
                _ => return Ok(None),
            }
            items += 1;
        }
        let (ratio, safe) = (self.options.sparse_ratio.get(), self.options.sparse_safe.get());
        if ratio > 0 && greatest > items * ratio && greatest > safe {
            if !self.options.sparse_convert.get() {
                return Err(self.refused("table", "excessively sparse array"));
            }
            return Ok(None);
        }
        Ok(Some(greatest))
    }
}
