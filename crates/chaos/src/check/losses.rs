//! Why an acknowledged write is not in the final data.

use std::collections::BTreeMap;

use crate::history::{Execution, History, Micros, Operation};
use crate::roles::{Roles, Succession};
use crate::verdict::{Rules, Verdict, show};

/// How many losses are kept in full.
const EXAMPLES: usize = 5;

/// The reason for a loss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// The replica that was promoted did not have it.
    Unreplicated,
    /// The old master ran it after the new one was promoted, within [`Rules::grace`].
    Deposed,
    /// No failover explains it.
    Unexplained,
}

/// All that explains losses.
#[derive(Debug)]
pub(super) struct Losses<'h> {
    pub(super) roles: &'h Roles,
    rules: Rules,
    executions: BTreeMap<u64, Execution>,
}

impl<'h> Losses<'h> {
    pub(super) fn new(history: &History, roles: &'h Roles, rules: Rules) -> Self {
        let executions = history.executions.iter().map(|it| (it.tag, *it)).collect();
        Self { roles, rules, executions }
    }

    fn executor(&self, operation: &Operation) -> Option<usize> {
        Some(self.executions.get(&operation.action.tag()?)?.server)
    }

    /// Why `write` may be missing.
    pub(super) fn of(&self, write: &Operation) -> Loss {
        let executor = self.executor(write);
        if self.roles.successions.iter().any(|it| self.lacked(it, write, executor)) {
            return Loss::Unreplicated;
        }
        let late = |it: &&Succession| {
            it.before < write.ended
                && write.begun <= it.established + self.rules.grace
                && executor.is_none_or(|server| server != it.to)
        };
        if self.roles.successions.iter().any(|it| late(&it)) {
            return Loss::Deposed;
        }
        Loss::Unexplained
    }

    /// Whether the promoted server of `succession` may have lacked `write`.
    fn lacked(&self, succession: &Succession, write: &Operation, executor: Option<usize>) -> bool {
        // The old master may have run it before it ended, and the promotion is between two samples.
        if write.begun > succession.seen {
            return false;
        }
        if write.begun > succession.before && executor.is_some_and(|it| it != succession.to) {
            return true;
        }
        let server = executor.or_else(|| self.reigning(write.begun)).or(succession.from);
        let Some(server) = server else { return true };
        if server == succession.to && succession.from != Some(server) {
            return false;
        }
        let upper = self.roles.offset_after(server, write.ended);
        upper.is_none_or(|upper| upper >= succession.had)
    }

    fn reigning(&self, at: Micros) -> Option<usize> {
        self.roles.established(at).map(|it| it.to)
    }

    /// Counts a lost write, and reports it where the rules do not allow it.
    pub(super) fn count(&self, write: &Operation, what: &str, verdict: &mut Verdict) {
        let loss = self.of(write);
        match loss {
            Loss::Unreplicated => verdict.lost_unreplicated += 1,
            Loss::Deposed => verdict.lost_deposed += 1,
            Loss::Unexplained => verdict.lost_unexplained += 1,
        }
        let is_violation = loss == Loss::Unexplained || self.rules.strict;
        if !is_violation && verdict.losses.len() >= EXAMPLES {
            return;
        }
        let ran = match self.action_executor(write) {
            Some(it) => format!("; server {} ran it at {} us", it.server, it.at),
            None => String::new(),
        };
        let text = format!("{what} ({loss:?}): {}{ran}", show(write));
        if verdict.losses.len() < EXAMPLES {
            verdict.losses.push(text.clone());
        }
        if is_violation {
            verdict.violate("acknowledged exactly once", text);
        }
    }

    fn action_executor(&self, write: &Operation) -> Option<&Execution> {
        self.executions.get(&write.action.tag()?)
    }

    /// Whether a failover may have undone `write`: what follows from its loss is no further
    /// violation, also in a strict run.
    pub(super) fn excuses(&self, write: &Operation) -> bool {
        self.of(write) != Loss::Unexplained
    }
}
