//! The data that a script works on.

use std::collections::BTreeMap;

use parking_lot::MappedRwLockReadGuard;

use super::job::MadeCall;
use tidegate_store::{CallContext, CommandError, Effects, Outcome, Store, Wanted};

/// The data that a script works on.
#[derive(Debug)]
pub(super) enum Data<'e> {
    /// Those of a master.
    Own { store: Box<Store>, effects: Effects, calls: Vec<MadeCall>, wanted: Wanted },
    /// Those that a replica shows to readers.
    Shared(MappedRwLockReadGuard<'e, Store>),
}

impl Data<'_> {
    /// Returns the data as a reader sees them.
    pub(super) fn store(&self) -> &Store {
        match self {
            Self::Own { store, .. } => store,
            Self::Shared(store) => store,
        }
    }

    /// Runs a command.
    pub(super) fn execute(
        &mut self,
        context: CallContext,
        words: &[&[u8]],
        is_replicated: bool,
        reply: &mut Vec<u8>,
    ) -> Outcome {
        match self {
            Self::Shared(store) => match store.read(context, words, reply) {
                Outcome::Unknown if store.has(words) => {
                    CommandError::READ_ONLY.write(reply);
                    Outcome::Refused
                }
                outcome => outcome,
            },
            Self::Own { store, effects, calls, wanted } => {
                effects.want(*wanted);
                let outcome = store.execute(context, words, reply, effects);
                if !effects.is_empty() {
                    let words = words.iter().map(|word| word.to_vec()).collect();
                    let effects = std::mem::take(effects);
                    calls.push(MadeCall::Changed { words, effects, is_replicated });
                }
                outcome
            }
        }
    }

    /// Notes a command that changes no data here, and that the stream gets.
    pub(super) fn pass(&mut self, db: usize, words: &[&[u8]]) {
        if let Self::Own { calls, .. } = self {
            let words = words.iter().map(|word| word.to_vec()).collect();
            calls.push(MadeCall::Passed { db, words });
        }
    }

    /// Keeps the source of a library, whose code has been compiled.
    pub(super) fn keep_library(&mut self, source: &[u8]) {
        if let Self::Own { store, .. } = self {
            store.add_function(source.to_vec());
        }
    }

    /// Returns the source of every library, by name.
    pub(super) fn libraries(&self) -> BTreeMap<&[u8], &[u8]> {
        self.store().libraries().collect()
    }
}
