//! The arguments of functions that a script calls, checked as Lua's own functions check them.

use mlua::{Lua, MultiValue, Value};

use crate::values::number::general;
use crate::values::raise::{self, Outcome};

/// The arguments of one call.
#[derive(Debug)]
pub(crate) struct Arguments<'a> {
    lua: &'a Lua,
    values: Vec<Value>,
}

impl<'a> Arguments<'a> {
    pub(crate) fn new(lua: &'a Lua, values: MultiValue) -> Self {
        Self { lua, values: values.into_vec() }
    }

    pub(crate) const fn lua(&self) -> &'a Lua {
        self.lua
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }

    /// The argument with this number, counted from 1.
    pub(crate) fn get(&self, number: usize) -> Option<&Value> {
        self.values.get(number.checked_sub(1)?)
    }

    /// Whether the argument is missing or nil.
    pub(crate) fn is_none(&self, number: usize) -> bool {
        matches!(self.get(number), None | Some(Value::Nil))
    }

    /// A string, or a number as text (`luaL_checklstring`).
    pub(crate) fn bytes(&self, number: usize) -> Outcome<Vec<u8>> {
        let found = self.get(number);
        let text = found.and_then(text);
        text.ok_or_else(|| raise::wrong_type(self.lua, number, "string", found))
    }

    /// A number, or a string that is one (`luaL_checknumber`).
    pub(crate) fn number(&self, number: usize) -> Outcome<f64> {
        let found = self.get(number);
        let value = match found {
            Some(Value::Integer(it)) => Some(float(*it)),
            Some(Value::Number(it)) => Some(*it),
            Some(value @ Value::String(_)) => self.lua.coerce_number(value.clone())?,
            _ => None,
        };
        value.ok_or_else(|| raise::wrong_type(self.lua, number, "number", found))
    }

    /// A whole number (`luaL_checkinteger`).
    pub(crate) fn integer(&self, number: usize) -> Outcome<i64> {
        self.number(number).map(truncated)
    }

    /// The error of the argument with this number.
    pub(crate) fn error(&self, number: usize, text: &str) -> mlua::Error {
        raise::argument(self.lua, number, text)
    }
}

/// A string, or a number as Lua shows it.
pub(crate) fn text(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(it) => Some(it.as_bytes().to_vec()),
        Value::Integer(it) => Some(general(float(*it), 14).into_bytes()),
        Value::Number(it) => Some(general(*it, 14).into_bytes()),
        _ => None,
    }
}

/// A number of a script; every number of Lua 5.1 is a float.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(it) => Some(float(*it)),
        Value::Number(it) => Some(*it),
        _ => None,
    }
}

/// A whole number as Lua keeps it.
#[expect(clippy::cast_precision_loss, reason = "every number of Lua 5.1 is a float")]
pub(crate) const fn float(integer: i64) -> f64 {
    integer as f64
}

/// A number without its fraction, as C converts it on the machines that servers run on: what does
/// not fit is the least integer.
#[expect(clippy::cast_possible_truncation, reason = "the bounds are checked")]
pub(crate) fn truncated(number: f64) -> i64 {
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    if (-BOUND..BOUND).contains(&number) { number as i64 } else { i64::MIN }
}
