//! Which command of the port is run by what. What is about data is the store's.

use super::call::Call;
use super::{
    clients, commands, config_command, connection, info, pubsub, replication, saving, server,
    transaction,
};
use crate::engine::Engine;
use tidegate_wire::command::{Access, Command, Effect};

/// What runs a command. Its arity was checked.
pub(super) type Handler = fn(&mut Call<'_, '_>);

/// Every command and container of the port, in alphabetical order.
const HANDLERS: &[(&str, Handler)] = &[
    ("acl", server::acl),
    ("asking", server::no_cluster),
    ("auth", connection::session),
    ("bgsave", saving::bgsave),
    ("client", clients::client),
    ("cluster", server::no_cluster),
    ("command", commands::command),
    ("config", config_command::config),
    ("debug", server::debug),
    ("discard", transaction::discard),
    ("echo", connection::session),
    ("exec", transaction::exec),
    ("failover", replication::failover),
    ("function", server::scripts),
    ("hello", connection::session),
    ("info", info::info),
    ("lastsave", saving::lastsave),
    ("latency", server::latency),
    ("memory", server::memory),
    ("module", server::module),
    ("monitor", pubsub::monitor),
    ("multi", transaction::multi),
    ("ping", connection::session),
    ("psubscribe", pubsub::subscribe),
    ("psync", replication::sync),
    ("publish", pubsub::publish),
    ("pubsub", pubsub::pubsub),
    ("punsubscribe", pubsub::unsubscribe),
    ("quit", connection::quit),
    ("readonly", server::no_cluster),
    ("readwrite", server::no_cluster),
    ("replconf", replication::replconf),
    ("replicaof", replication::replicaof),
    ("reset", connection::reset),
    ("role", replication::role),
    ("save", saving::save),
    ("script", server::scripts),
    ("select", connection::select),
    ("shutdown", server::shutdown),
    ("slaveof", replication::replicaof),
    ("slowlog", server::slowlog),
    ("spublish", pubsub::publish),
    ("ssubscribe", pubsub::subscribe),
    ("subscribe", pubsub::subscribe),
    ("sunsubscribe", pubsub::unsubscribe),
    ("sync", replication::sync),
    ("time", server::time),
    ("unsubscribe", pubsub::unsubscribe),
    ("unwatch", transaction::unwatch),
    ("wait", replication::wait),
    ("waitaof", replication::wait),
    ("watch", transaction::watch),
];

/// What runs the command (or container) of this name, in lower case.
pub(super) fn find(name: &str) -> Option<Handler> {
    let at = HANDLERS.binary_search_by_key(&name, |(own, _)| own).ok()?;
    HANDLERS.get(at).map(|(_, handler)| *handler)
}

/// Whether the port answers a command: what COMMAND tells of.
pub(super) fn is_answered(engine: &Engine, command: &Command) -> bool {
    let container = command.name.split('|').next().unwrap_or_default();
    let is_run = engine.answers(command) || find(container).is_some() || command.gated;
    is_run && engine.knows(command)
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
    use tidegate_wire::command;

    #[test]
    fn every_handler_has_a_row() {
        assert!(HANDLERS.is_sorted_by_key(|(name, _)| *name));
        for (name, _) in HANDLERS {
            assert!(
                command::lookup(name.as_bytes()).is_some_and(|row| row.name == *name),
                "{name}"
            );
            assert!(find(name).is_some());
        }
        assert!(find("get").is_none());
    }

    #[test]
    fn monitors_see_no_password() {
        for name in ["auth", "hello", "config", "monitor", "replicaof"] {
            assert!(!is_shown(command::lookup(name.as_bytes()).unwrap()), "{name}");
        }
        assert!(is_shown(command::lookup(b"get").unwrap()));
    }
}
