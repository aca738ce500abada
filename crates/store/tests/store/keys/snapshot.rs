//! A file of a real server becomes a store, and a file of a store the data of a real server.

use std::fs::{self, File};

use tidegate_rdb::{Item, Limits, Reader, Writer};
use tidegate_store::{SaveCursor, Store};
use tidegate_test_support::fill::fill;

use crate::{Flavor, Order, Twin};

/// Loads a file into an empty store.
fn load(store: &mut Store, file: impl std::io::Read) {
    let mut reader = Reader::new(file, Limits::default());
    let mut db = 0;
    while let Some(item) = reader.next_item().unwrap() {
        match item {
            Item::SelectDb(number) => db = usize::try_from(number).unwrap(),
            Item::Key(entry) => {
                store.insert(db, entry).unwrap();
            }
            Item::Function(source) => store.add_function(source),
            _ => {}
        }
    }
}

/// Checks that both have the same data, key by key.
fn assert_same(twin: &mut Twin) {
    for db in [0, 3, 15] {
        twin.select(db);
        twin.same(&["DBSIZE"]);
        twin.compare(&["KEYS", "*"], Order::Any);
        for key in twin.server_keys() {
            let key = &key[..];
            twin.same(&[&b"TYPE"[..], key]);

            twin.same(&[&b"OBJECT"[..], b"ENCODING", key]);
            twin.same(&[&b"DEBUG"[..], b"DIGEST-VALUE", key]);
            let (theirs, ours) = twin.both(&[&b"DUMP"[..], key]);
            let encoding = twin.ours(&[&b"OBJECT"[..], b"ENCODING", key]);
            let ordered = !encoding.ends_with(b"hashtable\r\n");
            assert!(
                twin.flavor() == Flavor::Redis62 || !ordered || theirs == ours,
                "DUMP {}: {} {}",
                key.escape_ascii(),
                theirs.escape_ascii(),
                ours.escape_ascii()
            );
        }
    }
    twin.same(&["DEBUG", "DIGEST"]);
}

#[test]
fn loaded_and_saved_data_are_the_same() {
    Twin::each(|mut twin| {
        fill(&twin.server);
        // The server's data after a reload, with its present limits.
        twin.server.cmd(&["DEBUG", "RELOAD"]).ok();
        twin.server.cmd(&["SAVE"]).ok();
        let path = twin.server.dir().join("dump.rdb");
        load(&mut twin.store, File::open(&path).unwrap());
        assert_same(&mut twin);
        let (form, digest) = (twin.dialect().form(), twin.store.digest(0));
        let version: (&[u8], &[u8]) = (b"ctime", b"1700000000");
        let whole = twin.store.save(Vec::new(), form, &[version]).unwrap();
        let mut again = Store::new(16, twin.dialect(), 7);
        load(&mut again, &whole[..]);
        assert_eq!(again.digest(0), digest);
        // In pieces: the same items, in the order of the same scan.
        let mut writer = Writer::new(Vec::new(), form).unwrap();
        twin.store.save_head(&mut writer, &[version]).unwrap();
        let (mut next, mut pieces) = (Some(SaveCursor::default()), 0);
        while let Some(cursor) = next {
            next = twin.store.save_part(cursor, 5, &mut writer).unwrap();
            pieces += 1;
        }
        twin.store.save_tail(&mut writer).unwrap();
        assert!(pieces > 20, "{pieces}");
        assert_eq!(writer.finish().unwrap(), whole);
        // A real server loads it.
        fs::write(&path, &whole).unwrap();
        twin.theirs(&["DEBUG", "RELOAD", "NOSAVE"]);
        assert_same(&mut twin);
        if twin.flavor() != Flavor::Redis62 {
            twin.same(&["FUNCTION", "LIST", "WITHCODE"]);
        }
    });
}
