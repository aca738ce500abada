//! The scripts of EVAL, by their digests.

use std::collections::{HashMap, VecDeque};

use mlua::{ChunkMode, Function, Table, Value};
use tidegate_wire::resp::RespVersion;

use crate::api::{Version, sha1};
use crate::host::Host;
use crate::sandbox::syntax_message;
use crate::shebang::{self, Flags};
use crate::state::{Limits, Manner, Purpose, State};
use crate::values::outgoing;
use crate::values::raise::Outcome;

/// The error of a call that may not write, of a script or function that may.
pub(crate) const CAN_WRITE: &str =
    "ERR Can not execute a script with write flag using *_ro command.";

/// The error of a digest that no script has.
pub(crate) const NO_SCRIPT: &str = "NOSCRIPT No matching script. Please use EVAL.";

/// A call of a script.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Its keys.
    pub keys: &'a [&'a [u8]],
    /// Its other arguments.
    pub args: &'a [&'a [u8]],
    /// Whether it may not write: EVAL_RO, EVALSHA_RO.
    pub is_read_only: bool,
    /// The protocol of the client.
    pub version: RespVersion,
}

#[derive(Debug)]
struct Script {
    source: Vec<u8>,
    flags: Flags,
}

/// The scripts of EVAL. They stay on the thread that made them.
#[derive(Debug)]
pub struct Scripts {
    state: State,
    limits: Limits,
    known: HashMap<String, Script>,
    /// The digests of scripts that only EVAL has brought, the oldest first.
    evaluated: VecDeque<String>,
    /// The compiled scripts, by digest.
    compiled: Table,
}

impl Scripts {
    /// No scripts.
    ///
    /// # Errors
    /// Lua cannot be started: memory is lacking.
    pub fn new(limits: Limits, version: &Version) -> Result<Self, mlua::Error> {
        let state = State::new(Purpose::Scripts, &limits, version)?;
        let compiled = state.lua.create_table()?;
        let (known, evaluated) = Default::default();
        Ok(Self { state, limits, known, evaluated, compiled })
    }

    /// Keeps a script, and returns its digest (SCRIPT LOAD).
    ///
    /// # Errors
    /// The error to answer with, without its `-`.
    pub fn load(&mut self, source: &[u8]) -> Result<String, String> {
        let digest = sha1(source);
        self.keep(&digest, source)?;
        self.evaluated.retain(|it| *it != digest);
        Ok(digest)
    }

    /// Whether a script with this digest is kept (SCRIPT EXISTS).
    #[must_use]
    pub fn exists(&self, digest: &[u8]) -> bool {
        self.known.contains_key(&lower(digest))
    }

    /// The source of the script with this digest (SCRIPT SHOW of Valkey).
    #[must_use]
    pub fn source(&self, digest: &[u8]) -> Option<&[u8]> {
        self.known.get(&lower(digest)).map(|it| &it.source[..])
    }

    /// What the script declares of itself; `None` if it is not kept.
    #[must_use]
    pub fn flags(&self, digest: &[u8]) -> Option<Flags> {
        self.known.get(&lower(digest)).map(|it| it.flags)
    }

    /// Forgets all scripts (SCRIPT FLUSH).
    pub fn flush(&mut self) {
        self.known.clear();
        self.evaluated.clear();
        // It is a table that only this file has, and without a metatable.
        drop(self.compiled.clear());
        drop(self.state.lua.gc_collect());
    }

    /// The bytes that Lua has in use.
    #[must_use]
    pub fn used_memory(&self) -> usize {
        self.state.lua.used_memory()
    }

    /// Runs a script, and appends its reply (EVAL, EVAL_RO).
    pub fn eval(&mut self, source: &[u8], run: Run<'_>, host: &mut dyn Host, out: &mut Vec<u8>) {
        let digest = sha1(source);
        if !self.known.contains_key(&digest) {
            if let Err(error) = self.keep(&digest, source) {
                return outgoing::append_error(error.as_bytes(), out);
            }
            self.evaluated.push_back(digest.clone());
        }
        self.run(&digest, run, host, out);
    }

    /// Runs the script with this digest, and appends its reply (EVALSHA, EVALSHA_RO).
    pub fn eval_sha(
        &mut self,
        digest: &[u8],
        run: Run<'_>,
        host: &mut dyn Host,
        out: &mut Vec<u8>,
    ) {
        let digest = lower(digest);
        if self.known.contains_key(&digest) {
            self.run(&digest, run, host, out);
        } else {
            outgoing::append_error(NO_SCRIPT.as_bytes(), out);
        }
    }

    /// Whether the script that runs, or the last one, has called a command that may write: then it
    /// cannot be killed.
    #[must_use]
    pub fn has_written(&self) -> bool {
        self.state.port.has_written.get()
    }

    fn keep(&mut self, digest: &str, source: &[u8]) -> Result<(), String> {
        if self.known.contains_key(digest) {
            return Ok(());
        }
        let (flags, body) = shebang::of_script(source)?;
        let chunk = self.state.lua.load(body).set_name("@user_script").set_mode(ChunkMode::Text);
        let function = chunk.into_function().map_err(|error| {
            format!("ERR Error compiling script (new function): {}", syntax_message(&error))
        })?;
        let kept = self.compiled.raw_set(digest, function);
        kept.map_err(|error| format!("ERR Error running script (new function): {error}"))?;
        self.known.insert(digest.to_owned(), Script { source: source.to_vec(), flags });
        while self.known.len() > self.limits.scripts
            && let Some(oldest) = self.evaluated.pop_front()
        {
            self.known.remove(&oldest);
            drop(self.compiled.raw_set(oldest, Value::Nil));
        }
        Ok(())
    }

    fn run(&self, digest: &str, run: Run<'_>, host: &mut dyn Host, out: &mut Vec<u8>) {
        let Some(script) = self.known.get(digest) else { return };
        if run.is_read_only && !script.flags.no_writes && !script.flags.is_compatible {
            return outgoing::append_error(CAN_WRITE.as_bytes(), out);
        }
        match self.prepare(digest, run) {
            Ok(function) => {
                let manner = Manner {
                    flags: script.flags,
                    is_read_only: run.is_read_only,
                    version: run.version,
                };
                self.state.run(function, None, (digest, manner), host, out);
            }
            Err(error) => {
                let error = format!("ERR Error running script {digest}, {error}");
                outgoing::append_error(error.as_bytes(), out);
            }
        }
    }

    /// Sets KEYS and ARGV, and returns the compiled script.
    fn prepare(&self, digest: &str, run: Run<'_>) -> Outcome<Function> {
        let globals = &self.state.sandbox.globals;
        globals.raw_set("KEYS", list(&self.state, run.keys)?)?;
        globals.raw_set("ARGV", list(&self.state, run.args)?)?;
        self.compiled.raw_get(digest)
    }
}

/// A table of these strings.
pub(crate) fn list(state: &State, items: &[&[u8]]) -> Outcome<Table> {
    let table = state.lua.create_table_with_capacity(items.len(), 0)?;
    for (at, item) in (1..).zip(items) {
        table.raw_set(at, state.lua.create_string(item)?)?;
    }
    Ok(table)
}

fn lower(digest: &[u8]) -> String {
    String::from_utf8_lossy(digest).to_ascii_lowercase()
}
