//! Containers that inspect or configure the server. Rows only, in alphabetical order.

use super::row::{NO_KEYS, SUB_KEY, admin, master, read};
use crate::command::Command;

pub(super) const ROWS: &[Command] = &[
    admin("acl", -2, NO_KEYS).over(ACL),
    master("command", -1, NO_KEYS).over(COMMAND),
    admin("commandlog", -2, NO_KEYS).over(COMMANDLOG),
    admin("config", -2, NO_KEYS).over(CONFIG),
    admin("latency", -2, NO_KEYS).over(LATENCY),
    master("memory", -2, NO_KEYS).over(MEMORY),
    admin("module", -2, NO_KEYS).over(MODULE),
    admin("slowlog", -2, NO_KEYS).over(SLOWLOG),
];

const ACL: &[Command] = &[
    master("acl|cat", -2, NO_KEYS),
    admin("acl|deluser", -3, NO_KEYS),
    master("acl|dryrun", -4, NO_KEYS),
    master("acl|genpass", -2, NO_KEYS),
    admin("acl|getuser", 3, NO_KEYS),
    master("acl|help", 2, NO_KEYS),
    admin("acl|list", 2, NO_KEYS),
    admin("acl|load", 2, NO_KEYS),
    admin("acl|log", -2, NO_KEYS),
    admin("acl|save", 2, NO_KEYS),
    admin("acl|setuser", -3, NO_KEYS),
    admin("acl|users", 2, NO_KEYS),
    master("acl|whoami", 2, NO_KEYS),
];

const COMMAND: &[Command] = &[
    master("command|count", 2, NO_KEYS),
    master("command|docs", -2, NO_KEYS),
    master("command|getkeys", -3, NO_KEYS),
    master("command|getkeysandflags", -3, NO_KEYS),
    master("command|help", 2, NO_KEYS),
    master("command|info", -2, NO_KEYS),
    master("command|list", -2, NO_KEYS),
];

const COMMANDLOG: &[Command] = &[
    admin("commandlog|get", 4, NO_KEYS),
    admin("commandlog|help", 2, NO_KEYS),
    admin("commandlog|len", 3, NO_KEYS),
    admin("commandlog|reset", 3, NO_KEYS),
];

const CONFIG: &[Command] = &[
    admin("config|get", -3, NO_KEYS),
    admin("config|help", 2, NO_KEYS),
    admin("config|resetstat", 2, NO_KEYS),
    admin("config|rewrite", 2, NO_KEYS),
    admin("config|set", -4, NO_KEYS),
];

const LATENCY: &[Command] = &[
    admin("latency|doctor", 2, NO_KEYS),
    admin("latency|graph", 3, NO_KEYS),
    admin("latency|help", 2, NO_KEYS),
    admin("latency|histogram", -2, NO_KEYS),
    admin("latency|history", 3, NO_KEYS),
    admin("latency|latest", 2, NO_KEYS),
    admin("latency|reset", -2, NO_KEYS),
];

const MEMORY: &[Command] = &[
    master("memory|doctor", 2, NO_KEYS),
    master("memory|help", 2, NO_KEYS),
    admin("memory|malloc-stats", 2, NO_KEYS),
    admin("memory|purge", 2, NO_KEYS),
    master("memory|stats", 2, NO_KEYS),
    read("memory|usage", -3, SUB_KEY),
];

const MODULE: &[Command] = &[
    admin("module|help", 2, NO_KEYS),
    admin("module|list", 2, NO_KEYS),
    admin("module|load", -3, NO_KEYS),
    admin("module|loadex", -3, NO_KEYS),
    admin("module|unload", 3, NO_KEYS),
];

const SLOWLOG: &[Command] = &[
    admin("slowlog|get", -2, NO_KEYS),
    admin("slowlog|help", 2, NO_KEYS),
    admin("slowlog|len", 2, NO_KEYS),
    admin("slowlog|reset", 2, NO_KEYS),
];
