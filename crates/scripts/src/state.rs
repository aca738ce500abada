//! One state of Lua with its sandbox, in which scripts run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use mlua::{Function, HookTriggers, Lua, LuaOptions, StdLib, Table, Value, VmState};
use tidegate_wire::resp::RespVersion;

use crate::api::{self, Version};
use crate::host::{Host, Replicate};
use crate::libs;
use crate::port::Port;
use crate::random;
use crate::sandbox::{Sandbox, killed};
use crate::shebang::Flags;
use crate::values::arguments::text;
use crate::values::outgoing::{self, Versions};
use crate::values::raise::Outcome;

/// After so many instructions of Lua the server is asked whether the script goes on.
const PULSE: u32 = 10_000;

/// What bounds scripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes that a state of Lua takes: one has the scripts, the other the libraries.
    pub memory: usize,
    /// The most scripts that are kept.
    pub scripts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 256 * 1024 * 1024, scripts: 10_000 }
    }
}

/// What a state of Lua is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// EVAL and the like.
    Scripts,
    /// FCALL and the like.
    Functions,
}

/// How a script runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) flags: Flags,
    /// Whether it may not write.
    pub(crate) is_read_only: bool,
    /// The protocol of the client.
    pub(crate) version: RespVersion,
}

/// One state of Lua.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) lua: Lua,
    pub(crate) port: Rc<Port>,
    pub(crate) sandbox: Sandbox,
    /// The contents of the table `redis`.
    pub(crate) api: Table,
    /// The most bytes that it takes.
    memory: usize,
}

impl State {
    pub(crate) fn new(purpose: Purpose, limits: &Limits, version: &Version) -> Outcome<Self> {
        let lua = Lua::new_with(
            StdLib::TABLE | StdLib::STRING | StdLib::MATH,
            LuaOptions::new().catch_rust_panics(true),
        )?;
        let port = Rc::<Port>::default();
        port.random.set(random::START);
        let api = api::table(&lua, &port, version)?;
        if purpose == Purpose::Scripts {
            api::add_eval_only(&lua, &api)?;
        }
        let math: Table = lua.globals().raw_get("math")?;
        random::replace(&lua, &port, &math)?;
        let mut libraries = libs::all(&lua)?;
        libraries.push(("redis", api.clone()));
        let chunk = match purpose {
            Purpose::Scripts => "@user_script",
            Purpose::Functions => "@user_function",
        };
        let sandbox = Sandbox::new(&lua, &port, chunk, &libraries)?;
        lua.set_memory_limit(limits.memory)?;
        let own = Rc::clone(&port);
        let triggers = HookTriggers::new().every_nth_instruction(PULSE);
        lua.set_global_hook(triggers, move |_, _| {
            if own.pulse()? { Ok(VmState::Continue) } else { Err(killed()) }
        })?;
        Ok(Self { lua, port, sandbox, api, memory: limits.memory })
    }

    /// Runs a chunk, or a function with its keys and arguments, under this name, and appends its
    /// reply.
    pub(crate) fn run(
        &self,
        function: Function,
        arguments: Option<(Table, Table)>,
        (name, manner): (&str, Manner),
        host: &mut dyn Host,
        out: &mut Vec<u8>,
    ) {
        self.port.version.set(RespVersion::V2);
        self.port.replicate.set(Replicate::ALL.0);
        self.port.is_read_only.set(manner.is_read_only || manner.flags.no_writes);
        self.port.has_written.set(false);
        self.port.is_killed.set(false);
        let run = || {
            self.port.with(&self.lua, host, || match arguments {
                None => {
                    let handler = self.sandbox.handler.clone();
                    self.sandbox.xpcall.call::<(bool, Value)>((function, handler))
                }
                Some((keys, args)) => self.sandbox.call.call((function, keys, args)),
            })
        };
        // A script may pass more values to a function in Rust than the binding can take.
        let outcome = catch_unwind(AssertUnwindSafe(run));
        let start = out.len();
        let done = match outcome {
            Ok(Ok((true, value))) => {
                let versions = Versions { client: manner.version, script: self.port.version.get() };
                outgoing::append(&value, versions, out)
            }
            Ok(Ok((false, error))) => self.append_failure(&error, name, out),
            Ok(Err(error)) => {
                append_abort(&error.to_string(), name, out);
                Ok(())
            }
            Err(_) => {
                append_abort("too many values", name, out);
                Ok(())
            }
        };
        if let Err(error) = done {
            out.truncate(start);
            append_abort(&error.to_string(), name, out);
        }
        self.lua.gc_restart();
        if self.lua.used_memory() > self.memory / 2 {
            self.collect();
        }
        drop(self.sandbox.clean());
    }

    /// Collects garbage: Lua 5.1 does not do so when an allocation fails. It needs memory for that.
    fn collect(&self) {
        const SPARE: usize = 1024 * 1024;
        // The limit can always be set, because the allocator is the binding's. No finalizer of a
        // script runs.
        drop(self.lua.set_memory_limit(self.memory.saturating_add(SPARE)));
        drop(self.lua.gc_collect());
        drop(self.lua.set_memory_limit(self.memory));
    }

    /// The error of a script (`luaCallFunction`).
    fn append_failure(&self, error: &Value, name: &str, out: &mut Vec<u8>) -> Outcome<()> {
        let Value::Table(table) = error else {
            let text = text(error).unwrap_or_else(|| b"execution failure".to_vec());
            append_abort(&String::from_utf8_lossy(&text), name, out);
            return Ok(());
        };
        let Some(mut whole) = text(&table.raw_get::<Value>("err")?) else {
            append_abort("execution failure", name, out);
            return Ok(());
        };
        let source = text(&table.raw_get::<Value>("source")?);
        let line = text(&table.raw_get::<Value>("line")?);
        if let (Some(source), Some(line)) = (source, line) {
            whole.extend_from_slice(format!(" script: {name}, on ").as_bytes());
            whole.extend_from_slice(&[&source[..], b":", &line, b"."].concat());
        }
        outgoing::append_error(&whole, out);
        Ok(())
    }
}

/// The error of a script that ended without one of its own.
fn append_abort(why: &str, name: &str, out: &mut Vec<u8>) {
    let why: String = why.chars().take(100).collect();
    outgoing::append_error(format!("ERR Error running script {name}, {why}").as_bytes(), out);
}
