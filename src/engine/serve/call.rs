//! A request under way, and what its command has at hand.

use std::rc::Rc;
use std::sync::Arc;

use arc_swap::Guard;

use super::blocked::Awaited;
use super::client::Client;
use super::held::Held;
use crate::config::Config;
use crate::engine::Engine;
use crate::engine::lead::{Asked, Sent};
use tidegate_store::{Budget, Outcome};
use tidegate_wire::command::{Command, Effect};
use tidegate_wire::resp::{RespVersion, encode};

/// The most steps of a short read. The link may wait for the end of a short read at the lock of the
/// store.
const SHORT: u64 = 10_000;

/// The function that runs a command. The arity of the request is checked before.
pub(super) type Handler = fn(&mut Call<'_, '_>);

/// The function for each command and container of the port, in alphabetical order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handlers(pub(super) &'static [(&'static str, Handler)]);

impl Handlers {
    /// Returns the function for the command (or container) of this name, in lower case.
    pub(super) fn find(self, name: &str) -> Option<Handler> {
        let at = self.0.binary_search_by_key(&name, |(own, _)| own).ok()?;
        self.0.get(at).map(|(_, handler)| *handler)
    }

    /// Whether the port answers a command: COMMAND lists these.
    pub(super) fn is_answered(self, engine: &Engine, command: &Command) -> bool {
        let container = command.name.split('|').next().unwrap_or_default();
        let is_run = engine.answers(command) || self.find(container).is_some() || command.may_write;
        is_run && engine.knows(command)
    }
}

/// A request under way.
#[derive(Debug)]
pub(super) struct Call<'c, 'e> {
    pub(super) client: &'c mut Client,
    pub(super) held: &'c mut Held<'e>,
    /// The command's row, or that of its subcommand.
    pub(super) command: &'static Command,
    /// Its words, the name first. Their number fits the arity.
    pub(super) args: &'c [&'c [u8]],
    /// The commands of the port, for COMMAND.
    pub(super) handlers: Handlers,
}

impl Call<'_, '_> {
    pub(super) fn out(&mut self) -> &mut Vec<u8> {
        &mut self.client.out
    }

    pub(super) fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.client.context.engine)
    }

    pub(super) fn config(&self) -> Guard<Arc<Config>> {
        self.client.context.config()
    }

    pub(super) fn version(&self) -> RespVersion {
        self.client.session.version
    }

    /// Returns the word at `index`, empty where there is none.
    pub(super) fn arg(&self, index: usize) -> &[u8] {
        self.args.get(index).copied().unwrap_or_default()
    }

    /// Whether the word at `index` is `word`, in any case.
    pub(super) fn is(&self, index: usize, word: &str) -> bool {
        self.arg(index).eq_ignore_ascii_case(word.as_bytes())
    }

    pub(super) fn ok(&mut self) {
        encode::status(self.out(), "OK");
    }

    pub(super) fn error(&mut self, text: &str) {
        encode::error(self.out(), text);
    }

    pub(super) fn integer(&mut self, value: impl TryInto<i64>) {
        let value = value.try_into().unwrap_or(i64::MAX);
        encode::integer(self.out(), value);
    }

    pub(super) fn verbatim(&mut self, text: &str) {
        let version = self.version();
        encode::verbatim(self.out(), version, text);
    }

    /// Writes an array of bulk strings.
    pub(super) fn strings<S: AsRef<[u8]>>(&mut self, texts: &[S]) {
        let out = self.out();
        encode::array(out, texts.len());
        texts.iter().for_each(|text| encode::bulk(out, text.as_ref()));
    }

    /// Writes the store's answer; false if the store has no such command.
    pub(super) fn read_store(&mut self) -> bool {
        let context = &self.client.context;
        // While writes are paused a read deletes no expired key.
        if context.engine.leads() && !context.holds(true) {
            return self.lead();
        }
        let call_context = self.client.call_context(self.held);
        let (args, out) = (self.args, &mut self.client.out);
        let budget = Budget::new(SHORT, usize::MAX);
        let outcome = match self.held.store().read_within(&budget, call_context, args, out) {
            Outcome::Excessive => self.held.long(|store| store.read(call_context, args, out)),
            outcome => outcome,
        };
        outcome != Outcome::Unknown
    }

    /// Runs a command for a client of a master; false if the store has no such command. A command
    /// that blocks and finds nothing makes the client wait.
    pub(super) fn lead(&mut self) -> bool {
        let context = Rc::clone(&self.client.context);
        context.follow_role();
        let call_context = self.client.call_context(self.held);
        let hub = &context.engine.hub;
        let may_block = matches!(self.command.effect, Effect::Blocking(_)) && !self.held.is_kept();
        let request = Sent::of(self.args, self.held.frame);
        let store = self.held.store_mut();
        let mut lead = context.lead.borrow_mut();
        lead.act_for(Some(self.client.entry.id));
        let before = lead.uncommitted();
        let outcome = if may_block {
            let asked = (self.client.entry.id, request);
            match lead.execute_or_wait((store, hub), call_context, asked, &mut self.client.out) {
                Asked::Done(outcome) => outcome,
                Asked::Waits { timeout_ms, bytes } => {
                    self.client.wait_for(Awaited::Keys { bytes }, self.command, timeout_ms);
                    Outcome::Replied
                }
            }
        } else {
            lead.execute((store, hub), call_context, request, &mut self.client.out)
        };
        drop(lead);
        self.client.note_written(before);
        if !self.held.is_kept() {
            self.end_unit();
        }
        outcome != Outcome::Unknown
    }

    /// Passes the request on to the replicas of a master, although it changes no data.
    pub(super) fn replicate(&mut self) {
        let db = self.client.db();
        self.held.store_mut();
        self.client.context.lead.borrow_mut().replicate(db, self.args);
        if !self.held.is_kept() {
            self.end_unit();
        }
    }

    /// Ends what a master's client did at once, and serves the clients that wait for keys.
    pub(super) fn end_unit(&mut self) {
        self.client.context.end_unit(self.held);
    }

    /// Runs a local write (`replica-read-only no`); false if the store has no such command.
    pub(super) fn write_store(&mut self) -> bool {
        if self.client.context.engine.leads() {
            return self.lead();
        }
        let call_context = self.client.call_context(self.held);
        let store = self.held.store_mut();
        store.write(call_context, self.args, &mut self.client.out) != Outcome::Unknown
    }
}
