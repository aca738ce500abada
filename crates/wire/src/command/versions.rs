//! Which versions have a command. Only commands are listed that some server lacks, from Redis 6.2
//! and the first Valkey on; measured with `COMMAND` of Redis 6.2, 7.0 and 8.2 and Valkey 9.1.
//! Routing does not depend on it: the proxy passes on what a client sends.

use std::ops::Range;

/// A major and a minor number.
pub type Version = (u8, u8);

/// The versions that have a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The versions of Redis.
    pub redis: Range<Version>,
    /// The versions of Valkey.
    pub valkey: Range<Version>,
}

const NONE: Range<Version> = END..END;
const ALL: Range<Version> = (0, 0)..END;
const END: Version = (u8::MAX, u8::MAX);

/// The versions from `redis` on, and all of Valkey.
const fn since(redis: Version) -> Versions {
    Versions { redis: redis..END, valkey: ALL }
}

/// The versions of Redis before `redis`, and none of Valkey.
const fn until(redis: Version) -> Versions {
    Versions { redis: (0, 0)..redis, valkey: NONE }
}

const fn both(redis: Version, valkey: Version) -> Versions {
    Versions { redis: redis..END, valkey: valkey..END }
}

const fn redis(since: Version) -> Versions {
    Versions { redis: since..END, valkey: NONE }
}

const fn valkey(since: Version) -> Versions {
    Versions { redis: NONE, valkey: since..END }
}

/// Returns the versions that have a command, container or subcommand, by its name in lower case;
/// `None` if all have it. Of subcommands only those are listed that the engine's port answers.
#[must_use]
pub fn versions(name: &str) -> Option<&'static Versions> {
    Some(match name {
        "blmpop" | "bzmpop" | "eval_ro" | "evalsha_ro" | "expiretime" | "fcall" | "fcall_ro"
        | "function" | "lcs" | "lmpop" | "pexpiretime" | "sintercard" | "sort_ro" | "spublish"
        | "ssubscribe" | "sunsubscribe" | "zintercard" | "zmpop" => const { &since((7, 0)) },
        "client|no-evict"
        | "command|docs"
        | "command|getkeysandflags"
        | "command|list"
        | "pubsub|shardchannels"
        | "pubsub|shardnumsub" => const { &since((7, 0)) },
        "client|no-touch" | "client|setinfo" => const { &since((7, 2)) },
        // Redis Enterprise alone.
        "client|maint_notifications" => const { &Versions { redis: NONE, valkey: NONE } },
        "client|capa" => const { &valkey((8, 0)) },
        "client|import-source" => const { &valkey((8, 1)) },
        "stralgo" => const { &Versions { redis: (6, 0)..(7, 0), valkey: NONE } },
        "waitaof" => const { &since((7, 2)) },
        "hexpire" | "hexpireat" | "hexpiretime" | "hpersist" | "hpexpire" | "hpexpireat"
        | "hpexpiretime" | "hpttl" | "httl" => const { &both((7, 4), (9, 0)) },
        "hgetex" | "hsetex" => const { &both((8, 0), (9, 0)) },
        "hgetdel" => const { &both((8, 0), (9, 1)) },
        "msetex" => const { &both((8, 4), (9, 1)) },
        "vadd" | "vcard" | "vdim" | "vemb" | "vgetattr" | "vinfo" | "vismember" | "vlinks"
        | "vrandmember" | "vrem" | "vsetattr" | "vsim" => const { &redis((8, 0)) },
        "xackdel" | "xdelex" => const { &redis((8, 2)) },
        "commandlog" => const { &valkey((8, 1)) },
        "delifeq" => const { &valkey((9, 0)) },
        "clusterscan" => const { &valkey((9, 1)) },
        _ => return None,
    })
}

/// Returns the arity that a command had in some versions, and those versions; `None` if it has
/// always been that of its row. Measured as the rest of this file is.
#[must_use]
pub fn old_arity(name: &str) -> Option<(i16, &'static Versions)> {
    Some(match name {
        "expire" | "expireat" | "pexpire" | "pexpireat" | "xsetid" => (3, const { &until((7, 0)) }),
        "zrank" | "zrevrank" => (3, const { &until((7, 2)) }),
        "command|getkeys" | "command|getkeysandflags" => {
            (-4, const { &Versions { redis: (7, 0)..(7, 2), valkey: NONE } })
        }
        _ => return None,
    })
}
