//! The table `redis` of a script.

use std::rc::Rc;

use mlua::{Lua, MultiValue, Table, Value};
use sha1::{Digest as _, Sha1};
use tidegate_wire::resp::RespVersion;

use crate::host::LogLevel;
use crate::port::Port;
use crate::values::arguments::{number, text, truncated};
use crate::values::incoming;
use crate::values::number::general;
use crate::values::raise::{self, Outcome};

/// The version that scripts see as `redis.REDIS_VERSION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// As text: `7.0.15`.
    pub text: String,
    /// As `redis.REDIS_VERSION_NUM`: `0x0007000f`.
    pub number: u32,
}

impl Default for Version {
    fn default() -> Self {
        Self { text: "7.0.15".to_owned(), number: 0x0007_000f }
    }
}

const ONE_ARGUMENT: &str = "ERR Please specify at least one argument for this redis lib call";
const BAD_WORDS: &str = "ERR Lua redis lib command arguments must be strings or integers";
const WRONG_ARGUMENTS: &str = "ERR wrong number or type of arguments";

/// The table `redis` with what all kinds of scripts have.
pub(crate) fn table(lua: &Lua, port: &Rc<Port>, version: &Version) -> Outcome<Table> {
    let api = lua.create_table()?;
    let constants: [(&str, i64); 9] = [
        ("LOG_DEBUG", 0),
        ("LOG_VERBOSE", 1),
        ("LOG_NOTICE", 2),
        ("LOG_WARNING", 3),
        ("REPL_NONE", 0),
        ("REPL_AOF", 1),
        ("REPL_SLAVE", 2),
        ("REPL_REPLICA", 2),
        ("REPL_ALL", 3),
    ];
    for (name, value) in constants {
        api.raw_set(name, value)?;
    }
    api.raw_set("REDIS_VERSION", version.text.as_str())?;
    api.raw_set("REDIS_VERSION_NUM", version.number)?;
    commands(lua, port, &api)?;
    replies(lua, &api)?;
    settings(lua, port, &api)?;
    Ok(api)
}

/// `call`, `pcall`, `acl_check_cmd`.
fn commands(lua: &Lua, port: &Rc<Port>, api: &Table) -> Outcome<()> {
    let own = Rc::clone(port);
    let call = lua.create_function(move |lua, args: MultiValue| {
        let reply = own.call(words(&args)?)?;
        match incoming::error(&reply) {
            Some(error) => Err(raise::reply(coded(&[b"-", error].concat()))),
            None => incoming::value(lua, &reply),
        }
    })?;
    api.raw_set("call", call)?;
    let own = Rc::clone(port);
    let pcall = lua.create_function(move |lua, args: MultiValue| {
        let reply = words(&args).and_then(|words| own.call(words));
        match reply {
            Ok(reply) => incoming::value(lua, &reply),
            Err(error) => raise::seen(lua, &error),
        }
    })?;
    api.raw_set("pcall", pcall)?;
    let own = Rc::clone(port);
    let check = lua.create_function(move |_, args: MultiValue| {
        own.is_permitted(words(&args)?)?
            .ok_or_else(|| raise::table("ERR Invalid command passed to redis.acl_check_cmd()"))
    })?;
    api.raw_set("acl_check_cmd", check)
}

/// `error_reply`, `status_reply`, `sha1hex`.
fn replies(lua: &Lua, api: &Table) -> Outcome<()> {
    let error_reply = lua.create_function(|lua, args: MultiValue| {
        let err = match &args.into_vec()[..] {
            [Value::String(it)] => {
                let text = it.as_bytes();
                let text = text.strip_prefix(b"-").unwrap_or(&text);
                coded(&[b"-", text].concat())
            }
            _ => WRONG_ARGUMENTS.as_bytes().to_vec(),
        };
        single(lua, "err", &err)
    })?;
    api.raw_set("error_reply", error_reply)?;
    let status_reply = lua.create_function(|lua, args: MultiValue| match &args.into_vec()[..] {
        [Value::String(it)] => single(lua, "ok", &it.as_bytes()),
        _ => single(lua, "err", WRONG_ARGUMENTS.as_bytes()),
    })?;
    api.raw_set("status_reply", status_reply)?;
    let sha1hex = lua.create_function(|lua, args: MultiValue| {
        let [value] = &args.into_vec()[..] else {
            return Err(raise::table("ERR wrong number of arguments"));
        };
        lua.create_string(sha1(&text(value).unwrap_or_default()))
    })?;
    api.raw_set("sha1hex", sha1hex)
}

