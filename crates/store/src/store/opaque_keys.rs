//! Requests about keys whose values the store cannot read.
//!
//! A command that reads such a value is refused, and the caller sends the client to a server. A
//! command of the replication stream that changes such a value makes the key *unknown*: from then
//! on the store cannot say whether the key exists, until a command replaces or deletes it.

use super::Store;
use crate::call::{CallContext, Effects, Outcome, words};
use crate::keyspace::{Opaque, OpaqueCount, OpaqueNews, Value};
use tidegate_wire::command::{self, Keys};

impl Store {
    /// The number of keys whose values cannot be read here.
    #[must_use]
    pub fn opaque_keys(&self) -> usize {
        self.data.databases.iter().map(|database| database.opaque().opaque).sum()
    }

    /// Returns the keys whose values became unreadable since the last call, the first few of many.
    pub fn take_opaque_news(&mut self) -> Vec<OpaqueNews> {
        self.data.take_opaque_news()
    }

    /// Whether such keys make it impossible to answer a client's request, whatever its command
    /// would reply. A request may ask whether a readable or unreadable key exists, or when it
    /// expires. A request that reads an unreadable value is refused by the value.
    pub(super) fn is_opaque_to(&self, context: CallContext, args: &[&[u8]]) -> bool {
        let count = self.data.database(context.db).opaque();
        if count.opaque == 0 {
            return false;
        }
        if reads_others(args) {
            return true;
        }
        let mut keys = keys(args).peekable();
        // A reply about all keys would count keys that may not exist.
        let of_all = keys.peek().is_none();
        count.unknown > 0 && (of_all || keys.any(|key| self.is_unknown(context.db, key)))
    }

    fn count_of(&self, db: usize, key: &[u8]) -> OpaqueCount {
        self.data.database(db).get(key).map(OpaqueCount::of).unwrap_or_default()
    }

    fn is_unknown(&self, db: usize, key: &[u8]) -> bool {
        self.count_of(db, key).unknown > 0
    }

    /// Whether a master's command concerns keys that cannot be read, so that
    /// [`Self::apply_to_opaque`] has to apply it.
    pub(super) fn concerns_opaque(&mut self, context: CallContext, args: &[&[u8]]) -> bool {
        if self.opaque_keys() == 0 {
            self.data.has_opaque = false;
            return false;
        }
        reads_others(args) && self.data.database(context.db).opaque().opaque > 0
            || keys(args).any(|key| {
                self.data.databases.iter().any(|it| {
                    it.opaque().opaque > 0
                        && it.get(key).map(OpaqueCount::of).unwrap_or_default().opaque > 0
                })
            })
    }

    /// Applies a master's command that concerns keys that cannot be read; `run` runs it as any
    /// other. Its effect on a value that cannot be read is unknown, so its keys become unknown.
    pub(super) fn apply_to_opaque(
        &mut self,
        context: CallContext,
        args: &[&[u8]],
        run: impl FnOnce(&mut Self) -> Outcome,
    ) -> Outcome {
        if reads_others(args) {
            return self.lose(context.db, args);
        }
        if is(args, "renamenx") || is(args, "move") || is(args, "copy") {
            // The master did it, so no key was in the way.
            self.clear_way(context, args);
        }
        let unknown = keys(args).any(|key| self.is_unknown(context.db, key));
        if unknown && !replaces(args) {
            return self.lose(context.db, args);
        }
        match run(self) {
            Outcome::Opaque => self.lose(context.db, args),
            outcome => outcome,
        }
    }

    /// Records every key that a command names as changed.
    pub(super) fn note_named(&self, db: usize, args: &[&[u8]], effects: &mut Effects) {
        keys(args).for_each(|key| effects.add_change(db, key));
    }

    /// Makes the keys unknown that a command may have changed.
    fn lose(&mut self, db: usize, args: &[&[u8]]) -> Outcome {
        // A command that stores a result changes only the destination.
        let stores = args.first().is_some_and(|name| name.to_ascii_lowercase().ends_with(b"store"));
        let places = match (stores, is(args, "sort")) {
            (true, _) => 0..1,
            (_, true) => 1..2,
            _ => 0..usize::MAX,
        };
        let changed: Vec<&[u8]> = keys(args).take(places.end).skip(places.start).collect();
        for key in changed {
            if !self.is_unknown(db, key) {
                self.data.note_opaque(
                    db,
                    key,
                    "a command changed a value that cannot be read here",
                );
            }
            let value = Value::Opaque(Box::new(Opaque::unknown()));
            self.data.database_mut(db).set(key, None, value);
        }
        self.data.dirty += 1;
        Outcome::Replied
    }

    /// Deletes an unknown key that a master's command found missing.
    fn clear_way(&mut self, context: CallContext, args: &[&[u8]]) {
        let word = |at: usize| args.get(at).copied().unwrap_or_default();
        let number = |at: usize| words::int(word(at)).ok().and_then(|db| usize::try_from(db).ok());
        let (db, key) = if is(args, "move") {
            (number(2), word(1))
        } else {
            let db = (3..args.len()).find(|at| words::is(word(*at), "DB"));
            (db.map_or(Some(context.db), |at| number(at + 1)), word(2))
        };
        let Some(db) = db.filter(|db| *db < self.data.databases.len()) else { return };
        if self.is_unknown(db, key) {
            self.data.database_mut(db).remove(key);
        }
    }
}

fn is(args: &[&[u8]], name: &str) -> bool {
    args.first().is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
}

/// Whether a command reads keys that its arguments do not name.
fn reads_others(args: &[&[u8]]) -> bool {
    let names = |word: &&[u8]| words::is(word, "BY") || words::is(word, "GET");
    (is(args, "sort") || is(args, "sort_ro")) && args.iter().skip(2).any(names)
}

/// Whether a command leaves its keys readable, whatever they were.
fn replaces(args: &[&[u8]]) -> bool {
    const CONDITIONS: [&str; 7] = ["NX", "XX", "GET", "KEEPTTL", "IFEQ", "IFNE", "IFDEQ"];
    let has = |word: &str| args.iter().skip(3).any(|arg| words::is(arg, word));
    let always = ["del", "unlink", "setex", "psetex", "mset", "rename", "renamenx", "move"];
    always.iter().any(|name| is(args, name))
        || is(args, "copy")
        || is(args, "set") && !CONDITIONS.iter().any(|word| has(word))
        || is(args, "restore") && has("REPLACE")
}

/// Returns the keys that a request names.
fn keys<'a>(args: &'a [&'a [u8]]) -> impl Iterator<Item = &'a [u8]> {
    let row = args.first().and_then(|name| command::lookup(name));
    let row = row.map(|row| {
        let second = args.get(1).and_then(|second| row.subcommand(second));
        second.unwrap_or(row)
    });
    let arg = |at: usize| args.get(at).copied().unwrap_or_default();
    let positions = row.map_or(Keys::None, |row| row.keys).positions(args.len(), arg);
    positions.filter_map(|at| args.get(at).copied())
}
