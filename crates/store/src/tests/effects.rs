//! Tests of what a command does at a master beside its reply.

use crate::{CallContext, Change, Dialect, Effects, EventClasses, Store, Wanted};
use tidegate_wire::resp::RespVersion;

const fn context(now_ms: i64) -> CallContext {
    CallContext { db: 0, now_ms, version: RespVersion::V2 }
}

fn all() -> Effects {
    let events = EventClasses::of(b"Amn").unwrap();
    Effects::new(Wanted { events, changes: true, ready: true })
}

fn run(store: &mut Store, now: i64, request: &str, effects: &mut Effects) -> String {
    let words: Vec<&[u8]> = request.split(' ').map(str::as_bytes).collect();
    let mut out = Vec::new();
    store.execute(context(now), &words, &mut out, effects);
    String::from_utf8(out).unwrap()
}

fn stream(request: &str, effects: &Effects) -> Vec<String> {
    let words: Vec<&[u8]> = request.split(' ').map(str::as_bytes).collect();
    let text = |words: Vec<&[u8]>| String::from_utf8(words.join(&b' ')).unwrap();
    effects.commands().map(|command| text(command.words(&words).collect())).collect()
}

fn events(effects: &Effects) -> Vec<String> {
    let text = |key: &[u8]| String::from_utf8(key.to_vec()).unwrap();
    effects.events().map(|event| format!("{} {}", event.name, text(event.key))).collect()
}

#[test]
fn a_read_that_finds_an_expired_key_deletes_it() {
    let mut store = Store::new(1, Dialect::default(), 0);
    let mut effects = all();
    run(&mut store, 1000, "SET k v PXAT 2000", &mut effects);
    effects.clear();
    assert_eq!(run(&mut store, 2001, "GET k", &mut effects), "$-1\r\n");
    assert_eq!(stream("GET k", &effects), ["DEL k"]);
    assert_eq!(events(&effects), ["expired k", "keymiss k"]);
    assert_eq!(effects.changes().collect::<Vec<_>>(), [Change::Key { db: 0, key: b"k" }]);
    assert_eq!(store.keyspace(), []);
}

#[test]
fn a_request_that_changes_nothing_has_no_effects() {
    let mut store = Store::new(1, Dialect::default(), 0);
    let mut effects = all();
    for request in ["DEL k", "LPOP k", "SET k v XX", "HDEL k f", "LPUSH", "EXPIRE k 1"] {
        run(&mut store, 1000, request, &mut effects);
        assert!(effects.is_empty(), "{request}: {effects:?}");
    }
}

#[test]
fn an_ordinary_write_is_replicated_as_it_came() {
    let mut store = Store::new(1, Dialect::default(), 0);
    let mut effects = all();
    run(&mut store, 1000, "SADD k a b", &mut effects);
    assert!(effects.commands().all(|command| command.is_verbatim()));
    assert_eq!(stream("SADD k a b", &effects), ["SADD k a b"]);
}
