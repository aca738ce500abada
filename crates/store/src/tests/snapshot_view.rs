//! A snapshot that is written in pieces has the state when it began, whatever happens meanwhile.

use proptest::prelude::*;

use crate::snapshot::SaveCursor;
use crate::{CallContext, Dialect, Store};
use tidegate_rdb::{Form, Item, Limits, Reader, Writer};
use tidegate_wire::resp::RespVersion;

fn run(store: &mut Store, db: usize, words: &[&str]) -> Vec<u8> {
    let args: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    let mut out = Vec::new();
    store.apply(CallContext { db, now_ms: 1, version: RespVersion::V2 }, &args, &mut out);
    out
}

fn digest(store: &mut Store) -> Vec<u8> {
    run(store, 0, &["DEBUG", "DIGEST"])
}

fn load(file: &[u8]) -> Store {
    let mut store = Store::new(16, Dialect::default(), 3);
    let mut reader = Reader::new(file, Limits::default());
    let mut db = 0;
    while let Some(item) = reader.next_item().unwrap() {
        match item {
            Item::SelectDb(number) => db = usize::try_from(number).unwrap(),
            Item::Key(entry) => store.insert(db, entry).unwrap(),
            _ => {}
        }
    }
    store
}

fn change(store: &mut Store, (what, db, key): (u8, usize, u16)) {
    let name = format!("key:{}", key % 700);
    let value = format!("{0:01$}", key, usize::from(key % 9) * 300 + 1);
    match what {
        0..=79 => run(store, db, &["SET", &name, &value]),
        80..=119 => run(store, db, &["APPEND", &name, "x"]),
        120..=159 => run(store, db, &["DEL", &name]),
        160..=199 => run(store, db, &["PEXPIREAT", &name, "9000000000000"]),
        200..=249 => run(store, db, &["RPUSH", &name, &value]),
        250..=252 => run(store, db, &["SWAPDB", "0", "1"]),
        253 => run(store, db, &["FLUSHDB"]),
        254 => run(store, db, &["FLUSHALL"]),
        255 => run(store, db, &["RENAME", &name, "another"]),
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_snapshot_view_is_kept(
        first in prop::collection::vec((any::<u8>(), 0_usize..3, any::<u16>()), 0..1500),
        then in prop::collection::vec((any::<u8>(), 0_usize..3, any::<u16>()), 0..1500),
        count in 1_usize..60,
        each in 1_usize..40,
    ) {
        let mut store = Store::new(16, Dialect::default(), 7);
        first.into_iter().for_each(|step| change(&mut store, step));
        let before = digest(&mut store);
        store.begin_snapshot_view();
        let mut changes = then.chunks(each);
        let mut writer = Writer::new(Vec::new(), Form::REDIS_70).unwrap();
        let mut next = Some(SaveCursor::default());
        while let Some(cursor) = next {
            next = store.save_part(cursor, count, &mut writer).unwrap();
            // A writer may come between the two, too.
            changes.next().unwrap_or_default().iter().for_each(|step| change(&mut store, *step));
            store.advance_snapshot_view(cursor, next);
            changes.next().unwrap_or_default().iter().for_each(|step| change(&mut store, *step));
        }
        store.end_snapshot_view();
        let file = writer.finish().unwrap();
        prop_assert_eq!(digest(&mut load(&file)), before);
        // Nothing of it is left.
        let now = digest(&mut store);
        let file = store.save(Vec::new(), Form::REDIS_70, &[]).unwrap();
        prop_assert_eq!(digest(&mut load(&file)), now);
    }
}
