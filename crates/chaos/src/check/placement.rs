//! Where writes ran: never on a replica, never on a master that was deposed.

use std::collections::BTreeMap;

use crate::history::{Execution, History, MILLISECOND, Micros, Operation, SECOND};
use crate::roles::Roles;
use crate::verdict::{Rules, Verdict, show};

/// How long a server has to be a replica until a write that a client sends must not run there.
const SETTLED: Micros = SECOND;

/// A request that took longer to its server was held up on the way.
const DIRECT: Micros = 500 * MILLISECOND;

pub(super) fn check(history: &History, roles: &Roles, rules: &Rules, verdict: &mut Verdict) {
    let tagged = |it: &'_ Operation| it.action.tag();
    let by_tag: BTreeMap<_, _> =
        history.operations.iter().filter_map(|it| tagged(it).map(|tag| (tag, it))).collect();
    let mut seen = BTreeMap::<u64, Execution>::new();
    for execution in &history.executions {
        let Some(operation) = by_tag.get(&execution.tag) else { continue };
        if let Some(first) = seen.insert(execution.tag, *execution)
            && first.server != execution.server
        {
            let text =
                format!("servers {} and {}: {}", first.server, execution.server, show(operation));
            verdict.violate("sent once", text);
        }
        let on_time = execution.at.saturating_sub(operation.begun) < DIRECT;
        // A server, or the way to it, that stood still gets its bytes late.
        let quiet_from = operation.begun.saturating_sub(2 * SECOND);
        let disturbed = history
            .disturbances
            .iter()
            .any(|it| it.server == Some(execution.server) && it.overlaps(quiet_from, execution.at));
        if on_time
            && !disturbed
            && let Some(since) = roles.replica_since(execution.server, execution.at)
            && operation.begun > since + SETTLED
        {
            let text = format!("server {} ran {}", execution.server, show(operation));
            verdict.violate("never to a replica", text);
        }
        if let Some(deposed) = roles.deposed(execution.server, operation.begun)
            && operation.begun > deposed.established + rules.grace
            && roles.deposed(execution.server, execution.at).is_some()
            && roles.replica_since(execution.server, execution.at).is_none()
        {
            let text = format!(
                "server {} ran it {} ms after server {} was established: {}",
                execution.server,
                (operation.begun - deposed.established) / MILLISECOND,
                deposed.to,
                show(operation)
            );
            verdict.violate("never to a deposed master", text);
        }
    }
}
