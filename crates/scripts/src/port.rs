//! The way from a function of a script to the server that runs it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use mlua::{Function, Lua};
use tidegate_wire::resp::RespVersion;

use crate::host::{Call, Host, LogLevel, Pulse, Replicate};
use crate::values::raise::Outcome;

/// The least that a script may change while it runs, and the question that it asks its server.
#[derive(Debug, Default)]
pub(crate) struct Port {
    /// Passes the question to the server; none while no script runs.
    passes: RefCell<Option<Function>>,
    exchange: RefCell<Exchange>,
    /// The protocol of replies to the script.
    pub(crate) version: Cell<RespVersion>,
    pub(crate) replicate: Cell<u8>,
    /// Whether the script may not write.
    pub(crate) is_read_only: Cell<bool>,
    /// Whether the script has called a command that may write.
    pub(crate) has_written: Cell<bool>,
    pub(crate) is_killed: Cell<bool>,
    /// The state of `math.random`.
    pub(crate) random: Cell<u64>,
}

/// A question and its answer.
#[derive(Debug, Default)]
struct Exchange {
    question: Question,
    words: Vec<Vec<u8>>,
    reply: Vec<u8>,
    is_yes: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum Question {
    #[default]
    Pulse,
    Call,
    Permitted,
    Known,
    Log(LogLevel),
}

/// Why no server is asked.
const NOT_NOW: &str = "redis.call/pcall can only be called inside a script invocation";

impl Port {
    /// Runs `script`, whose questions `host` answers.
    pub(crate) fn with<R>(
        self: &Rc<Self>,
        lua: &Lua,
        host: &mut dyn Host,
        script: impl FnOnce() -> Outcome<R>,
    ) -> Outcome<R> {
        lua.scope(|scope| {
            let passes = scope.create_function_mut(|_, ()| {
                self.answer(host);
                Ok(())
            })?;
            let outer = self.passes.replace(Some(passes));
            let outcome = script();
            self.passes.replace(outer);
            outcome
        })
    }

    /// Whether a script runs.
    pub(crate) fn is_open(&self) -> bool {
        self.passes.borrow().is_some()
    }

    fn ask(&self, question: Question, words: Vec<Vec<u8>>) -> Outcome<()> {
        let passes = self.passes.borrow().clone();
        let passes = passes.ok_or_else(|| crate::values::raise::table(format!("ERR {NOT_NOW}")))?;
        {
            let mut exchange = self.exchange.borrow_mut();
            exchange.question = question;
            exchange.words = words;
            exchange.reply.clear();
        }
        passes.call::<()>(())
    }

    /// The reply to a command, or an error of the kind that the server itself checks.
    pub(crate) fn call(&self, words: Vec<Vec<u8>>) -> Outcome<Vec<u8>> {
        self.ask(Question::Call, words)?;
        Ok(std::mem::take(&mut self.exchange.borrow_mut().reply))
    }

    /// Whether the user may run this command; `None` if there is no such command.
    pub(crate) fn is_permitted(&self, words: Vec<Vec<u8>>) -> Outcome<Option<bool>> {
        self.ask(Question::Known, words.clone())?;
        if !self.exchange.borrow().is_yes {
            return Ok(None);
        }
        self.ask(Question::Permitted, words)?;
        Ok(Some(self.exchange.borrow().is_yes))
    }

    pub(crate) fn log(&self, level: LogLevel, text: Vec<u8>) -> Outcome<()> {
        if !self.is_open() {
            return Ok(());
        }
        self.ask(Question::Log(level), vec![text])
    }

    /// Asks whether the script goes on.
    pub(crate) fn pulse(&self) -> Outcome<bool> {
        if self.is_open() && !self.is_killed.get() {
            // A question of the script itself may be under way.
            let Ok(exchange) = self.exchange.try_borrow_mut() else { return Ok(true) };
            drop(exchange);
            self.ask(Question::Pulse, Vec::new())?;
            self.is_killed.set(!self.exchange.borrow().is_yes);
        }
        Ok(!self.is_killed.get())
    }

    fn answer(&self, host: &mut dyn Host) {
        let mut exchange = self.exchange.borrow_mut();
        let Exchange { question, words, reply, is_yes } = &mut *exchange;
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        match question {
            Question::Pulse => *is_yes = host.pulse(self.has_written.get()) == Pulse::Continue,
            Question::Known => *is_yes = host.describe(&words).is_some_and(|it| it.fits),
            Question::Permitted => *is_yes = host.is_permitted(&words),
            Question::Log(level) => host.log(*level, words.first().copied().unwrap_or_default()),
            Question::Call => match self.refusal(&words, host) {
                Some(refusal) => reply.extend_from_slice(refusal.as_bytes()),
                None => {
                    let replicate = Replicate(self.replicate.get());
                    let version = self.version.get();
                    host.call(Call { words: &words, version, replicate }, reply);
                }
            },
        }
    }

    /// Why the command is not run, as an error reply (`scriptCall`).
    fn refusal(&self, words: &[&[u8]], host: &mut dyn Host) -> Option<&'static str> {
        let Some(known) = host.describe(words) else {
            return Some("-ERR Unknown Redis command called from script\r\n");
        };
        if !known.fits {
            return Some("-ERR Wrong number of args calling Redis command from script\r\n");
        }
        if known.is_denied {
            return Some("-ERR This Redis command is not allowed from script\r\n");
        }
        if known.may_write {
            if self.is_read_only.get() {
                return Some("-ERR Write commands are not allowed from read-only scripts.\r\n");
            }
            self.has_written.set(true);
        }
        None
    }
}
