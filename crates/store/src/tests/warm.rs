//! Requests that are prepared change nothing.

use crate::{CallContext, Dialect, Store};
use tidegate_wire::resp::RespVersion;

#[test]
fn requests_of_every_kind_are_prepared_and_change_nothing() {
    let mut store = Store::new(1, Dialect::default(), 1);
    let keys: [&[u8]; 4] = [b"set", b"hash", b"none", b""];
    let names: [&[u8]; 3] = [b"member:7", b"none", b""];
    let all = keys.map(|key| names.map(|name| [key, name])).concat();
    store.warm(0, &all);
    let context = CallContext { db: 0, now_ms: 0, version: RespVersion::V2 };
    let mut out = Vec::new();
    for number in 0..1000 {
        let name = format!("member:{number}");
        for words in [&["SADD", "set", &name][..], &["HSET", "hash", &name, "value"]] {
            let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
            store.write(context, &words, &mut out);
        }
    }
    let digest = store.digest(0);
    store.warm(0, &all);
    store.warm(0, &all.repeat(3));
    store.warm(0, &[]);
    assert_eq!(store.digest(0), digest);
}
