//! Commands that the port answers while the link to the master is down and
//! `replica-serve-stale-data` is `no`: those that servers flag `stale` (measured on 7.0, 8.2, 9.1).

use tidegate_wire::command::Command;

const STALE: &[&str] = &[
    "acl",
    "auth",
    "client",
    "command",
    "config",
    "debug",
    "discard",
    "echo",
    "exec",
    "hello",
    "info",
    "lastsave",
    "latency",
    "memory|help",
    "module|help",
    "monitor",
    "multi",
    "object|help",
    "psubscribe",
    "publish",
    "pubsub",
    "punsubscribe",
    "quit",
    "readonly",
    "readwrite",
    "replconf",
    "replicaof",
    "reset",
    "role",
    "select",
    "shutdown",
    "slaveof",
    "slowlog",
    "spublish",
    "ssubscribe",
    "subscribe",
    "sunsubscribe",
    "time",
    "unsubscribe",
    "unwatch",
    "watch",
    "xinfo|help",
];

/// Whether the port answers the command while the link is down.
pub(super) fn is_answered(command: &Command) -> bool {
    let container = command.name.split('|').next().unwrap_or_default();
    STALE.contains(&container) || STALE.contains(&command.name)
}
