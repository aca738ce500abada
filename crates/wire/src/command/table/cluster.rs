//! Redis Cluster. Rows only, in alphabetical order.

use super::row::{NO_KEYS, ONE_KEY, admin, local, master, read, refused};
use crate::command::{Command, Effect};

pub(super) const ROWS: &[Command] = &[
    refused("asking", 1, NO_KEYS),
    admin("cluster", -2, NO_KEYS).over(CLUSTER),
    read("clusterscan", -2, ONE_KEY).does(Effect::Scan { cursor: 1 }),
    local("readonly", 1, NO_KEYS).does(Effect::Readonly),
    local("readwrite", 1, NO_KEYS).does(Effect::Readwrite),
];

const CLUSTER: &[Command] = &[
    admin("cluster|addslots", -3, NO_KEYS),
    admin("cluster|addslotsrange", -4, NO_KEYS),
    admin("cluster|bumpepoch", 2, NO_KEYS),
    admin("cluster|cancelslotmigrations", 2, NO_KEYS),
    admin("cluster|count-failure-reports", 3, NO_KEYS),
    master("cluster|countkeysinslot", 3, NO_KEYS),
    admin("cluster|delslots", -3, NO_KEYS),
    admin("cluster|delslotsrange", -4, NO_KEYS),
    admin("cluster|failover", -2, NO_KEYS),
    admin("cluster|flushslot", -3, NO_KEYS),
    admin("cluster|flushslots", 2, NO_KEYS),
    admin("cluster|forget", 3, NO_KEYS),
    master("cluster|getkeysinslot", 4, NO_KEYS),
    admin("cluster|getslotmigrations", 2, NO_KEYS),
    master("cluster|help", 2, NO_KEYS),
    master("cluster|info", 2, NO_KEYS),
    master("cluster|keyslot", 3, NO_KEYS),
    master("cluster|links", 2, NO_KEYS),
    admin("cluster|meet", -4, NO_KEYS),
    admin("cluster|migrateslots", -4, NO_KEYS),
    master("cluster|myid", 2, NO_KEYS),
    master("cluster|myshardid", 2, NO_KEYS),
    master("cluster|nodes", 2, NO_KEYS),
    master("cluster|replicas", 3, NO_KEYS),
    admin("cluster|replicate", -3, NO_KEYS),
    admin("cluster|reset", -2, NO_KEYS),
    admin("cluster|saveconfig", 2, NO_KEYS),
    admin("cluster|set-config-epoch", 3, NO_KEYS),
    admin("cluster|setslot", -4, NO_KEYS),
    master("cluster|shards", 2, NO_KEYS),
    master("cluster|slaves", 3, NO_KEYS),
    master("cluster|slot-stats", -4, NO_KEYS),
    master("cluster|slots", 2, NO_KEYS),
    refused("cluster|syncslots", -3, NO_KEYS),
];
