//! A store that answers the commands of scripts.

use tidegate_scripts::{Call, CommandInfo, Host, LogLevel, Pulse, is_denied};
use tidegate_store::{CallContext, Dialect, Effects, EventClasses, Outcome, Store, Wanted};
use tidegate_wire::command::{Command, fits, lookup};

/// A store that answers the commands of scripts.
#[derive(Debug)]
pub(crate) struct StoreHost {
    store: Store,
    effects: Effects,
    now_ms: i64,
    /// Whether a script has called a command that is a server's, not the store's.
    pub(crate) is_at_its_end: bool,
}

impl StoreHost {
    pub(crate) fn new(now_ms: i64) -> Self {
        let wanted =
            Wanted { events: EventClasses::of(b"").unwrap(), changes: false, ready: false };
        let (store, effects) = (Store::new(16, Dialect::default(), 1), Effects::new(wanted));
        Self { store, effects, now_ms, is_at_its_end: false }
    }
}

fn row(words: &[&[u8]]) -> Option<&'static Command> {
    let row = lookup(words[0])?;
    Some(words.get(1).and_then(|sub| row.subcommand(sub)).unwrap_or(row))
}

impl Host for StoreHost {
    fn describe(&mut self, words: &[&[u8]]) -> Option<CommandInfo> {
        let row = row(words)?;
        Some(CommandInfo {
            fits: fits(row.arity, words.len()),
            may_write: row.may_write,
            is_denied: is_denied(words),
        })
    }

    fn call(&mut self, call: Call<'_>, reply: &mut Vec<u8>) {
        let context = CallContext { db: 0, now_ms: self.now_ms, version: call.version };
        let outcome = self.store.execute(context, call.words, reply, &mut self.effects);
        self.effects.clear();
        if outcome == Outcome::Unknown {
            reply.extend_from_slice(b"+OK\r\n");
        }
        self.is_at_its_end |=
            outcome == Outcome::Unknown || reply.starts_with(b"-ERR unknown subcommand");
    }

    fn is_permitted(&mut self, _words: &[&[u8]]) -> bool {
        true
    }

    fn log(&mut self, _level: LogLevel, _text: &[u8]) {}

    fn pulse(&mut self, _has_written: bool) -> Pulse {
        Pulse::Continue
    }
}
