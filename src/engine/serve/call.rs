//! A request under way, and what its command has at hand.

use std::sync::Arc;

use arc_swap::Guard;

use super::client::Client;
use super::held::Held;
use crate::config::Config;
use crate::engine::Engine;
use tidegate_store::{Budget, Outcome};
use tidegate_wire::command::Command;
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
        let call_context = self.client.call_context();
        let (args, out) = (self.args, &mut self.client.out);
        let budget = Budget::new(SHORT, usize::MAX);
        let outcome = match self.held.store().read_within(&budget, call_context, args, out) {
            Outcome::Excessive => self.held.long(|store| store.read(call_context, args, out)),
            outcome => outcome,
        };
        outcome != Outcome::Unknown
    }

    /// Runs a local write (`replica-read-only no`); false if the store has no such command.
    pub(super) fn write_store(&mut self) -> bool {
        let call_context = self.client.call_context();
        let store = self.held.store_mut();
        store.write(call_context, self.args, &mut self.client.out) != Outcome::Unknown
    }
}
