//! The commands that scripts may not call.

/// Commands that scripts may not call (`noscript` in Redis 7.0).
const DENIED: [&str; 47] = [
    "auth",
    "bgrewriteaof",
    "bgsave",
    "blmove",
    "blpop",
    "brpop",
    "brpoplpush",
    "bzpopmax",
    "bzpopmin",
    "debug",
    "discard",
    "eval",
    "eval_ro",
    "evalsha",
    "evalsha_ro",
    "exec",
    "failover",
    "fcall",
    "fcall_ro",
    "hello",
    "monitor",
    "multi",
    "psubscribe",
    "psync",
    "punsubscribe",
    "quit",
    "replconf",
    "replicaof",
    "reset",
    "role",
    "save",
    "shutdown",
    "slaveof",
    "ssubscribe",
    "subscribe",
    "sunsubscribe",
    "sync",
    "unsubscribe",
    "unwatch",
    "wait",
    "watch",
    // Of these all subcommands but HELP.
    "acl",
    "client",
    "config",
    "function",
    "latency",
    "module",
];

/// Whether scripts may not call this command of Redis 7.0; for a [`Host`](crate::Host) that has no
/// list of its own.
#[must_use]
pub fn is_denied(words: &[&[u8]]) -> bool {
    let Some(name) = words.first() else { return false };
    let sub = words.get(1).copied().unwrap_or_default();
    if name.eq_ignore_ascii_case(b"cluster") {
        return sub.eq_ignore_ascii_case(b"reset");
    }
    let is_script = name.eq_ignore_ascii_case(b"script");
    let is_listed = DENIED.iter().any(|it| name.eq_ignore_ascii_case(it.as_bytes()));
    let is_help = sub.eq_ignore_ascii_case(b"help") && words.len() == 2;
    let has_help =
        is_script || DENIED[41..].iter().any(|it| name.eq_ignore_ascii_case(it.as_bytes()));
    (is_listed || is_script) && !(is_help && has_help)
}
