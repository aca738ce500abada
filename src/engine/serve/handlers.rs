//! The function for each command that the port runs itself. The store runs commands about data.

use std::sync::LazyLock;

use super::call::{Handler, Handlers};
use super::commands::{
    clients, command, connection, pubsub, replication, saving, scripting, server, shutdown,
    transaction, wait,
};
use super::{config, info};
use tidegate_wire::command::{Access, Command, Effect, NUMBERS, number};

/// Every command and container of the port, in alphabetical order.
pub(super) const HANDLERS: Handlers = Handlers(&[
    ("acl", server::acl),
    ("asking", server::no_cluster),
    ("auth", connection::session),
    ("bgrewriteaof", saving::bgrewriteaof),
    ("bgsave", saving::bgsave),
    ("client", clients::client),
    ("cluster", server::no_cluster),
    ("command", command::command),
    ("config", config::config),
    ("debug", server::debug),
    ("discard", transaction::discard),
    ("echo", connection::session),
    ("eval", scripting::script),
    ("eval_ro", scripting::script),
    ("evalsha", scripting::script),
    ("evalsha_ro", scripting::script),
    ("exec", transaction::exec),
    ("failover", replication::failover),
    ("fcall", scripting::script),
    ("fcall_ro", scripting::script),
    ("function", scripting::script),
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
    ("script", scripting::script),
    ("select", connection::select),
    ("shutdown", shutdown::shutdown),
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
    ("wait", wait::wait),
    ("waitaof", wait::waitaof),
    ("watch", transaction::watch),
]);

/// The functions of [`HANDLERS`], by the numbers of their commands.
static BY_NUMBER: LazyLock<Vec<Option<Handler>>> = LazyLock::new(|| {
    let mut table = vec![None; NUMBERS];
    for (name, handler) in HANDLERS.0 {
        if let Some(place) = number(name.as_bytes()).and_then(|number| table.get_mut(number)) {
            *place = Some(*handler);
        }
    }
    table
});

/// Returns the function for the command (or container) with this [`number`].
pub(super) fn by_number(number: usize) -> Option<Handler> {
    BY_NUMBER.get(number).copied().flatten()
}

/// Whether MONITOR shows a command. It shows no operator's command and none with a password.
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

    #[test]
    fn every_handler_has_a_row() {
        assert!(HANDLERS.0.is_sorted_by_key(|(name, _)| *name));
        for (name, _) in HANDLERS.0 {
            assert!(
                tidegate_wire::command::lookup(name.as_bytes())
                    .is_some_and(|row| row.name == *name),
                "{name}"
            );
            assert!(HANDLERS.find(name).is_some());
            assert!(by_number(number(name.as_bytes()).unwrap()).is_some());
        }
        assert!(HANDLERS.find("get").is_none());
        assert!(by_number(number(b"get").unwrap()).is_none());
    }

    #[test]
    fn monitors_see_no_password() {
        for name in ["auth", "hello", "config", "monitor", "replicaof"] {
            assert!(!is_shown(tidegate_wire::command::lookup(name.as_bytes()).unwrap()), "{name}");
        }
        assert!(is_shown(tidegate_wire::command::lookup(b"get").unwrap()));
    }
}
