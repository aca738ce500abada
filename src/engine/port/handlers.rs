//! Which command of the port is run by what. What is about data is the store's.

use super::call::Call;
use super::{
    clients, commands, config_command, connection, info, pubsub, replication, saving, server,
    transaction,
};
use crate::command::{Access, Command, Effect};

/// What runs a command. Its arity was checked.
pub(super) type Handler = fn(&mut Call<'_, '_>);

/// What runs the command (or container) of this name, in lower case.
pub(super) fn find(name: &str) -> Option<Handler> {
    let handler: Handler = match name {
        "ping" | "echo" | "auth" | "hello" => connection::session,
        "quit" => connection::quit,
        "reset" => connection::reset,
        "select" => connection::select,
        "client" => clients::client,
        "command" => commands::command,
        "config" => config_command::config,
        "info" => info::info,
        "multi" => transaction::multi,
        "exec" => transaction::exec,
        "discard" => transaction::discard,
        "watch" => transaction::watch,
        "unwatch" => transaction::unwatch,
        "subscribe" | "psubscribe" | "ssubscribe" => pubsub::subscribe,
        "unsubscribe" | "punsubscribe" | "sunsubscribe" => pubsub::unsubscribe,
        "publish" | "spublish" => pubsub::publish,
        "pubsub" => pubsub::pubsub,
        "monitor" => pubsub::monitor,
        "replicaof" | "slaveof" => replication::replicaof,
        "role" => replication::role,
        "replconf" => replication::replconf,
        "psync" | "sync" => replication::sync,
        "failover" => replication::failover,
        "wait" | "waitaof" => replication::wait,
        "save" => saving::save,
        "bgsave" => saving::bgsave,
        "lastsave" => saving::lastsave,
        "shutdown" => server::shutdown,
        "debug" => server::debug,
        "time" => server::time,
        "latency" => server::latency,
        "slowlog" => server::slowlog,
        "module" => server::module,
        "acl" => server::acl,
        "memory" => server::memory,
        "cluster" | "asking" | "readonly" | "readwrite" => server::no_cluster,
        "script" | "function" => server::scripts,
        _ => return None,
    };
    Some(handler)
}

/// Whether the port answers a command: what COMMAND tells of.
pub(super) fn is_answered(command: &Command, is_readable: bool) -> bool {
    let container = command.name.split('|').next().unwrap_or_default();
    is_readable || find(container).is_some() || command.gated
}

/// What cannot be queued (`no_multi`).
pub(super) fn is_out_of_transactions(command: &Command) -> bool {
    matches!(command.name, "psync" | "sync" | "shutdown" | "save")
}

/// Whether MONITOR shows a command: no operator's, and none with a password.
pub(super) fn is_shown(command: &Command) -> bool {
    let is_admin = matches!(
        command.name,
        "client|kill"
            | "client|list"
            | "client|no-evict"
            | "client|pause"
            | "client|unblock"
            | "client|unpause"
            | "monitor"
            | "psync"
            | "replconf"
            | "sync"
    );
    let is_secret = matches!(command.effect, Effect::Auth | Effect::Hello);
    let is_quit = command.effect == Effect::Quit;
    !(is_admin || is_secret || is_quit || command.access == Access::Admin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command;

    #[test]
    fn every_handler_has_a_row() {
        let names = command::all().filter(|row| !row.name.contains('|')).map(|row| row.name);
        assert_eq!(names.filter(|name| find(name).is_some()).count(), 52);
    }

    #[test]
    fn monitors_see_no_password() {
        for name in ["auth", "hello", "config", "monitor", "replicaof"] {
            assert!(!is_shown(command::lookup(name.as_bytes()).unwrap()), "{name}");
        }
        assert!(is_shown(command::lookup(b"get").unwrap()));
    }
}