/// `log`, `setresp`, `set_repl`.
fn settings(lua: &Lua, port: &Rc<Port>, api: &Table) -> Outcome<()> {
    let own = Rc::clone(port);
    let log = lua.create_function(move |lua, args: MultiValue| {
        let args = args.into_vec();
        let [level, parts @ ..] = &args[..] else {
            return Err(raise::table("ERR redis.log() requires two arguments or more."));
        };
        if parts.is_empty() {
            return Err(raise::table("ERR redis.log() requires two arguments or more."));
        }
        let Some(level) = lua.coerce_number(level.clone())? else {
            return Err(raise::table("ERR First argument must be a number (log level)."));
        };
        let Some(level) = LogLevel::of(truncated(level)) else {
            return Err(raise::table("ERR Invalid debug level."));
        };
        let parts: Vec<_> = parts.iter().filter_map(text).collect();
        own.log(level, parts.join(&b' '))
    })?;
    api.raw_set("log", log)?;
    let own = Rc::clone(port);
    let setresp = lua.create_function(move |lua, args: MultiValue| {
        let [version] = &args.into_vec()[..] else {
            return Err(raise::table("ERR redis.setresp() requires one argument."));
        };
        let version = match lua.coerce_number(version.clone())?.map(truncated) {
            Some(2) => RespVersion::V2,
            Some(3) => RespVersion::V3,
            _ => return Err(raise::table("ERR RESP version must be 2 or 3.")),
        };
        own.version.set(version);
        Ok(())
    })?;
    api.raw_set("setresp", setresp)?;
    let own = Rc::clone(port);
    let set_repl = lua.create_function(move |lua, args: MultiValue| {
        let [flags] = &args.into_vec()[..] else {
            return Err(raise::table("ERR redis.set_repl() requires two arguments."));
        };
        let flags = lua.coerce_number(flags.clone())?.map_or(0, truncated);
        match u8::try_from(flags) {
            Ok(flags @ 0..=3) => own.replicate.set(flags),
            _ => {
                return Err(raise::table(
                    "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or \
                     REPL_NONE.",
                ));
            }
        }
        Ok(())
    })?;
    api.raw_set("set_repl", set_repl)
}

/// What only scripts of EVAL have: `replicate_commands`, `breakpoint`, `debug`.
pub(crate) fn add_eval_only(lua: &Lua, api: &Table) -> Outcome<()> {
    api.raw_set("replicate_commands", lua.create_function(|_, _: MultiValue| Ok(true))?)?;
    api.raw_set("breakpoint", lua.create_function(|_, _: MultiValue| Ok(false))?)?;
    api.raw_set("debug", lua.create_function(|_, _: MultiValue| Ok(()))?)
}

/// The words of a command: strings, and numbers with all their digits.
fn words(args: &MultiValue) -> Outcome<Vec<Vec<u8>>> {
    if args.is_empty() {
        return Err(raise::table(ONE_ARGUMENT));
    }
    let word = |value: &Value| match value {
        Value::String(it) => Some(it.as_bytes().to_vec()),
        other => number(other).map(|it| general(it, 17).into_bytes()),
    };
    let words: Option<Vec<_>> = args.iter().map(word).collect();
    words.ok_or_else(|| raise::table(BAD_WORDS))
}

/// The text of an error `-CODE words` or `-words`: the latter gets the code `ERR`
/// (`luaPushErrorBuff`).
fn coded(error: &[u8]) -> Vec<u8> {
    let text = error.strip_prefix(b"-").unwrap_or(error);
    match text.iter().position(|it| *it == b' ') {
        Some(at) => [&text[..at], b" ", without_line_ends(&text[at + 1..])].concat(),
        None => [b"ERR ", without_line_ends(text)].concat(),
    }
}

/// `text` without line ends around it.
fn without_line_ends(text: &[u8]) -> &[u8] {
    let is_end = |it: &u8| matches!(it, b'\r' | b'\n');
    let start = text.iter().position(|it| !is_end(it)).unwrap_or(text.len());
    let end = text.iter().rposition(|it| !is_end(it)).map_or(start, |it| it + 1);
    &text[start..end]
}

fn single(lua: &Lua, name: &str, text: &[u8]) -> Outcome<Table> {
    let table = lua.create_table()?;
    table.raw_set(name, lua.create_string(text)?)?;
    Ok(table)
}

/// The SHA-1 of `bytes` in hexadecimal digits.
pub(crate) fn sha1(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
