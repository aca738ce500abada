//! How a script calls commands: those of the store, and a few that concern no data.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::data::Data;
use super::job::Refused;
use crate::engine::Engine;
use crate::engine::state::since_1970;
use tidegate_acl::{Reason, User};
use tidegate_scripts::{Call, CommandInfo, Host, LogLevel, Pulse, is_denied};
use tidegate_store::{CallContext, CommandError, Outcome, Store};
use tidegate_wire::command::{self, Command};
use tidegate_wire::resp::{encode, integer};

const NO_DATABASE: CommandError = CommandError::new("ERR DB index is out of range");
const FORBIDDEN_COMMAND: CommandError =
    CommandError::new("ERR The user executing the script can't run this command or subcommand");
const FORBIDDEN_KEY: CommandError = CommandError::new(
    "ERR The user executing the script can't access at least one of the keys mentioned in the \
     command arguments",
);
const FORBIDDEN_CHANNEL: CommandError = CommandError::new(
    "ERR The user executing the script can't publish to the channel mentioned in the command",
);
/// The commands that concern no data and that scripts may call.
const OTHERS: [&str; 6] = ["echo", "ping", "publish", "select", "spublish", "time"];

/// What the port and the thread of scripts tell each other while a script runs.
#[derive(Debug, Default)]
pub(super) struct Signals {
    /// Whether the script is to end.
    pub(super) kill: AtomicBool,
    /// Whether it has called a command that may write.
    pub(super) has_written: AtomicBool,
    /// Whether it has met a value that a server can read and the store cannot.
    pub(super) met_opaque: AtomicBool,
}

/// The engine, as a script finds it.
#[derive(Debug)]
pub(super) struct StoreHost<'e> {
    pub(super) engine: &'e Engine,
    pub(super) data: Data<'e>,
    pub(super) context: CallContext,
    pub(super) refused: Refused,
    /// The client, if it tracks what its script reads.
    pub(super) reader: Option<u64>,
    /// The client's user; `None` if it may do everything.
    pub(super) user: Option<Arc<User>>,
    /// Whether a client of the proxy has sent the script: the login of `[topology]` has to be allowed
    /// its commands, too.
    pub(super) is_of_proxy: bool,
    pub(super) signals: &'e Signals,
}

impl StoreHost<'_> {
    fn find(&self, words: &[&[u8]]) -> Option<&'static Command> {
        let row = command::lookup(words.first()?).filter(|row| self.engine.knows(row))?;
        let is_here = self.data.store().has(words) || OTHERS.contains(&row.name);
        let row = is_here.then_some(row)?;
        Some(words.get(1).and_then(|sub| row.subcommand(sub)).unwrap_or(row))
    }

    fn refusal(&self, words: &[&[u8]]) -> Option<CommandError> {
        if self.refused.memory && Store::needs_memory(words) {
            return Some(Store::OUT_OF_MEMORY);
        }
        let is_refused = self.refused.writes && self.find(words).is_some_and(|it| it.may_write);
        is_refused.then_some(CommandError::NO_REPLICAS)
    }

    /// The error for a command that the client's user may not run (`scriptVerifyACL`).
    fn forbidden(&self, words: &[&[u8]]) -> Option<CommandError> {
        if self.is_of_proxy && self.find(words).is_some_and(|row| !self.engine.may_run(row)) {
            return Some(FORBIDDEN_COMMAND);
        }
        let user = self.user.as_ref()?;
        let config = self.engine.config.load();
        let denied = user.check(config.accounts.engine.catalog(), &words).err()?;
        Some(match denied.reason {
            Reason::Command => FORBIDDEN_COMMAND,
            Reason::Channel => FORBIDDEN_CHANNEL,
            Reason::Key | Reason::SortBy | Reason::SortGet => FORBIDDEN_KEY,
        })
    }

    /// Runs a command that concerns no data.
    fn other(&mut self, call: Call<'_>, out: &mut Vec<u8>) {
        let words = call.words;
        let arg = |at: usize| words.get(at).copied().unwrap_or_default();
        let name = arg(0).to_ascii_lowercase();
        match (&name[..], words.len()) {
            (b"ping", 1) => encode::status(out, "PONG"),
            (b"ping" | b"echo", _) => encode::bulk(out, arg(1)),
            (b"time", _) => {
                let now = since_1970();
                encode::array(out, 2);
                encode::bulk(out, now.as_secs().to_string().as_bytes());
                encode::bulk(out, now.subsec_micros().to_string().as_bytes());
            }
            (b"select", _) => {
                let db = integer::parse(arg(1)).and_then(|db| usize::try_from(db).ok());
                match db.filter(|db| *db < self.engine.databases) {
                    Some(db) => {
                        self.context.db = db;
                        encode::status(out, "OK");
                    }
                    None => NO_DATABASE.write(out),
                }
            }
            (b"publish" | b"spublish", _) => {
                let is_sharded = name.starts_with(b"s");
                let reached = self.engine.hub.publish(arg(1), arg(2), is_sharded);
                self.data.pass(self.context.db, words);
                encode::integer(out, i64::try_from(reached).unwrap_or(i64::MAX));
            }
            _ => CommandError::unknown(words, self.engine.dialect()).write(out),
        }
    }
}

impl Host for StoreHost<'_> {
    fn describe(&mut self, words: &[&[u8]]) -> Option<CommandInfo> {
        let row = self.find(words)?;
        Some(CommandInfo {
            fits: command::fits(row.arity, words.len()),
            may_write: row.may_write,
            is_denied: is_denied(words),
        })
    }

    fn call(&mut self, call: Call<'_>, reply: &mut Vec<u8>) {
        let error = self.forbidden(call.words).or_else(|| self.refusal(call.words));
        if let Some(error) = error {
            return error.write(reply);
        }
        if let Some(client) = self.reader
            && let Some(row) = self.find(call.words)
        {
            self.engine.note_read(client, row, call.words);
        }
        let context = CallContext { version: call.version, ..self.context };
        // Bit 2 stands for the replicas.
        let is_replicated = call.replicate.0 & 2 != 0;
        match self.data.execute(context, call.words, is_replicated, reply) {
            Outcome::Unknown => self.other(call, reply),
            Outcome::Opaque => self.signals.met_opaque.store(true, Relaxed),
            Outcome::Replied | Outcome::Refused | Outcome::Excessive => {}
        }
    }

    fn is_permitted(&mut self, words: &[&[u8]]) -> bool {
        self.forbidden(words).is_none()
    }

    fn log(&mut self, level: LogLevel, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        match level {
            LogLevel::Debug => tracing::trace!("a script says: {text}"),
            LogLevel::Verbose => tracing::debug!("a script says: {text}"),
            LogLevel::Notice => tracing::info!("a script says: {text}"),
            LogLevel::Warning => tracing::warn!("a script says: {text}"),
        }
    }

    fn pulse(&mut self, has_written: bool) -> Pulse {
        self.signals.has_written.store(has_written, Relaxed);
        if self.signals.kill.load(Relaxed) { Pulse::Kill } else { Pulse::Continue }
    }
}
