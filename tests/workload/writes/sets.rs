//! Sets: of anything, and of integers.

use super::{Template, all};

pub const TABLE: &[Template] = &[
    all(60, "SADD {set} {members}"),
    all(50, "SADD {intset} {integers}"),
    all(3, "SADD {set} {values}"),
    all(2, "SADD {intset} {member}"),
    all(20, "SREM {set} {members}"),
    all(20, "SREM {intset} {integers}"),
    all(8, "SMOVE {set} {set} {member}"),
    all(8, "SMOVE {intset} {intset} {integer}"),
    all(8, "SPOP {set}"),
    all(8, "SPOP {intset}"),
    all(5, "SPOP {set} {count}"),
    all(3, "SPOP {set} {large}"),
    all(3, "SPOP {intset} {large}"),
    all(5, "SUNIONSTORE {set} {set} {set} {intset}"),
    all(5, "SINTERSTORE {set} {set} {set}"),
    all(5, "SDIFFSTORE {set} {set} {set}"),
    all(4, "SUNIONSTORE {intset} {intset} {intset}"),
    all(4, "SINTERSTORE {intset} {intset} {intset}"),
    all(4, "SDIFFSTORE {intset} {intset} {intset} {set}"),
];
