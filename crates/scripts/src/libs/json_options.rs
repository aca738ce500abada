//! The options of `cjson`, and the functions that set them.

use std::cell::Cell;
use std::rc::Rc;

use mlua::{Lua, MultiValue, Table, Value};

use crate::values::arguments::{Arguments, float};
use crate::values::raise::{self, Outcome};

/// How `cjson` treats numbers that JSON does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Invalid {
    #[default]
    Off,
    On,
    Null,
}

/// The options. They last as long as the state of Lua, as in Redis.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) sparse_convert: Cell<bool>,
    pub(super) sparse_ratio: Cell<i64>,
    pub(super) sparse_safe: Cell<i64>,
    pub(super) encode_depth: Cell<i64>,
    pub(super) decode_depth: Cell<i64>,
    pub(super) encode_invalid: Cell<Invalid>,
    pub(super) decode_invalid: Cell<bool>,
    keep_buffer: Cell<bool>,
    pub(super) precision: Cell<i64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sparse_convert: Cell::new(false),
            sparse_ratio: Cell::new(2),
            sparse_safe: Cell::new(10),
            encode_depth: Cell::new(1_000),
            decode_depth: Cell::new(1_000),
            encode_invalid: Cell::new(Invalid::Off),
            decode_invalid: Cell::new(true),
            keep_buffer: Cell::new(true),
            precision: Cell::new(14),
        }
    }
}

type Setter = fn(&Options, &Arguments<'_>) -> Outcome<MultiValue>;

/// Adds the functions that set the options.
pub(super) fn add(lua: &Lua, options: &Rc<Options>, table: &Table) -> Outcome<()> {
    let setters: [(&str, usize, Setter); 7] = [
        ("encode_sparse_array", 3, |options, args| {
            flag(args, 1, &options.sparse_convert)?;
            whole(args, 2, &options.sparse_ratio, (0, i64::from(i32::MAX)))?;
            whole(args, 3, &options.sparse_safe, (0, i64::from(i32::MAX)))?;
            Ok(MultiValue::from_vec(vec![
                Value::Boolean(options.sparse_convert.get()),
                Value::Number(float(options.sparse_ratio.get())),
                Value::Number(float(options.sparse_safe.get())),
            ]))
        }),
        ("encode_max_depth", 1, |options, args| {
            number(args, &options.encode_depth, (1, i64::from(i32::MAX)))
        }),
        ("decode_max_depth", 1, |options, args| {
            number(args, &options.decode_depth, (1, i64::from(i32::MAX)))
        }),
        ("encode_number_precision", 1, |options, args| number(args, &options.precision, (1, 14))),
        ("encode_keep_buffer", 1, |options, args| {
            flag(args, 1, &options.keep_buffer)?;
            Ok(one(Value::Boolean(options.keep_buffer.get())))
        }),
        ("encode_invalid_numbers", 1, encode_invalid_numbers),
        ("decode_invalid_numbers", 1, |options, args| {
            flag(args, 1, &options.decode_invalid)?;
            Ok(one(Value::Boolean(options.decode_invalid.get())))
        }),
    ];
    for (name, most, setter) in setters {
        let options = Rc::clone(options);
        let function = lua.create_function(move |lua, args: MultiValue| {
            let args = Arguments::new(lua, args);
            if args.len() > most {
                return Err(args.error(most + 1, "found too many arguments"));
            }
            setter(&options, &args)
        })?;
        table.raw_set(name, function)?;
    }
    Ok(())
}

fn encode_invalid_numbers(options: &Options, args: &Arguments<'_>) -> Outcome<MultiValue> {
    match args.get(1) {
        None | Some(Value::Nil) => {}
        Some(Value::Boolean(is)) => {
            options.encode_invalid.set(if *is { Invalid::On } else { Invalid::Off });
        }
        Some(Value::String(it)) if *it.as_bytes() == *b"null" => {
            options.encode_invalid.set(Invalid::Null);
        }
        Some(Value::String(it)) if *it.as_bytes() == *b"on" => {
            options.encode_invalid.set(Invalid::On);
        }
        Some(Value::String(it)) if *it.as_bytes() == *b"off" => {
            options.encode_invalid.set(Invalid::Off);
        }
        Some(Value::String(it)) => {
            let text = format!("invalid option '{}'", it.to_string_lossy());
            return Err(args.error(1, &text));
        }
        Some(other) => {
            let text = format!("string expected, got {}", raise::type_name(other));
            return Err(args.error(1, &text));
        }
    }
    let lua_value = match options.encode_invalid.get() {
        Invalid::Off => Value::Boolean(false),
        Invalid::On => Value::Boolean(true),
        Invalid::Null => Value::String(args.lua().create_string("null")?),
    };
    Ok(one(lua_value))
}

fn one(value: Value) -> MultiValue {
    MultiValue::from_vec(vec![value])
}

fn number(args: &Arguments<'_>, option: &Cell<i64>, bounds: (i64, i64)) -> Outcome<MultiValue> {
    whole(args, 1, option, bounds)?;
    Ok(one(Value::Number(float(option.get()))))
}

fn whole(
    args: &Arguments<'_>,
    number: usize,
    option: &Cell<i64>,
    (least, most): (i64, i64),
) -> Outcome<()> {
    if !args.is_none(number) {
        let value = args.integer(number)?;
        if value < least || value > most {
            let text = format!("expected integer between {least} and {most}");
            return Err(args.error(number, &text));
        }
        option.set(value);
    }
    Ok(())
}

fn flag(args: &Arguments<'_>, number: usize, option: &Cell<bool>) -> Outcome<()> {
    match args.get(number) {
        None | Some(Value::Nil) => {}
        Some(Value::Boolean(is)) => option.set(*is),
        Some(Value::String(it)) if *it.as_bytes() == *b"on" => option.set(true),
        Some(Value::String(it)) if *it.as_bytes() == *b"off" => option.set(false),
        Some(Value::String(it)) => {
            let text = format!("invalid option '{}'", it.to_string_lossy());
            return Err(args.error(number, &text));
        }
        Some(other) => {
            let text = format!("string expected, got {}", raise::type_name(other));
            return Err(args.error(number, &text));
        }
    }
    Ok(())
}
