//! The counts of the port, for INFO. All of them belong to one thread.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use tidegate_wire::command::{self, NUMBERS};

/// A count of one thread.
#[derive(Debug, Default)]
pub(super) struct Count(Cell<u64>);

impl Count {
    pub(super) fn add(&self, n: u64) {
        self.0.set(self.0.get().saturating_add(n));
    }

    pub(super) fn get(&self) -> u64 {
        self.0.get()
    }

    fn reset(&self) {
        self.0.set(0);
    }
}

/// The number of calls of each command and subcommand.
#[derive(Debug)]
struct Calls {
    /// Of commands, by their numbers.
    commands: Vec<u64>,
    /// Of subcommands, by their full names.
    subcommands: BTreeMap<&'static str, u64>,
}

impl Default for Calls {
    fn default() -> Self {
        Self { commands: vec![0; NUMBERS], subcommands: BTreeMap::new() }
    }
}

/// Everything that `CONFIG RESETSTAT` sets to zero.
#[derive(Debug, Default)]
pub(super) struct Stats {
    /// The clients that the port has accepted.
    pub(super) connections: Count,
    /// The clients that it has refused at `max-clients`.
    pub(super) rejected: Count,
    /// The requests that it has handled.
    pub(super) commands: Count,
    /// The errors that it has answered with.
    pub(super) errors: Count,
    /// The bytes that clients have sent.
    pub(super) bytes_in: Count,
    /// The bytes that it has sent to clients.
    pub(super) bytes_out: Count,
    /// The clients that it has closed at `client-output-buffer-limit`.
    pub(super) output_limit: Count,
    /// The clients that it has closed at `query-buffer-limit`.
    pub(super) query_limit: Count,
    /// The commands that the link had applied when the counts began.
    pub(super) applied_before: Count,
    /// The number of calls of each command.
    calls: RefCell<Calls>,
}

impl Stats {
    /// Counts one request of the command (or subcommand) called `name`. `number` is that of the
    /// command (or container of commands).
    pub(super) fn call(&self, name: &'static str, number: usize) {
        self.commands.add(1);
        let mut calls = self.calls.borrow_mut();
        if command::row(number).is_none_or(|row| row.name.len() != name.len()) {
            *calls.subcommands.entry(name).or_default() += 1;
            return;
        }
        if let Some(count) = calls.commands.get_mut(number) {
            *count += 1;
        }
    }

    /// Returns the number of calls of each command and subcommand that was called, by name.
    pub(super) fn calls(&self) -> BTreeMap<&'static str, u64> {
        let calls = self.calls.borrow();
        let named = |(number, count): (usize, &u64)| Some((command::row(number)?.name, *count));
        let commands = calls.commands.iter().enumerate().filter_map(named);
        let subcommands = calls.subcommands.iter().map(|(name, count)| (*name, *count));
        commands.chain(subcommands).filter(|(_, count)| *count > 0).collect()
    }

    /// Resets all counts for `CONFIG RESETSTAT`; `applied` is the number of commands that the link
    /// has applied so far.
    pub(super) fn reset(&self, applied: u64) {
        let counts = [
            &self.connections,
            &self.rejected,
            &self.commands,
            &self.errors,
            &self.bytes_in,
            &self.bytes_out,
            &self.output_limit,
            &self.query_limit,
            &self.applied_before,
        ];
        counts.into_iter().for_each(Count::reset);
        self.applied_before.add(applied);
        self.calls.take();
    }
}
