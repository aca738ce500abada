//! Errors that functions in Rust raise in a script, as functions in C raise them.

use mlua::{Lua, Value};

/// An error that a script can catch.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Raised {
    /// A text, as `luaL_error` raises it.
    #[error("{}", String::from_utf8_lossy(.0))]
    Text(Vec<u8>),
    /// A table whose field `err` has the text.
    #[error("{}", String::from_utf8_lossy(.0))]
    Table(Vec<u8>),
    /// The same, for the error reply of a command, which the server has counted.
    #[error("{}", String::from_utf8_lossy(.0))]
    Reply(Vec<u8>),
}

/// The result of a function that a script calls.
pub(crate) type Outcome<T> = mlua::Result<T>;

/// The error `text` with the place of the caller in front, as `luaL_error` has it.
pub(crate) fn error(lua: &Lua, text: impl AsRef<[u8]>) -> mlua::Error {
    let mut whole = place(lua).into_bytes();
    whole.extend_from_slice(text.as_ref());
    plain(whole)
}

/// The error `text` as it is.
pub(crate) fn plain(text: impl Into<Vec<u8>>) -> mlua::Error {
    mlua::Error::external(Raised::Text(text.into()))
}

/// The error as a table with the field `err`.
pub(crate) fn table(err: impl Into<Vec<u8>>) -> mlua::Error {
    mlua::Error::external(Raised::Table(err.into()))
}

/// The error reply of a command as a table with the field `err`.
pub(crate) fn reply(err: impl Into<Vec<u8>>) -> mlua::Error {
    mlua::Error::external(Raised::Reply(err.into()))
}

/// The error of an argument, counted from 1, as `luaL_argerror` has it.
pub(crate) fn argument(lua: &Lua, number: usize, text: &str) -> mlua::Error {
    let name = lua.inspect_stack(0, |debug| debug.names().name.map(|it| it.into_owned()));
    let name = name.flatten().unwrap_or_else(|| "?".to_owned());
    error(lua, format!("bad argument #{number} to '{name}' ({text})"))
}

/// The error of an argument of another type, as `luaL_typerror` has it.
pub(crate) fn wrong_type(
    lua: &Lua,
    number: usize,
    expected: &str,
    found: Option<&Value>,
) -> mlua::Error {
    let found = found.map_or("no value", type_name);
    argument(lua, number, &format!("{expected} expected, got {found}"))
}

/// The name of the value's type in a script.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Nil => "nil",
        Value::Boolean(_) => "boolean",
        Value::Integer(_) | Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Table(_) => "table",
        Value::Function(_) => "function",
        Value::Thread(_) => "thread",
        _ => "userdata",
    }
}

/// The place of the function that called the running one: `user_script:1: `.
fn place(lua: &Lua) -> String {
    let at = lua.inspect_stack(1, |debug| {
        let source = debug.source().short_src.map(|it| it.into_owned());
        debug.current_line().map(|line| (source.unwrap_or_default(), line))
    });
    at.flatten().map_or_else(String::new, |(source, line)| format!("{source}:{line}: "))
}

/// The error that a script sees instead of the error of a function in Rust.
pub(crate) fn seen(lua: &Lua, error: &mlua::Error) -> Outcome<Value> {
    match raised(error) {
        Some(Raised::Text(text)) => Ok(Value::String(lua.create_string(text)?)),
        Some(Raised::Table(err)) => {
            let table = lua.create_table()?;
            table.raw_set("err", lua.create_string(err)?)?;
            Ok(Value::Table(table))
        }
        Some(Raised::Reply(err)) => failed(lua, err).map(Value::Table),
        None => Ok(Value::String(lua.create_string(first_cause(error).to_string())?)),
    }
}

/// The table of the error reply of a command.
pub(crate) fn failed(lua: &Lua, err: &[u8]) -> Outcome<mlua::Table> {
    let table = lua.create_table()?;
    table.raw_set("err", lua.create_string(err)?)?;
    table.raw_set("ignore_error_stats_update", true)?;
    Ok(table)
}

fn raised(error: &mlua::Error) -> Option<&Raised> {
    match error {
        mlua::Error::CallbackError { cause, .. } => raised(cause),
        mlua::Error::ExternalError(error) => error.downcast_ref(),
        _ => None,
    }
}

fn first_cause(error: &mlua::Error) -> &mlua::Error {
    match error {
        mlua::Error::CallbackError { cause, .. } => first_cause(cause),
        other => other,
    }
}
