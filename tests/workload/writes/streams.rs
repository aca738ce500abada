//! Streams and their groups.

use super::{Template, all, redis82, since70};

/// Where XCLAIM, XAUTOCLAIM or XREADGROUP makes a consumer and gives it nothing, servers do not
/// tell their replicas of it: here the consumer is there before.
macro_rules! with_consumer {
    ($request:literal) => {
        concat!("XGROUP CREATECONSUMER {stream!} {group!} {consumer!} ; ", $request)
    };
}

/// Servers do not tell what XREADGROUP of old entries does to their times and counts, either:
/// nothing here does that.
pub const TABLE: &[Template] = &[
    all(80, "XADD {stream} {new-id} {few-pairs}"),
    all(20, "XADD {stream} {new-id} same {value} fields {value}"),
    all(3, "XADD {stream} 1-1 too small"),
    // The clock's ids are far beyond ours: no stream takes these after those.
    all(3, "XADD stream:clock * {few-pairs}"),
    all(3, "XADD stream:clock MAXLEN ~ 300 * {few-pairs}"),
    since70(5, "XADD {stream} {new-ms}-* {few-pairs}"),
    all(10, "XADD {stream} NOMKSTREAM {new-id} {few-pairs}"),
    all(15, "XADD {stream} MAXLEN {length} {new-id} {few-pairs}"),
    all(20, "XADD {stream} MAXLEN ~ {length} {new-id} {few-pairs}"),
    all(8, "XADD {stream} MAXLEN ~ {length} LIMIT 50 {new-id} {few-pairs}"),
    all(8, "XADD {stream} MINID {old-id} {new-id} {few-pairs}"),
    all(8, "XADD {stream} MINID ~ {old-id} {new-id} {few-pairs}"),
    redis82(5, "XADD {stream} DELREF MAXLEN ~ {length} {new-id} {few-pairs}"),
    redis82(5, "XADD {stream} ACKED MAXLEN {length} {new-id} {few-pairs}"),
    all(5, "XTRIM {stream} MAXLEN {length}"),
    all(5, "XTRIM {stream} MAXLEN ~ {length}"),
    all(5, "XTRIM {stream} MINID {old-id}"),
    all(5, "XTRIM {stream} MINID ~ {old-id} LIMIT 20"),
    redis82(3, "XTRIM {stream} MAXLEN {length} DELREF"),
    redis82(3, "XTRIM {stream} MINID {old-id} ACKED"),
    all(15, "XDEL {stream} {ids}"),
    redis82(5, "XDELEX {stream} IDS {counted-ids}"),
    // Of entries that are gone it makes groups forget them, but tells replicas only if there was
    // another one to delete (measured: 8.2.3).
    redis82(
        5,
        "XADD {stream!} {new-id!} a b ; XDELEX {stream!} DELREF IDS 3 {old-id} {old-id} {new-id!}",
    ),
    redis82(5, "XDELEX {stream} ACKED IDS {counted-ids}"),
    redis82(5, "XACKDEL {stream} {group} IDS {counted-ids}"),
    redis82(5, "XACKDEL {stream} {group} DELREF IDS {counted-ids}"),
    redis82(5, "XACKDEL {stream} {group} ACKED IDS {counted-ids}"),
    all(3, "XSETID {stream} {new-id}"),
    since70(3, "XSETID {stream} {new-id} ENTRIESADDED 5000000 MAXDELETEDID {old-id}"),
    all(10, "XGROUP CREATE {stream} {group} 0 MKSTREAM"),
    all(5, "XGROUP CREATE {stream} {group} $"),
    all(5, "XGROUP CREATE {stream} {group} {old-id}"),
    since70(5, "XGROUP CREATE {stream} {group} {old-id} ENTRIESREAD {length}"),
    all(5, "XGROUP CREATECONSUMER {stream} {group} {consumer}"),
    all(3, "XGROUP DELCONSUMER {stream} {group} {consumer}"),
    all(2, "XGROUP DESTROY {stream} {group}"),
    all(5, "XGROUP SETID {stream} {group} {old-id}"),
    since70(3, "XGROUP SETID {stream} {group} {old-id} ENTRIESREAD {length}"),
    all(3, "XGROUP SETID {stream} {group} $"),
    all(
        30,
        with_consumer!("XREADGROUP GROUP {group!} {consumer!} COUNT {count} STREAMS {stream!} >"),
    ),
    all(
        5,
        with_consumer!(
            "XREADGROUP GROUP {group!} {consumer!} COUNT {count} NOACK STREAMS {stream!} >"
        ),
    ),
    all(
        5,
        with_consumer!(
            "XGROUP CREATECONSUMER {other-stream!} {group!} {consumer!} ; XREADGROUP GROUP {group!} {consumer!} COUNT 5 STREAMS {stream!} {other-stream!} > >"
        ),
    ),
    all(
        5,
        with_consumer!(
            "XADD {stream!} {new-id} a b ; XREADGROUP GROUP {group!} {consumer!} COUNT 5 BLOCK 1 STREAMS {stream!} >"
        ),
    ),
    all(15, "XACK {stream} {group} {ids}"),
    all(8, with_consumer!("XCLAIM {stream!} {group!} {consumer!} 0 {ids}")),
    all(
        4,
        with_consumer!(
            "XCLAIM {stream!} {group!} {consumer!} 0 {ids} IDLE 5000 RETRYCOUNT {small}"
        ),
    ),
    all(4, with_consumer!("XCLAIM {stream!} {group!} {consumer!} 0 {ids} TIME {now} FORCE")),
    all(
        4,
        with_consumer!(
            "XCLAIM {stream!} {group!} {consumer!} 0 {ids} FORCE JUSTID LASTID {old-id}"
        ),
    ),
    all(8, with_consumer!("XAUTOCLAIM {stream!} {group!} {consumer!} 0 0-0 COUNT {count}")),
    all(4, with_consumer!("XAUTOCLAIM {stream!} {group!} {consumer!} 0 {old-id} JUSTID")),
];
