//! Reads of strings, bitmaps among them.

use super::Compare::Exact;
use super::{ReadTemplate, exact, redis62, since70};

pub const TABLE: &[ReadTemplate] = &[
    exact("GET {key}"),
    exact("MGET {key} {any} {text} {counter}"),
    exact("STRLEN {key}"),
    exact("GETRANGE {key} 0 {length}"),
    exact("GETRANGE {key} {rank} {rank}"),
    exact("GETRANGE {key} a 5"),
    exact("SUBSTR {key} -30 -1"),
    since70(Exact, "LCS {key} counter:0"),
    since70(Exact, "LCS {key} counter:1 LEN"),
    since70(Exact, "LCS {key} counter:2 IDX MINMATCHLEN 2 WITHMATCHLEN"),
    since70(Exact, "LCS {key} counter:2 IDX LEN"),
    redis62(Exact, "STRALGO LCS KEYS {key} counter:0"),
    redis62(Exact, "STRALGO LCS KEYS {key} counter:1 IDX WITHMATCHLEN"),
    exact("GETBIT {key} {bit}"),
    exact("GETBIT {key} -1"),
    exact("BITCOUNT {key}"),
    exact("BITCOUNT {key} {index} {rank}"),
    exact("BITCOUNT {key} 1"),
    since70(Exact, "BITCOUNT {key} {bit} {bit} BIT"),
    exact("BITPOS {key} {0or1}"),
    exact("BITPOS {key} {0or1} {small}"),
    exact("BITPOS {key} {0or1} {index} {rank}"),
    since70(Exact, "BITPOS {key} {0or1} {bit} {bit} BIT"),
    exact("BITPOS {key} 2"),
    exact("BITFIELD_RO {key} GET {bits} {pixel} GET {bits} {bit}"),
    exact("BITFIELD_RO {key} SET u8 0 1"),
    exact("BITFIELD_RO {key} GET u64 0"),
];
