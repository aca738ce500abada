//! The scripts of the port: the thread that runs them, and one that runs for long.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use crate::engine::Engine;
use crate::engine::scripting::{Job, Ran, ScriptThread, Unfinished};
use crate::engine::state::{Locked, StoreGuard};
use tidegate_scripts::{Meanwhile, Running};
use tidegate_store::{Dialect, Store};
use tidegate_wire::resp::RespVersion;

/// The scripts of the port.
#[derive(Debug, Default)]
pub(in crate::engine::serve) struct PortScripts {
    thread: RefCell<Option<ScriptThread>>,
    /// What lies in the place of the store while a script has it.
    spare: RefCell<Option<Box<Store>>>,
    busy: RefCell<Option<Busy>>,
    is_busy: Cell<bool>,
    /// A script inside EXEC that has ended, until its client goes on with the transaction.
    ended: RefCell<Option<Ended>>,
}

/// A script inside EXEC that ran for long and has ended.
#[derive(Debug)]
pub(in crate::engine::serve) struct Ended {
    pub(in crate::engine::serve) client: u64,
    /// The lock of the store, under which the transaction goes on.
    pub(in crate::engine::serve) guard: StoreGuard,
    pub(in crate::engine::serve) reply: Vec<u8>,
}

/// A script that runs for longer than `busy-reply-threshold`.
#[derive(Debug)]
struct Busy {
    unfinished: Unfinished,
    /// The lock of the store's place; a replica has none.
    guard: Option<StoreGuard>,
    running: Running,
    asker: Asker,
}

/// The client whose script runs for long.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine::serve) struct Asker {
    pub(in crate::engine::serve) client: u64,
    /// Whether its transaction goes on behind the script.
    pub(in crate::engine::serve) is_in_transaction: bool,
}

impl PortScripts {
    /// Takes the store of a master for a script; the lock is kept.
    pub(in crate::engine::serve) fn take_store(&self, locked: &mut Locked<'_>) -> Box<Store> {
        match self.spare.take() {
            Some(spare) => locked.exchange(spare),
            None => locked.exchange(Box::new(Store::new(1, Dialect::default(), 0))),
        }
    }

    /// Puts the store in its place again.
    pub(in crate::engine::serve) fn put_store(&self, locked: &mut Locked<'_>, store: Box<Store>) {
        *self.spare.borrow_mut() = Some(locked.exchange(store));
    }

    /// Runs a script, and waits for its end: so long if a time is given.
    pub(in crate::engine::serve) fn run(
        &self,
        engine: &Arc<Engine>,
        job: Job,
        limit: Option<Duration>,
    ) -> Ran {
        let mut thread = self.thread.borrow_mut();
        if thread.is_none() {
            *thread = ScriptThread::start(engine).ok();
        }
        let ran = thread.as_ref().map_or(Ran::Lost, |thread| thread.run(job, limit));
        if matches!(ran, Ran::Lost) {
            *thread = None;
        }
        ran
    }

    /// Whether a script has the data for long, or a transaction is about to go on behind one.
    pub(in crate::engine::serve) fn is_busy(&self) -> bool {
        self.is_busy.get() || self.has_ended()
    }

    /// Whether a script runs for long.
    pub(in crate::engine::serve) fn is_running(&self) -> bool {
        self.is_busy.get()
    }

    /// The error of commands that wait for the script that runs for long.
    pub(in crate::engine::serve) fn busy_error(&self) -> &'static str {
        let is_function = self.busy.borrow().as_ref().is_some_and(|it| it.running.is_function());
        Running::busy(is_function)
    }

    /// Notes that a script of a client runs for long.
    pub(in crate::engine::serve) fn be_busy(
        &self,
        unfinished: Unfinished,
        guard: Option<StoreGuard>,
        (words, asker): (&[&[u8]], Asker),
        now_ms: u64,
    ) {
        let running = Running {
            command: words.iter().map(|word| word.to_vec()).collect(),
            started_ms: now_ms,
            counts: (0, 0),
        };
        *self.busy.borrow_mut() = Some(Busy { unfinished, guard, running, asker });
        self.is_busy.set(true);
    }

    /// Keeps a script inside EXEC that has ended until its client goes on. Other clients wait.
    pub(in crate::engine::serve) fn keep_ended(&self, ended: Ended) {
        *self.ended.borrow_mut() = Some(ended);
    }

    /// Takes the script inside EXEC of this client, if it has ended.
    pub(in crate::engine::serve) fn take_ended_of(&self, client: u64) -> Option<Ended> {
        self.ended.borrow_mut().take_if(|ended| ended.client == client)
    }

    /// Whether a transaction is about to go on behind its script.
    pub(in crate::engine::serve) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// Returns the script that ran for long, if it has ended: its client, the lock, what became of
    /// it.
    pub(in crate::engine::serve) fn take_ended(&self) -> Option<(Asker, Option<StoreGuard>, Ran)> {
        let ran = {
            let thread = self.thread.borrow();
            thread.as_ref().map_or(Some(Ran::Lost), ScriptThread::look)?
        };
        let busy = self.busy.borrow_mut().take()?;
        self.is_busy.set(false);
        Some((busy.asker, busy.guard, ran))
    }

    /// Answers a request while a script runs for long; false if the request is carried out.
    pub(in crate::engine::serve) fn answer(
        &self,
        words: &[&[u8]],
        (now_ms, version): (u64, RespVersion),
        out: &mut Vec<u8>,
    ) -> bool {
        let busy = self.busy.borrow();
        let Some(busy) = busy.as_ref() else { return false };
        // WATCH looks at the data, which the script has.
        let is_watch = words.first().is_some_and(|name| name.eq_ignore_ascii_case(b"watch"));
        let words = if is_watch { &[&b"get"[..]][..] } else { words };
        let has_written = busy.unfinished.has_written();
        match busy.running.answer(words, has_written, (now_ms, version), out) {
            Meanwhile::Answered => true,
            Meanwhile::Kill => {
                busy.unfinished.kill();
                true
            }
            Meanwhile::Allowed => false,
        }
    }
}
