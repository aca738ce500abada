//! What a script finds: the globals, which it cannot change.
//!
//! Redis's Lua has tables that cannot be written; Lua 5.1 has none. So a script sees an empty table
//! in front of each shared one, whose metatable finds the contents and refuses to write. The few
//! functions that would notice the difference are replaced.

use std::rc::Rc;

use mlua::{ChunkMode, Function, Lua, MultiValue, Table, Value};

use crate::port::Port;
use crate::values::arguments::{Arguments, text};
use crate::values::raise::{self, Outcome};

/// The most bytes of a chunk that `load` puts together.
const SOURCE_MAX: usize = 16 * 1024 * 1024;
const READ_ONLY: &str = "Attempt to modify a readonly table";

/// The functions of Lua that a script finds as they are.
const PLAIN: [&str; 12] = [
    "_VERSION",
    "assert",
    "collectgarbage",
    "error",
    "gcinfo",
    "ipairs",
    "rawequal",
    "select",
    "tonumber",
    "tostring",
    "type",
    "unpack",
];

/// The functions of the sandbox that are written in Lua, so that they cost what Lua's own cost.
/// They are one line, and have a script's name: what they say of a wrong argument has a script's
/// place. `...` has: the table of hidden tables, that of metatables, and functions in Rust.
const FUNCTIONS: &str = "local reals, metas, unwrap, readonly, handler = ... \
    local next, pcall, xpcall, rawget, rawset = next, pcall, xpcall, rawget, rawset \
    local setmetatable, getmetatable, pairs, type = setmetatable, getmetatable, pairs, type \
    local resume = coroutine.resume \
    local shown = {} \
    local function caught(ok, ...) \
        if ok then return ok, ... end \
        local e = unwrap((...)) \
        if type(e) ~= 'table' then return false, e end \
        local m = e.err \
        if type(m) == 'string' or type(m) == 'number' then return false, m end \
        return false, e, m \
    end \
    local function unwrapped(ok, ...) \
        if ok then return ok, ... end \
        return ok, unwrap((...)) \
    end \
    function shown.pcall(...) return caught(pcall(...)) end \
    function shown.xpcall(f, h) \
        return unwrapped(xpcall(f, function(e) return h(unwrap(e)) end)) \
    end \
    function shown.resume(...) return unwrapped(resume(...)) end \
    function shown.next(t, k) return next(reals[t] or t, k) end \
    function shown.pairs(t) \
        local r = reals[t] \
        if r then return function(_, k) return next(r, k) end, t, nil end \
        return pairs(t) \
    end \
    function shown.rawget(t, k) return rawget(reals[t] or t, k) end \
    function shown.rawset(t, k, v) \
        if reals[t] then readonly() end \
        return rawset(t, k, v) \
    end \
    function shown.setmetatable(t, m) \
        if reals[t] then readonly() end \
        return setmetatable(t, m) \
    end \
    function shown.getmetatable(t) \
        if reals[t] then return metas[t] end \
        return getmetatable(t) \
    end \
    local function call(f, keys, args) \
        return xpcall(function() return f(keys, args) end, handler) \
    end \
    return shown, xpcall, call";

/// The globals of one state of Lua, and how its scripts are run.
#[derive(Debug)]
pub(crate) struct Sandbox {
    /// The contents of the globals.
    pub(crate) globals: Table,
    /// The table in front of the globals.
    shown: Table,
    /// Lua's own `xpcall`, which runs a chunk with the handler of its errors.
    pub(crate) xpcall: Function,
    /// The handler.
    pub(crate) handler: Function,
    /// Runs a function of a library with its keys and arguments.
    pub(crate) call: Function,
    /// The tables in front of the shared ones, which are to stay empty.
    guards: Vec<Table>,
    /// The shared tables, by those in front of them.
    reals: Table,
    /// Refuses a name that a table does not have.
    missing: Function,
}

