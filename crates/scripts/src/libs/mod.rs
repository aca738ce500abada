//! The libraries of scripts that Redis adds to Lua's own.

mod bit;
mod json;
mod json_decode;
mod json_encode;
mod json_options;
mod json_token;
mod msgpack;
mod msgpack_read;
mod msgpack_write;
mod struct_format;
mod structs;

use mlua::{Lua, Table};

use crate::values::raise::Outcome;

/// All of them, with their names.
pub(crate) fn all(lua: &Lua) -> Outcome<Vec<(&'static str, Table)>> {
    Ok(vec![
        ("bit", bit::table(lua)?),
        ("cjson", json::table(lua)?),
        ("cmsgpack", msgpack::table(lua)?),
        ("struct", structs::table(lua)?),
    ])
}
