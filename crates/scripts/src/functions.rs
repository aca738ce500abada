//! Libraries of functions, and their calls.

use std::cell::RefCell;
use std::rc::Rc;

use mlua::{ChunkMode, Function, MultiValue, Table, Value};

use crate::api::Version;
use crate::host::Host;
use crate::sandbox::syntax_message;
use crate::scripts::{CAN_WRITE, Run, list};
use crate::shebang::{self, Flags};
use crate::state::{Limits, Manner, Purpose, State};
use crate::values::arguments::text;
use crate::values::outgoing;
use crate::values::raise::{self, Outcome};

const NAMES: &str = "ERR Library names can only contain letters, numbers, or underscores(_) and \
                     must be at least one character long";

/// A function of a library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionInfo {
    /// Its name.
    pub name: Vec<u8>,
    /// What it is for.
    pub description: Option<Vec<u8>>,
    /// What it declares of itself.
    pub flags: Flags,
}

/// A library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    /// Its name.
    pub name: Vec<u8>,
    /// Its source, with the shebang.
    pub source: Vec<u8>,
    /// Its functions, in the order in which it registers them.
    pub functions: Vec<FunctionInfo>,
}

/// The functions that a library registers while it is loaded.
type Registering = Rc<RefCell<Vec<(FunctionInfo, Function)>>>;

/// All libraries. They stay on the thread that made them.
#[derive(Debug)]
pub struct Functions {
    state: State,
    libraries: Vec<Library>,
    /// The functions, by name.
    callbacks: Table,
    registering: Registering,
    /// The globals of a library that is loaded.
    loading: Table,
}

impl Functions {
    /// No libraries.
    ///
    /// # Errors
    /// Lua cannot be started: memory is lacking.
    pub fn new(limits: &Limits, version: &Version) -> Result<Self, mlua::Error> {
        let mut state = State::new(Purpose::Functions, limits, version)?;
        let callbacks = state.lua.create_table()?;
        let registering = Registering::default();
        let contents = loading_api(&state, &registering)?;
        let api = state.sandbox.strict(&state.lua, &contents)?;
        let loading = state.lua.create_table()?;
        loading.raw_set("redis", api)?;
        state.sandbox.refuse_others(&state.lua, &loading)?;
        Ok(Self { state, libraries: Vec::new(), callbacks, registering, loading })
    }

    /// All libraries, in the order in which they were loaded.
    #[must_use]
    pub fn libraries(&self) -> &[Library] {
        &self.libraries
    }

    /// The bytes that Lua has in use.
    #[must_use]
    pub fn used_memory(&self) -> usize {
        self.state.lua.used_memory()
    }

    /// The library that has the function with this name, in any case, and the function.
    #[must_use]
    pub fn find(&self, name: &[u8]) -> Option<(&Library, &FunctionInfo)> {
        let all = self.libraries.iter();
        all.flat_map(|it| it.functions.iter().map(move |function| (it, function)))
            .find(|it| it.1.name.eq_ignore_ascii_case(name))
    }

    /// Loads a library, in the place of one of the same name if `replaces`, and returns its name
    /// (FUNCTION LOAD).
    ///
    /// # Errors
    /// The error to answer with, without its `-`. Nothing has changed then.
    pub fn load(
        &mut self,
        source: &[u8],
        replaces: bool,
        host: &mut dyn Host,
    ) -> Result<Vec<u8>, String> {
        let (name, body) = shebang::of_library(source)?;
        let former = self.libraries.iter().position(|it| it.name == name);
        if former.is_some() && !replaces {
            return Err(format!("ERR Library '{}' already exists", shown(&name)));
        }
        self.registering.borrow_mut().clear();
        let outcome = self.register(body, host);
        let registered = std::mem::take(&mut *self.registering.borrow_mut());
        outcome?;
        if registered.is_empty() {
            return Err("ERR No functions registered".to_owned());
        }
        let taken = registered
            .iter()
            .find(|(new, _)| self.find(&new.name).is_some_and(|(library, _)| library.name != name));
        if let Some((function, _)) = taken {
            return Err(format!("ERR Function {} already exists", shown(&function.name)));
        }
        if let Some(former) = former {
            self.remove(former);
        }
        let mut functions = Vec::new();
        for (info, callback) in registered {
            let kept = self.state.lua.create_string(info.name.to_ascii_lowercase());
            let kept = kept.and_then(|name| self.callbacks.raw_set(name, callback));
            kept.map_err(|error| format!("ERR Error registering functions: {error}"))?;
            functions.push(info);
        }
        self.libraries.push(Library { name: name.clone(), source: source.to_vec(), functions });
        Ok(name)
    }