impl Sandbox {
    /// The sandbox of `lua`, with these libraries besides those of Lua. `chunk` is the name of the
    /// scripts: `@user_script`.
    pub(crate) fn new(
        lua: &Lua,
        port: &Rc<Port>,
        chunk: &str,
        libraries: &[(&str, Table)],
    ) -> Outcome<Self> {
        let all = lua.globals();
        let (reals, metas) = (lua.create_table()?, lua.create_table()?);
        let functions = lua.load(FUNCTIONS).set_name(chunk).into_function()?;
        let natives = (reals.clone(), metas.clone(), unwrap(lua, port)?, readonly(lua)?);
        let handler = handler(lua)?;
        let arguments = (natives.0, natives.1, natives.2, natives.3, handler.clone());
        let (shims, xpcall, call): (Table, Function, Function) = functions.call(arguments)?;
        let globals = lua.create_table()?;
        for name in PLAIN {
            globals.raw_set(name, all.raw_get::<Value>(name)?)?;
        }
        for pair in shims.pairs::<Value, Value>() {
            let (name, function) = pair?;
            globals.raw_set(name, function)?;
        }
        globals.raw_set("resume", Value::Nil)?;
        let coroutine: Table = all.raw_get("coroutine")?;
        coroutine.raw_set("resume", shims.raw_get::<Value>("resume")?)?;
        globals.raw_set("loadstring", load_string(lua)?)?;
        globals.raw_set("load", load(lua)?)?;
        let (shown, guards) = (lua.create_table()?, Vec::new());
        let missing = missing(lua)?;
        let reals_kept = reals.clone();
        let mut this =
            Self { globals, shown, xpcall, handler, call, guards, reals: reals_kept, missing };
        let mut shared = libraries.to_vec();
        for name in ["coroutine", "string", "table", "math"] {
            shared.push((name, all.raw_get(name)?));
        }
        for (name, contents) in shared {
            let front = lua.create_table()?;
            this.guard(lua, &contents, &front, &reals)?;
            this.globals.raw_set(name, front)?;
        }
        if chunk == "@user_script" {
            let same = lua.create_function(|_, error: Value| Ok(error))?;
            this.globals.raw_set("__redis__err__handler", same)?;
        }
        this.protect_globals(lua, &reals, &metas)?;
        this.protect_strings(lua, &reals)?;
        lua.set_globals(this.shown.clone())?;
        Ok(this)
    }

    /// Makes `front` the table that a script sees instead of `contents`.
    fn guard(&mut self, lua: &Lua, contents: &Table, front: &Table, reals: &Table) -> Outcome<()> {
        let meta = lua.create_table()?;
        meta.raw_set("__index", contents)?;
        meta.raw_set(
            "__newindex",
            lua.create_function(|lua, _: MultiValue| -> Outcome<()> {
                Err(raise::error(lua, READ_ONLY))
            })?,
        )?;
        front.set_metatable(Some(meta))?;
        reals.raw_set(front, contents)?;
        self.guards.push(front.clone());
        Ok(())
    }

    fn protect_globals(&mut self, lua: &Lua, reals: &Table, metas: &Table) -> Outcome<()> {
        let meta = lua.create_table()?;
        meta.raw_set("__index", &self.missing)?;
        self.globals.set_metatable(Some(meta.clone()))?;
        let (globals, shown) = (self.globals.clone(), self.shown.clone());
        globals.raw_set("_G", &shown)?;
        self.guard(lua, &globals, &shown, reals)?;
        let front = lua.create_table()?;
        self.guard(lua, &meta, &front, reals)?;
        metas.raw_set(shown, front)
    }

    /// The table that a script sees instead of `contents`, and that refuses names which `contents`
    /// does not have.
    pub(crate) fn strict(&mut self, lua: &Lua, contents: &Table) -> Outcome<Table> {
        self.refuse_others(lua, contents)?;
        let (front, reals) = (lua.create_table()?, self.reals.clone());
        self.guard(lua, contents, &front, &reals)?;
        Ok(front)
    }

    /// Lets scripts find these globals; `None`: their own.
    pub(crate) fn show(&self, globals: Option<&Table>) -> Outcome<()> {
        match self.shown.metatable() {
            Some(meta) => meta.raw_set("__index", globals.unwrap_or(&self.globals)),
            None => Ok(()),
        }
    }

    /// The globals `contents`, which refuse names that they do not have.
    pub(crate) fn refuse_others(&self, lua: &Lua, contents: &Table) -> Outcome<()> {
        let meta = lua.create_table()?;
        meta.raw_set("__index", &self.missing)?;
        contents.set_metatable(Some(meta))
    }

    /// Strings find their functions, and no script changes where.
    fn protect_strings(&mut self, lua: &Lua, reals: &Table) -> Outcome<()> {
        let functions: Table = self.globals.raw_get("string")?;
        let (meta, contents, front) =
            (lua.create_table()?, lua.create_table()?, lua.create_table()?);
        meta.raw_set("__index", &functions)?;
        contents.raw_set("__index", functions)?;
        self.guard(lua, &contents, &front, reals)?;
        meta.raw_set("__metatable", front)?;
        lua.set_type_metatable::<mlua::String>(Some(meta));
        Ok(())
    }

    /// Empties the tables in front of the shared ones, which functions of Lua's table library may
    /// have filled.
    pub(crate) fn clean(&self) -> Outcome<()> {
        for guard in self.guards.iter().filter(|it| !it.is_empty()) {
            guard.clear()?;
        }
        Ok(())
    }
}

