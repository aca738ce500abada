//! What the workload has to hold: every write that servers know, and every read of the table.

use std::collections::BTreeSet;

use tidegate_wire::command::{Access, Command};

use crate::support::{Flavor, RedisServer, Reply};
use crate::workload::Reader;

/// Reads whose answer is not the data's: scripts are run by servers only, LOLWUT is art.
const NOT_COMPARED: [&str; 5] = ["clusterscan", "eval_ro", "evalsha_ro", "fcall_ro", "lolwut"];

/// Writes that no workload makes: MIGRATE needs another server, FLUSHSLOT a cluster, vector sets
/// are a module, whose values only servers understand.
const NOT_WRITTEN: [&str; 5] = ["cluster|flushslot", "migrate", "vadd", "vrem", "vsetattr"];

/// Every row of the table that reads has a read that is compared.
pub fn every_read_is_made() {
    let made: BTreeSet<String> = Reader::names().into_iter().collect();
    let mut missing = Vec::new();
    for command in tidegate_wire::command::all().flat_map(with_subcommands) {
        let is_read = command.access == Access::Read;
        if is_read && !made.contains(command.name) && !is_excused(command.name) {
            missing.push(command.name);
        }
    }
    assert!(missing.is_empty(), "no read of the workload: {missing:?}");
}

fn is_excused(name: &str) -> bool {
    NOT_COMPARED.contains(&name) || name.starts_with('v') || name.contains('.')
}

fn with_subcommands(command: &'static Command) -> Vec<&'static Command> {
    std::iter::once(command).chain(command.subcommands).collect()
}

/// The commands that a server calls writes and that never succeeded there.
pub fn unwritten(server: &RedisServer) -> Vec<String> {
    let stats = server.info("commandstats");
    let succeeded = |name: &str| {
        let Some(line) = stats.get(&format!("cmdstat_{name}")) else { return false };
        let field = |name: &str| -> u64 {
            let found = line.split(',').find_map(|field| field.strip_prefix(name));
            found.and_then(|value| value.parse().ok()).unwrap_or(0)
        };
        field("calls=") > field("failed_calls=")
    };
    let commands = server.cmd(&["COMMAND"]);
    let mut missing = Vec::new();
    for command in commands.array() {
        for name in write_names(command, server.flavor()) {
            if !succeeded(&name) && !NOT_WRITTEN.contains(&name.as_str()) {
                missing.push(name);
            }
        }
    }
    missing
}

/// The names under which a row of `COMMAND` counts, if it is a write: its own, or, from 7.0 on,
/// its subcommands'.
fn write_names(row: &Reply, flavor: Flavor) -> Vec<String> {
    let cells = row.array();
    let is_write = cells[2].array().iter().any(|flag| flag.str() == "write");
    let subcommands = cells.get(9).map(Reply::array).unwrap_or_default();
    if flavor != Flavor::Redis62 && !subcommands.is_empty() {
        return subcommands.iter().flat_map(|row| write_names(row, flavor)).collect();
    }
    if is_write { vec![cells[0].str().to_lowercase()] } else { Vec::new() }
}