    /// Forgets a library (FUNCTION DELETE); false if there is none of this name.
    pub fn delete(&mut self, name: &[u8]) -> bool {
        let found = self.libraries.iter().position(|it| it.name == name);
        found.inspect(|at| self.remove(*at)).is_some()
    }

    /// Forgets all libraries (FUNCTION FLUSH).
    pub fn flush(&mut self) {
        self.libraries.clear();
        // It is a table that only this file has, and without a metatable.
        drop(self.callbacks.clear());
        drop(self.state.lua.gc_collect());
    }

    /// Runs a function, and appends its reply (FCALL, FCALL_RO).
    pub fn call(&mut self, name: &[u8], run: Run<'_>, host: &mut dyn Host, out: &mut Vec<u8>) {
        let Some((_, function)) = self.find(name) else {
            return outgoing::append_error(b"ERR Function not found", out);
        };
        let flags = function.flags;
        if run.is_read_only && !flags.no_writes {
            return outgoing::append_error(CAN_WRITE.as_bytes(), out);
        }
        let prepared = self.prepare(name, run);
        let name = shown(name);
        match prepared {
            Ok((function, keys, args)) => {
                let manner = Manner { flags, is_read_only: run.is_read_only, version: run.version };
                self.state.run(function, Some((keys, args)), (&name, manner), host, out);
            }
            Err(error) => {
                let error = format!("ERR Error running script {name}, {error}");
                outgoing::append_error(error.as_bytes(), out);
            }
        }
    }

    /// Whether the function that runs, or the last one, has called a command that may write.
    #[must_use]
    pub fn has_written(&self) -> bool {
        self.state.port.has_written.get()
    }

    fn prepare(&self, name: &[u8], run: Run<'_>) -> Outcome<(Function, Table, Table)> {
        let function =
            self.callbacks.raw_get(self.state.lua.create_string(name.to_ascii_lowercase())?)?;
        Ok((function, list(&self.state, run.keys)?, list(&self.state, run.args)?))
    }

    fn remove(&mut self, at: usize) {
        for function in self.libraries.remove(at).functions {
            let name = self.state.lua.create_string(function.name.to_ascii_lowercase());
            drop(name.and_then(|name| self.callbacks.raw_set(name, Value::Nil)));
        }
    }

    /// Runs the source of a library, which registers its functions.
    fn register(&self, body: &[u8], host: &mut dyn Host) -> Result<(), String> {
        let (state, sandbox) = (&self.state, &self.state.sandbox);
        let chunk = state.lua.load(body).set_name("@user_function").set_mode(ChunkMode::Text);
        let chunk = chunk
            .into_function()
            .map_err(|error| format!("ERR Error compiling function: {}", syntax_message(&error)))?;
        state.port.is_killed.set(false);
        state.port.has_written.set(false);
        let outcome = sandbox.show(Some(&self.loading)).and_then(|()| {
            state.port.with(&state.lua, host, || {
                sandbox.xpcall.call::<(bool, Value)>((chunk, sandbox.handler.clone()))
            })
        });
        let restored = sandbox.show(None);
        drop(sandbox.clean());
        let why = match outcome.and_then(|outcome| restored.map(|()| outcome)) {
            Ok((true, _)) => return Ok(()),
            Ok((false, error)) => message(&error),
            Err(error) => error.to_string(),
        };
        Err(format!("ERR Error registering functions: {why}"))
    }
}

/// The words of the error of a library that is loaded.
fn message(error: &Value) -> String {
    let text = match error {
        Value::Table(table) => table.raw_get::<Value>("err").ok().and_then(|it| text(&it)),
        other => text(other),
    };
    text.map_or_else(|| "execution failure".to_owned(), |text| shown(&text))
}

