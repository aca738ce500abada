//! Which requests `CLIENT PAUSE` holds: those that the master would hold (`processCommand`).
//!
//! Servers refuse a command that they cannot run before they look at the pause: the proxy does not
//! hold a command that is known to be refused.

use std::rc::Rc;

use crate::client::batch::batch::Batch;
use crate::client::dispatch::shebang;
use crate::client::request::Request;
use crate::client::state::client::Client;
use crate::routing::plan;
use crate::worker::function_list;
use crate::worker::scripts::Function;
use tidegate_store::{Dialect, Vendor};
use tidegate_wire::command::{Command, Effect, Resolved, fits, lookup, old_arity, versions};
use tidegate_wire::resp::Args;

/// Whether the master replicates a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Replication {
    /// The server refuses the request before it checks the pause.
    Refused,
    /// The master does not replicate it.
    No,
    /// The master may replicate it.
    May,
    /// The master has been asked which functions may write.
    Asked,
}

impl Replication {
    const fn of(may: bool) -> Self {
        if may { Self::May } else { Self::No }
    }
}

/// Whether a pause in force holds a request.
pub(in crate::client) fn is_paused(
    client: &Client,
    batch: &Batch<'_>,
    command: Option<&Resolved<'_>>,
    request: &Request<'_>,
) -> bool {
    let shared = &client.worker.shared;
    if !shared.pause.is_set() {
        return false;
    }
    let replication = replication(client, batch, command, request);
    let may = matches!(replication, Replication::May | Replication::Asked);
    replication != Replication::Refused && shared.pause.holds(may, || shared.now_ms())
}

/// Records whether the master replicates a request that is about to be queued: a pause before EXEC
/// depends on it.
pub(in crate::client) fn note_replication(
    client: &mut Client,
    batch: &Batch<'_>,
    command: Option<&Resolved<'_>>,
    request: &Request<'_>,
) {
    let may = match replication(client, batch, command, request) {
        Replication::Refused => None,
        Replication::No => Some(false),
        Replication::May | Replication::Asked => Some(true),
    };
    client.session.transaction.note_replication(may);
}

/// Remembers a script that a client loads.
pub(in crate::client) fn note_script(client: &Client, batch: &Batch<'_>, request: &Request<'_>) {
    let Some(script) = Args::new(request.frame).at(2) else { return };
    if let Some(writes) = shebang::writes(script, batch.shard().server.dialect()) {
        client.worker.shared.scripts.load(script, writes);
    }
}

/// Whether the master replicates a request.
fn replication(
    client: &Client,
    batch: &Batch<'_>,
    command: Option<&Resolved<'_>>,
    request: &Request<'_>,
) -> Replication {
    let Some(command) = command else {
        // A master that has listed its commands refuses all others.
        let is_told = batch.topology.learned.is_told();
        return if is_told { Replication::Refused } else { Replication::May };
    };
    let dialect = batch.shard().server.dialect();
    let row = lookup(request.name);
    if refuses(client, command) || is_refused(command, row, dialect, request) {
        return Replication::Refused;
    }
    if !dialect.has_subcommands() {
        // A container's flags are those of all its subcommands.
        return match command.effect {
            Effect::Exec => of_exec(client, dialect),
            _ => Replication::of(row.map_or(command.replicates, |row| row.replicates)),
        };
    }
    match command.name {
        "exec" => of_exec(client, dialect),
        "eval" | "eval_ro" => {
            let writes = request.second.and_then(|script| shebang::writes(script, dialect));
            Replication::of(writes.unwrap_or(command.replicates))
        }
        "evalsha" | "evalsha_ro" => {
            let writes = request.second.and_then(|sha| client.worker.shared.scripts.writes(sha));
            Replication::of(writes.unwrap_or(command.replicates))
        }
        "fcall" | "fcall_ro" => of_function(client, command, request),
        _ => Replication::of(command.replicates),
    }
}

/// Whether the master replicates what was queued.
fn of_exec(client: &Client, dialect: Dialect) -> Replication {
    let transaction = &client.session.transaction;
    // Valkey forgets the queue with the first command that it refuses.
    let is_empty = dialect.vendor() == Vendor::Valkey && transaction.is_spoilt();
    Replication::of(transaction.is_open() && transaction.replicates() && !is_empty)
}

/// Whether the master replicates a call of a function. The proxy asks the master only while a pause
/// is in force: before that, a call counts as one that may write.
fn of_function(client: &Client, command: &Resolved<'_>, request: &Request<'_>) -> Replication {
    let shared = &client.worker.shared;
    if !shared.pause.is_set() {
        return Replication::of(command.replicates);
    }
    match shared.scripts.function(request.second.unwrap_or_default()) {
        Function::Known(writes) => Replication::of(writes.unwrap_or(command.replicates)),
        Function::Asked => Replication::Asked,
        Function::Unasked => {
            tokio::task::spawn_local(function_list::ask(Rc::clone(&client.worker)));
            Replication::Asked
        }
    }
}

/// Whether the proxy, or the state of the session, refuses a command.
fn refuses(client: &Client, command: &Resolved<'_>) -> bool {
    let is_over_limits =
        client.session.is_in_subscriber_mode() && !plan::survives_subscriber_mode(command.effect);
    is_over_limits || plan::is_forbidden(command, &client.session, &client.policy())
}

/// Whether a server of this version lacks a command, or does not take so many arguments.
fn is_refused(
    command: &Resolved<'_>,
    row: Option<&Command>,
    dialect: Dialect,
    request: &Request<'_>,
) -> bool {
    let name = match row {
        // Only the container counts where subcommands are no commands.
        Some(row) if !dialect.has_subcommands() => row.name,
        Some(row) if !row.subcommands.is_empty() && row.name == command.name => {
            // The subcommand is missing, or unknown.
            return true;
        }
        _ => command.name,
    };
    let arity = match row {
        Some(row) if !dialect.has_subcommands() => row.arity,
        _ => command.arity,
    };
    let old = old_arity(name).filter(|(_, versions)| dialect.is_among(versions));
    !dialect.has(versions(name)) || !fits(old.map_or(arity, |(arity, _)| arity), request.argc)
}
