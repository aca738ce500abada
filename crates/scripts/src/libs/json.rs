//! The library `cjson`.

use std::rc::Rc;

use mlua::{Function, Lua, MultiValue, Table, Value};

use super::json_decode::decode;
use super::json_encode::Encoder;
use super::json_options::{self, Options};
use crate::values::arguments::Arguments;
use crate::values::raise::Outcome;

/// The table `cjson`.
pub(crate) fn table(lua: &Lua) -> Outcome<Table> {
    let next: Function = lua.globals().raw_get("next")?;
    let table = contents(lua, &next)?;
    // A set of functions with options of its own.
    table.raw_set("new", lua.create_function(move |lua, _: MultiValue| contents(lua, &next))?)?;
    Ok(table)
}

fn contents(lua: &Lua, next: &Function) -> Outcome<Table> {
    let options = Rc::<Options>::default();
    let table = lua.create_table()?;
    let own = Rc::clone(&options);
    let next = next.clone();
    let encode = lua.create_function(move |lua, args: MultiValue| {
        let args = Arguments::new(lua, args);
        let [value] = args.values() else {
            return Err(args.error(1, "expected 1 argument"));
        };
        let mut encoder = Encoder { lua, options: &own, next: &next, out: Vec::new() };
        encoder.append(value)?;
        lua.create_string(encoder.out)
    })?;
    table.raw_set("encode", encode)?;
    let own = Rc::clone(&options);
    let decode = lua.create_function(move |lua, args: MultiValue| {
        let args = Arguments::new(lua, args);
        if args.len() != 1 {
            return Err(args.error(1, "expected 1 argument"));
        }
        decode(lua, &own, &args.bytes(1)?)
    })?;
    table.raw_set("decode", decode)?;
    json_options::add(lua, &options, &table)?;
    table.raw_set("null", Value::NULL)?;
    table.raw_set("_NAME", "cjson")?;
    table.raw_set("_VERSION", "2.1.0")?;
    Ok(table)
}
