//! The library `cmsgpack`: values as MessagePack.

use mlua::{Lua, Table};

use super::{msgpack_read, msgpack_write};
use crate::values::raise::Outcome;

/// The table `cmsgpack`.
pub(crate) fn table(lua: &Lua) -> Outcome<Table> {
    let table = lua.create_table()?;
    table.raw_set("pack", lua.create_function(msgpack_write::pack)?)?;
    table.raw_set("unpack", lua.create_function(msgpack_read::unpack)?)?;
    table.raw_set("unpack_one", lua.create_function(msgpack_read::unpack_one)?)?;
    table.raw_set("unpack_limit", lua.create_function(msgpack_read::unpack_limit)?)?;
    table.raw_set("_NAME", "cmsgpack")?;
    table.raw_set("_VERSION", "lua-cmsgpack 0.4.0")?;
    table.raw_set("_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo")?;
    table.raw_set("_DESCRIPTION", "MessagePack C implementation for Lua")?;
    Ok(table)
}
