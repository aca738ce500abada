//! Replication. Rows only, in alphabetical order.

use super::row::{NO_KEYS, ONE_KEY, admin, master, refused};
use crate::command::Command;

pub(super) const ROWS: &[Command] = &[
    admin("failover", -1, NO_KEYS),
    refused("psync", -3, NO_KEYS),
    refused("replconf", -1, NO_KEYS),
    admin("replicaof", 3, NO_KEYS),
    admin("restore-asking", -4, ONE_KEY).may_write(),
    master("role", 1, NO_KEYS),
    admin("slaveof", 3, NO_KEYS),
    refused("sync", 1, NO_KEYS),
];
