//! Lists.

use super::{Template, all, since70};

pub const TABLE: &[Template] = &[
    all(60, "RPUSH {list} {values}"),
    all(60, "LPUSH {list} {values}"),
    all(8, "LPUSHX {list} {value}"),
    all(8, "RPUSHX {list} {values}"),
    all(15, "LPOP {list}"),
    all(15, "RPOP {list}"),
    all(5, "LPOP {list} {small}"),
    all(5, "RPOP {list} {large}"),
    all(20, "LSET {list} {index} {element}"),
    all(15, "LREM {list} {index} {member}"),
    all(5, "LTRIM {list} 0 {length}"),
    all(5, "LTRIM {list} {rank} {rank}"),
    all(10, "LTRIM {list} -{large} -1"),
    all(15, "LINSERT {list} BEFORE {member} {element}"),
    all(15, "LINSERT {list} AFTER {member} {value}"),
    all(8, "LMOVE {list} {list} LEFT RIGHT"),
    all(8, "LMOVE {list} {list} RIGHT LEFT"),
    all(8, "RPOPLPUSH {list} {list}"),
    since70(5, "LMPOP 2 {list} {list} LEFT COUNT {count}"),
    since70(5, "LMPOP 1 {list} RIGHT"),
    // Blocking ones mostly find something: to wait takes the time of thousands of others.
    all(1, "BLPOP {list} {list} 0.002"),
    all(4, "RPUSH {list!} {value} {value} ; BLPOP {list!} 0.002"),
    all(4, "RPUSH {list!} {value} ; BRPOP {list} {list!} 0.002"),
    all(4, "RPUSH {list!} {value} ; BLMOVE {list!} {list} RIGHT LEFT 0.002"),
    all(4, "LPUSH {list!} {value} ; BRPOPLPUSH {list!} {list} 0.002"),
    since70(4, "LPUSH {list!} {value} ; BLMPOP 0.002 2 {list} {list!} RIGHT COUNT {count}"),
];
