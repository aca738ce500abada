//! Which commands a server refuses when it has no memory.

use super::Store;
use crate::call::CommandError;
use tidegate_wire::command;

/// The commands that may need memory (`CMD_DENYOOM`), subcommands as `container|subcommand`.
const NEED_MEMORY: &[&str] = &[
    "append",
    "bitfield",
    "bitop",
    "blmove",
    "brpoplpush",
    "copy",
    "decr",
    "decrby",
    "function|load",
    "function|restore",
    "geoadd",
    "georadius",
    "georadiusbymember",
    "geosearchstore",
    "getset",
    "hincrby",
    "hincrbyfloat",
    "hmset",
    "hset",
    "hsetex",
    "hsetnx",
    "incr",
    "incrby",
    "incrbyfloat",
    "linsert",
    "lmove",
    "lpush",
    "lpushx",
    "lset",
    "mset",
    "msetex",
    "msetnx",
    "pfadd",
    "pfdebug",
    "pfmerge",
    "psetex",
    "restore",
    "restore-asking",
    "rpoplpush",
    "rpush",
    "rpushx",
    "sadd",
    "sdiffstore",
    "set",
    "setbit",
    "setex",
    "setnx",
    "setrange",
    "sinterstore",
    "sort",
    "sunionstore",
    "xadd",
    "xgroup|create",
    "xgroup|createconsumer",
    "xsetid",
    "zadd",
    "zdiffstore",
    "zincrby",
    "zinterstore",
    "zrangestore",
    "zunionstore",
];

impl Store {
    /// The error of a command that needs memory when there is none.
    pub const OUT_OF_MEMORY: CommandError =
        CommandError::new("OOM command not allowed when used memory > 'maxmemory'.");

    /// Whether a request may need memory, so that a server refuses it with
    /// [`Self::OUT_OF_MEMORY`] when it has none and can evict nothing (`denyoom`).
    #[must_use]
    pub fn needs_memory(args: &[&[u8]]) -> bool {
        let Some(row) = args.first().and_then(|name| command::lookup(name)) else { return false };
        let is_named = |name: &str| NEED_MEMORY.binary_search(&name).is_ok();
        let second = args.get(1).map(|word| word.to_ascii_lowercase()).unwrap_or_default();
        let sub = || {
            std::str::from_utf8(&second).is_ok_and(|second| {
                NEED_MEMORY.iter().any(|it| {
                    it.split_once('|').is_some_and(|(name, sub)| name == row.name && sub == second)
                })
            })
        };
        is_named(row.name) || sub()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_need_memory_are_known() {
        assert!(NEED_MEMORY.is_sorted());
        let needs = |request: &str| {
            let words: Vec<&[u8]> = request.split(' ').map(str::as_bytes).collect();
            Store::needs_memory(&words)
        };
        assert!(needs("set k v") && needs("XGROUP CREATE s g 0") && needs("function load x"));
        assert!(!needs("GET k") && !needs("DEL k") && !needs("XGROUP DESTROY s g"));
        assert!(!needs("FUNCTION LIST") && !needs("EXPIRE k 1") && !needs("unknown"));
    }
}