/// The contents of `redis` while a library is loaded.
fn loading_api(state: &State, registering: &Registering) -> Outcome<Table> {
    let api = state.lua.create_table()?;
    for name in [
        "LOG_DEBUG",
        "LOG_VERBOSE",
        "LOG_NOTICE",
        "LOG_WARNING",
        "REDIS_VERSION",
        "REDIS_VERSION_NUM",
        "log",
    ] {
        api.raw_set(name, state.api.raw_get::<Value>(name)?)?;
    }
    let registering = Rc::clone(registering);
    let register = state.lua.create_function(move |_, args: MultiValue| {
        let (info, callback) = registration(&args.into_vec())?;
        let mut all = registering.borrow_mut();
        if all.iter().any(|it| it.0.name.eq_ignore_ascii_case(&info.name)) {
            return Err(raise::table("ERR Function already exists in the library"));
        }
        all.push((info, callback));
        Ok(())
    })?;
    api.raw_set("register_function", register)?;
    Ok(api)
}

/// The function that the arguments of `redis.register_function` describe.
fn registration(args: &[Value]) -> Outcome<(FunctionInfo, Function)> {
    let (info, callback) = match args {
        [Value::Table(named)] => named_registration(named)?,
        [_] => {
            return Err(raise::table(
                "ERR calling redis.register_function with a single argument is only applicable to \
                 Lua table (representing named arguments).",
            ));
        }
        [name, callback] => {
            let name = text(name).ok_or_else(|| {
                raise::table("ERR first argument to redis.register_function must be a string")
            })?;
            let Value::Function(callback) = callback else {
                return Err(raise::table(
                    "ERR second argument to redis.register_function must be a function",
                ));
            };
            let info = FunctionInfo { name, description: None, flags: Flags::default() };
            (info, callback.clone())
        }
        _ => {
            return Err(raise::table("ERR wrong number of arguments to redis.register_function"));
        }
    };
    if shebang::is_name(&info.name) { Ok((info, callback)) } else { Err(raise::table(NAMES)) }
}

fn named_registration(named: &Table) -> Outcome<(FunctionInfo, Function)> {
    let (mut name, mut description, mut flags) = (None, None, Flags::default());
    let mut callback = None;
    for pair in named.pairs::<Value, Value>() {
        let (key, value) = pair?;
        let Some(key) = text(&key) else {
            return Err(raise::table(
                "ERR named argument key given to redis.register_function is not a string",
            ));
        };
        match &key[..] {
            b"function_name" => {
                name = Some(text(&value).ok_or_else(|| {
                    raise::table(
                        "ERR function_name argument given to redis.register_function must be a \
                         string",
                    )
                })?);
            }
            b"description" => {
                description = Some(text(&value).ok_or_else(|| {
                    raise::table(
                        "ERR description argument given to redis.register_function must be a \
                         string",
                    )
                })?);
            }
            b"callback" => match value {
                Value::Function(function) => callback = Some(function),
                _ => {
                    return Err(raise::table(
                        "ERR callback argument given to redis.register_function must be a function",
                    ));
                }
            },
            b"flags" => flags = flags_of(&value)?,
            _ => {
                return Err(raise::table("ERR unknown argument given to redis.register_function"));
            }
        }
    }
    let name = name.ok_or_else(|| {
        raise::table("ERR redis.register_function must get a function name argument")
    })?;
    let callback = callback
        .ok_or_else(|| raise::table("ERR redis.register_function must get a callback argument"))?;
    Ok((FunctionInfo { name, description, flags }, callback))
}

fn flags_of(value: &Value) -> Outcome<Flags> {
    let Value::Table(names) = value else {
        return Err(raise::table(
            "ERR flags argument to redis.register_function must be a table representing function \
             flags",
        ));
    };
    let mut flags = Flags::default();
    for at in 1.. {
        match names.raw_get::<Value>(at)? {
            Value::Nil => break,
            Value::String(name) if flags.set(&name.as_bytes()) => {}
            _ => return Err(raise::table("ERR unknown flag given")),
        }
    }
    Ok(flags)
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