/// The error that a script sees instead of one that a function in Rust raised. A script that was
/// killed catches none.
fn unwrap(lua: &Lua, port: &Rc<Port>) -> Outcome<Function> {
    let port = Rc::clone(port);
    lua.create_function(move |lua, error: Value| {
        if port.is_killed.get() {
            return Err(killed());
        }
        match &error {
            Value::Error(raised) => raise::seen(lua, raised),
            _ => Ok(error),
        }
    })
}

/// The error of a script that was killed.
pub(crate) fn killed() -> mlua::Error {
    raise::table("ERR Script killed by user with SCRIPT KILL...")
}

fn missing(lua: &Lua) -> Outcome<Function> {
    lua.create_function(|lua, args: MultiValue| -> Outcome<()> {
        let name = args.get(1).and_then(text).unwrap_or_default();
        let start = b"Script attempted to access nonexistent global variable '";
        Err(raise::error(lua, [&start[..], &name, b"'"].concat()))
    })
}

fn readonly(lua: &Lua) -> Outcome<Function> {
    lua.create_function(|_, ()| -> Outcome<()> { Err(raise::plain(READ_ONLY)) })
}

/// The error of a script as a table with `err`, `source` and `line` (`__redis__err__handler`).
fn handler(lua: &Lua) -> Outcome<Function> {
    lua.create_function(|lua, error: Value| {
        let error = match &error {
            Value::Error(raised) => raise::seen(lua, raised)?,
            _ => error,
        };
        let table = match error {
            Value::Table(table) => table,
            other => {
                let text = text(&other).unwrap_or_else(|| described(&other).into_bytes());
                let table = lua.create_table()?;
                table.raw_set("err", lua.create_string([b"ERR ", &text[..]].concat())?)?;
                table
            }
        };
        let at = |level| {
            lua.inspect_stack(level, |debug| {
                let source = debug.source();
                let name = source.source.map(|it| it.into_owned()).unwrap_or_default();
                let line = debug.current_line().and_then(|it| i64::try_from(it).ok());
                (source.what == "C", name, line.unwrap_or(-1))
            })
        };
        let place = match at(1) {
            Some((true, ..)) => at(2),
            other => other,
        };
        if let Some((_, source, line)) = place {
            table.raw_set("source", source)?;
            table.raw_set("line", line)?;
        }
        Ok(table)
    })
}

fn described(value: &Value) -> String {
    match value {
        Value::Nil => "nil".to_owned(),
        Value::Boolean(is) => is.to_string(),
        other => raise::type_name(other).to_owned(),
    }
}

/// `loadstring`: no chunk that was compiled before, because Lua trusts such a chunk blindly.
fn load_string(lua: &Lua) -> Outcome<Function> {
    lua.create_function(|lua, args: MultiValue| {
        let args = Arguments::new(lua, args);
        let source = args.bytes(1)?;
        let name = if args.is_none(2) { source.clone() } else { args.bytes(2)? };
        compile(lua, &source, &name)
    })
}

/// `load`: the pieces that a function returns are one chunk.
fn load(lua: &Lua) -> Outcome<Function> {
    lua.create_function(|lua, args: MultiValue| {
        let args = Arguments::new(lua, args);
        let Some(Value::Function(pieces)) = args.get(1) else {
            return Err(raise::wrong_type(lua, 1, "function", args.get(1)));
        };
        let name = if args.is_none(2) { b"=(load)".to_vec() } else { args.bytes(2)? };
        let mut source = Vec::new();
        loop {
            if source.len() > SOURCE_MAX {
                return Err(raise::plain("not enough memory"));
            }
            match pieces.call::<Value>(())? {
                Value::Nil => break,
                piece => match text(&piece) {
                    Some(bytes) if bytes.is_empty() => break,
                    Some(bytes) => source.extend_from_slice(&bytes),
                    None => return Err(raise::plain("reader function must return a string")),
                },
            }
        }
        compile(lua, &source, &name)
    })
}

fn compile(lua: &Lua, source: &[u8], name: &[u8]) -> Outcome<(Value, Value)> {
    // Lua ends a name at a NUL byte.
    let name = name.split(|it| *it == 0).next().unwrap_or_default();
    let name = String::from_utf8_lossy(name);
    let chunk = lua.load(source).set_name(name).set_mode(ChunkMode::Text);
    match chunk.into_function() {
        Ok(function) => Ok((Value::Function(function), Value::Nil)),
        Err(error) => {
            let message = syntax_message(&error);
            Ok((Value::Nil, Value::String(lua.create_string(message)?)))
        }
    }
}

/// The words of an error of the compiler.
pub(crate) fn syntax_message(error: &mlua::Error) -> String {
    match error {
        mlua::Error::SyntaxError { message, .. } => message.clone(),
        mlua::Error::MemoryError(message) => message.clone(),
        other => other.to_string(),
    }
}
