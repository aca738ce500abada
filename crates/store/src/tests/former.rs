//! Removed values that the caller frees.

use crate::{CallContext, Dialect, Store};
use tidegate_wire::resp::RespVersion;

/// Returns the weight of the values that a request leaves, after the requests `before`.
fn left(before: &[&str], request: &str) -> usize {
    let mut store = Store::new(2, Dialect::default(), 1);
    let context = CallContext { db: 0, now_ms: 1000, version: RespVersion::V2 };
    let mut run = |words: &[&[u8]]| {
        let mut out = Vec::new();
        store.write(context, words, &mut out);
        assert!(!out.starts_with(b"-"), "{request}: {}", out.escape_ascii());
    };
    let members: Vec<_> = (0..1000).map(|it| format!("m{it}")).collect();
    let mut words: Vec<&[u8]> = vec![b"SADD", b"big"];
    words.extend(members.iter().map(String::as_bytes));
    run(&words);
    words[1] = b"other";
    run(&words[..400]);
    run(&[b"SET", b"long", &[b'x'; 1 << 20]]);
    run(&[b"SET", b"n", b"1"]);
    for request in before.iter().chain([&request]) {
        run(&request.split(' ').map(str::as_bytes).collect::<Vec<_>>());
    }
    let weight = store.take_former().weight();
    assert!(store.take_former().is_empty());
    weight
}

#[test]
fn large_values_are_left_to_be_freed() {
    for request in [
        "DEL big",
        "UNLINK n big",
        "SET big v",
        "RENAME n big",
        "COPY n big REPLACE",
        "MSET n 1 big 2",
        "SINTERSTORE big n2 n3",
        "SUNIONSTORE big other",
        "BITOP NOT big n",
        "EXPIREAT big 1",
        "SPOP big 1000",
    ] {
        // SPOP leaves an empty set: it frees members one by one as it writes them.
        let wanted = if request.starts_with("SPOP") { 0 } else { 1000 };
        assert_eq!(left(&[], request), wanted, "{request}");
    }
    assert_eq!(left(&[], "GETDEL long"), (1 << 20) / crate::call::STEP_BYTES);
    assert_eq!(left(&[], "DEL n"), 0);
    assert_eq!(left(&["SELECTED"; 0], "MOVE n 1"), 0);
}

#[test]
fn emptied_databases_are_left_to_be_freed() {
    let mut store = Store::new(2, Dialect::default(), 1);
    for (db, flush, wanted) in [(0, "FLUSHDB", 1000), (1, "FLUSHALL", 1000)] {
        let context = CallContext { db, now_ms: 0, version: RespVersion::V2 };
        let mut out = Vec::new();
        (0..1000).for_each(|key| {
            store.write(context, &[b"SET", format!("{key}").as_bytes(), b"v"], &mut out);
        });
        store.write(CallContext { db: 0, ..context }, &[flush.as_bytes()], &mut out);
        assert_eq!(store.take_former().weight(), wanted, "{flush}");
    }
    // Values that a snapshot still needs are left when it has been written.
    let context = CallContext { db: 0, now_ms: 0, version: RespVersion::V2 };
    let mut out = Vec::new();
    (0..1000).for_each(|key| {
        store.write(context, &[b"SET", format!("{key}").as_bytes(), b"v"], &mut out);
    });
    store.begin_snapshot_view();
    store.write(context, &[b"FLUSHALL"], &mut out);
    assert!(store.take_former().is_empty());
    store.end_snapshot_view();
    assert_eq!(store.take_former().weight(), 1000);
}
