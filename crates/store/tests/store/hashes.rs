//! Hashes: every command with every option and error.

use tidegate_rdb::{Entry, Limits, dump};
use tidegate_store::Packing;
use tidegate_wire::resp::RespVersion;

use super::{Order, Twin};
use crate::support::Flavor;

/// The servers on which fields expire.
pub const EXPIRING: [Flavor; 2] = [Flavor::Redis82, Flavor::Valkey91];

/// Returns a pair whose hashes are packed only with few and short fields.
pub fn narrow(flavor: Flavor) -> Twin {
    let mut twin =
        Twin::with(flavor, &["--hash-max-ziplist-entries", "8", "--hash-max-ziplist-value", "16"]);
    let packing = Packing { hash_entries: 8, hash_value: 16, ..*twin.store.packing() };
    twin.store.set_packing(packing);
    twin
}

/// Returns the order in which a hash is compared: its own while it is packed.
pub fn order(twin: &mut Twin, key: &str) -> Order {
    let encoding = twin.theirs(&["OBJECT", "ENCODING", key]);
    if encoding.ends_with(b"hashtable\r\n") { Order::AnyPairs } else { Order::Exact }
}

/// Checks that a hash is the same inside: encoding, digest, order, DUMP.
#[track_caller]
pub fn same_inside(twin: &mut Twin, key: &str) {
    let text = |reply: &[u8]| reply.escape_ascii().to_string();
    let order = order(twin, key);
    twin.compare(&["HGETALL", key], order);
    twin.same(&["HLEN", key]);
    let dump = twin.theirs(&["DUMP", key]);
    let context = twin.context();
    let line = dump.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    let Some(payload) = dump.get(line..dump.len() - 2).filter(|it| !it.is_empty()) else {
        assert_eq!(twin.store.peek(context.db, key.as_bytes(), 9, context.now_ms), None, "{key}");
        return;
    };
    let footer = payload.len() - 10;
    let version = u16::from_le_bytes([payload[footer], payload[footer + 1]]);
    let ours = twin.store.peek(context.db, key.as_bytes(), version, context.now_ms).unwrap();
    let encoding = text(&twin.theirs(&["OBJECT", "ENCODING", key]));
    let said = twin.recent();
    assert!(encoding.ends_with(&format!("{}\\r\\n", ours.encoding)), "{encoding} {ours:?} {said}");
    let digest = text(&twin.theirs(&["DEBUG", "DIGEST-VALUE", key]));
    assert!(digest.contains(&ours.digest), "{digest} {ours:?} {said}");
    // The soonest expiry, which Redis writes first, may be one that no longer exists.
    let body = if ours.encoding == "listpackex" { 9 } else { 0 };
    if version > 9 && ours.encoding != "hashtable" {
        assert_eq!(text(&ours.dump[body..footer]), text(&payload[body..footer]), "{said}");
    }
}

#[test]
fn fields_and_values() {
    Twin::each(|mut twin| {
        for version in [RespVersion::V2, RespVersion::V3] {
            twin.set_protocol(version);
            twin.lines(&[
                "HSET h a 1 b two 300 3 d 4.5",
                "HSET h a 2 e 5",
                "HSET h a 2",
                "HMSET h f 1 g 2",
                "HSETNX h a 9",
                "HSETNX h z 9",
                "HSETNX n z 9",
                "HGET h a",
                "HGET h 300",
                "HGET h none",
                "HGET none a",
                "HMGET h a none 300 a",
                "HMGET none a b",
                "HGETALL h",
                "HGETALL none",
                "HKEYS h",
                "HKEYS none",
                "HVALS h",
                "HVALS none",
                "HLEN h",
                "HLEN none",
                "HSTRLEN h b",
                "HSTRLEN h 300",
                "HSTRLEN h none",
                "HSTRLEN none b",
                "HEXISTS h a",
                "HEXISTS h none",
                "HEXISTS none a",
                "HDEL h a none 300 a",
                "HDEL none a",
                "HSET h  empty empty ",
                "HGETALL h",
                "HDEL h b d e f g z  empty",
                "HGETALL h",
                "HDEL n z",
                "HLEN n",
            ]);
            for words in ["HSET h a", "HSET h a 1 b", "HMSET h a 1 b", "hMsEt h a 1 b"] {
                twin.line(words);
            }
        }
    });
}

#[test]
fn wrong_types() {
    Twin::each(|mut twin| {
        twin.line("SET s x");
        twin.lines(&["HSET s a 1", "HMSET s a 1", "HSETNX s a 1", "HGET s a", "HMGET s a"]);
        twin.lines(&["HGETALL s", "HKEYS s", "HVALS s", "HLEN s", "HSTRLEN s a", "HEXISTS s a"]);
        twin.lines(&["HDEL s a", "HINCRBY s a 1", "HINCRBY s a x", "HINCRBYFLOAT s a 1"]);
        twin.lines(&["HINCRBYFLOAT s a x", "HRANDFIELD s", "HRANDFIELD s 1", "HRANDFIELD s x"]);
        twin.lines(&["HSCAN s 0", "HSCAN s x", "HSCAN s 0 FOO", "HSET s a"]);
        if !EXPIRING.contains(&twin.flavor()) {
            return;
        }
        twin.lines(&["HEXPIRE s 1 FIELDS 1 a", "HTTL s FIELDS 1 a", "HTTL s FIELDS 2 a"]);
        twin.lines(&["HPERSIST s FIELDS 1 a", "HPERSIST s FIELDS 2 a", "HEXPIRE s x FIELDS 1 a"]);
        twin.lines(&["HGETEX s FIELDS 1 a", "HGETEX s EX 1 FIELDS 2 a", "HGETDEL s FIELDS 1 a"]);
        twin.lines(&["HGETDEL s FIELDS 2 a", "HSETEX s FIELDS 1 a b", "HSETEX s FNX FIELDS 1 a b"]);
        twin.lines(&["HSETEX s FIELDS 2 a b", "HSETEX s EX x FIELDS 1 a b"]);
    });
}

#[test]
fn increments() {
    Twin::each(|mut twin| {
        twin.lines(&["HINCRBY h n 5", "HINCRBY h n -7", "HGET h n", "HINCRBY h n x"]);
        twin.lines(&["HINCRBY h n 1.5", "HINCRBY h n 9223372036854775808"]);
        twin.lines(&["HSET h m 9223372036854775807 l -9223372036854775808 s abc f 1.5 e 01"]);
        twin.lines(&["HINCRBY h m 1", "HINCRBY h l -1", "HINCRBY h m -1", "HINCRBY h s 1"]);
        twin.lines(&["HINCRBY h f 1", "HINCRBY h e 1", "HINCRBYFLOAT h f 0.25", "HGET h f"]);
        twin.lines(&["HINCRBYFLOAT h f 1e3", "HINCRBYFLOAT h s 1", "HINCRBYFLOAT h f x"]);
        twin.lines(&["HINCRBYFLOAT h f nan", "HINCRBYFLOAT h f inf", "HINCRBYFLOAT none f -inf"]);
        twin.lines(&["HINCRBYFLOAT h n 0.1", "HINCRBYFLOAT none f 3", "HGETALL none"]);
        twin.lines(&["HSET h i inf", "HINCRBYFLOAT h i 1", "HSET h i nan", "HINCRBYFLOAT h i 1"]);
        twin.lines(&["HSET h i 1e400", "HINCRBYFLOAT h i 1", "HINCRBYFLOAT h m 1"]);
        twin.lines(&["HINCRBYFLOAT h i 1e4932", "HINCRBYFLOAT h i 1e4932"]);
        same_inside(&mut twin, "h");
    });
}

#[test]
fn scans_of_what_is_packed() {
    Twin::each(|mut twin| {
        twin.line("HSET h aa 1 ab 2 b 3 17 4");
        twin.lines(&["HSCAN h 0", "HSCAN h 5", "HSCAN h 0 COUNT 1", "HSCAN h 0 MATCH a*"]);
        twin.lines(&["HSCAN h 0 match 1* count 2 match *", "HSCAN h 0 MATCH zz", "HSCAN none 0"]);
        twin.lines(&["HSCAN h x", "HSCAN h -1", "HSCAN h +1", "HSCAN h ", "HSCAN h 1x"]);
        twin.lines(&["HSCAN h 1\0", "HSCAN h 0\0x", "HSCAN h \0", "HSCAN h \0x", "HSCAN h -1\0"]);
        twin.lines(&["HSCAN h x\0", "HSCAN h -\0", "HSCAN h 0\0 FOO"]);
        twin.lines(&["HSCAN h 99999999999999999999999", "HSCAN h 18446744073709551615"]);
        twin.lines(&["HSCAN h 0 FOO", "HSCAN none 0 FOO", "HSCAN none x", "HSCAN h 0 COUNT"]);
        twin.lines(&["HSCAN h 0 COUNT 0", "HSCAN h 0 COUNT -1", "HSCAN h 0 COUNT x"]);
        twin.lines(&["HSCAN h 0 MATCH", "HSCAN h 0 TYPE hash", "HSCAN h 0 NOVALUES"]);
        twin.lines(&[
            "HSCAN h 0 NOVALUES MATCH a*",
            "HSCAN none 0 NOVALUES",
            "HSCAN h 0 COUNT 1 1",
        ]);
    });
}

#[test]
fn scans_of_tables_meet_every_field_once() {
    Twin::each(|mut twin| {
        let mut words = vec!["HSET".to_owned(), "h".to_owned()];
        for number in 0..2000 {
            words.extend([format!("f{number}"), number.to_string()]);
        }
        twin.same(&words);
        let (mut cursor, mut fields) = ("0".to_owned(), Vec::new());
        loop {
            let ours = twin.ours(&["HSCAN", "h", &cursor, "COUNT", "50", "MATCH", "f*"]);
            let text = String::from_utf8(ours).unwrap();
            let lines: Vec<_> = text.split("\r\n").collect();
            cursor = lines[2].to_owned();
            assert!(lines.len() < 500, "{text}");
            let bulks = lines[4..].chunks(2).map(|bulk| bulk[bulk.len() - 1]);
            fields.extend(bulks.step_by(2).filter(|it| !it.is_empty()).map(str::to_owned));
            if cursor == "0" {
                break;
            }
        }
        fields.sort_unstable();
        assert_eq!(fields.len(), 2000);
        fields.dedup();
        assert_eq!(fields.len(), 2000);
        twin.compare(&["HGETALL", "h"], Order::AnyPairs);
        twin.compare(&["HKEYS", "h"], Order::Any);
        twin.compare(&["HVALS", "h"], Order::Any);
        same_inside(&mut twin, "h");
    });
}

#[test]
fn random_fields() {
    Twin::each(|mut twin| {
        for version in [RespVersion::V2, RespVersion::V3] {
            twin.set_protocol(version);
            twin.lines(&["HSET h a 1", "HRANDFIELD h", "HRANDFIELD h 1", "HRANDFIELD h -3"]);
            twin.lines(&["HRANDFIELD h 5 WITHVALUES", "HRANDFIELD h -2 withvalues"]);
            twin.lines(&["HRANDFIELD h 0", "HRANDFIELD h 0 WITHVALUES", "HRANDFIELD none"]);
            twin.lines(&["HRANDFIELD none 1", "HRANDFIELD none -1 WITHVALUES", "HRANDFIELD h x"]);
            twin.lines(&["HRANDFIELD h 1 FOO", "HRANDFIELD h 1 WITHVALUES FOO"]);
            twin.lines(&["HRANDFIELD h 9223372036854775808", "HRANDFIELD none x"]);
            if twin.flavor() != Flavor::Redis62 {
                // These would crash 6.2.
                twin.lines(&["HRANDFIELD h -9223372036854775808"]);
                twin.lines(&["HRANDFIELD h -5223372036854775807 WITHVALUES"]);
                twin.lines(&["HRANDFIELD h 5223372036854775807 WITHVALUES"]);
            }
            twin.lines(&["HSET all a 1 b 2 c 3"]);
            for words in [&["HRANDFIELD", "all", "3"][..], &["HRANDFIELD", "all", "9"]] {
                twin.compare(words, Order::Any);
            }
        }
        for fields in [3, 100, 1000] {
            let mut words = vec!["HSET".to_owned(), format!("h{fields}")];
            (0..fields).for_each(|number| words.extend([number.to_string(), number.to_string()]));
            twin.same(&words);
            for count in [1, 2, 10, 100, 900] {
                let found = asked(&mut twin, &words[1], count);
                let mut distinct = found.clone();
                distinct.sort_unstable();
                distinct.dedup();
                assert_eq!(distinct.len(), usize::try_from(count.min(fields)).unwrap());
                assert_eq!(distinct.len(), found.len());
                assert_eq!(asked(&mut twin, &words[1], -count).len(), count as usize);
            }
        }
    });
}

fn asked(twin: &mut Twin, key: &str, count: i32) -> Vec<String> {
    let reply = twin.ours(&["HRANDFIELD", key, &count.to_string()]);
    let text = String::from_utf8(reply).unwrap();
    text.split("\r\n").skip(2).step_by(2).filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

#[test]
fn where_packed_hashes_end() {
    let long = "x".repeat(17);
    for flavor in Flavor::ALL {
        let mut twin = narrow(flavor);
        for (key, words) in [
            ("a", format!("HSET a {}", "f 1 ".repeat(9).trim())),
            ("b", "HSET b 1 1 2 2 3 3 4 4 5 5 6 6 7 7 8 8".to_owned()),
            ("b", "HSET b 9 9".to_owned()),
            ("b", "HDEL b 9 8 7".to_owned()),
            ("c", format!("HSET c {long} 1")),
            ("d", format!("HSET d 1 {long}")),
            ("e", format!("HSETNX e {long} 1")),
            ("f", format!("HINCRBY f {long} 1")),
            ("g", format!("HINCRBYFLOAT g {long} 1")),
            ("h", "HINCRBYFLOAT h a 12345678901234567.5".to_owned()),
            ("i", "HMSET i 1 1 2 2 3 3 4 4 5 5 6 6 7 7 8 8 9 9".to_owned()),
            ("j", "HSET j 1 1 2 2 3 3 4 4 5 5 6 6 7 7 8 8".to_owned()),
            ("j", "HSET j 1 2 2 3 3 4 4 5 5 6 6 7 7 8 8 9".to_owned()),
            ("j", "HINCRBY j 9 1".to_owned()),
        ] {
            twin.line(&words);
            same_inside(&mut twin, key);
        }
    }
}

/// A hash of a snapshot is packed, or not, as the server's own loader decides.
#[test]
fn snapshots() {
    for flavor in Flavor::ALL {
        let mut twin = narrow(flavor);
        let limits = |twin: &mut Twin, hash_entries: usize, hash_value: usize| {
            for (name, limit) in [("entries", hash_entries), ("value", hash_value)] {
                let name = format!("hash-max-ziplist-{name}");
                twin.theirs(&["CONFIG", "SET", &name, &limit.to_string()]);
            }
            let packing = *twin.store.packing();
            twin.store.set_packing(Packing { hash_entries, hash_value, ..packing });
        };
        let mut dumps = Vec::new();
        for (entries, value) in [(8, 16), (2, 16), (8, 1)] {
            limits(&mut twin, entries, value);
            for (key, words) in [
                ("one", "HSET one a 1"),
                ("few", "HSET few a 1 bb 22 c 3"),
                ("long", "HSET long a 1 bb sixteen-bytes-ok"),
                ("longer", "HSET longer a 1 bb seventeen-bytes--"),
                ("many", "HSET many 1 1 2 2 3 3 4 4 5 5 6 6 7 7 8 8"),
            ] {
                for times in [
                    "",
                    "HPEXPIREAT KEY 9999999999999 FIELDS 2 a bb",
                    "HPEXPIREAT KEY 9999999999998 FIELDS 2 c 4",
                    "HPERSIST KEY FIELDS 1 a",
                ] {
                    if !times.is_empty() && !EXPIRING.contains(&flavor) {
                        continue;
                    }
                    twin.theirs(&words.split(' ').collect::<Vec<_>>());
                    twin.theirs(&times.replace("KEY", key).split(' ').collect::<Vec<_>>());
                    let reply = twin.theirs(&["DUMP", key]);
                    let line = reply.iter().position(|&byte| byte == b'\n').unwrap() + 1;
                    dumps.push(reply[line..reply.len() - 2].to_vec());
                }
                twin.theirs(&["DEL", key]);
            }
        }
        for (entries, value) in [(8, 16), (2, 16), (8, 1), (512, 64), (1, 64)] {
            limits(&mut twin, entries, value);
            for (number, dump) in dumps.iter().enumerate() {
                let key = format!("{entries}:{value}:{number}");
                let restored = twin.theirs(&[b"RESTORE", key.as_bytes(), b"0", dump]);
                assert_eq!(restored, b"+OK\r\n");
                let value = dump::decode(dump, Limits::default()).unwrap().value;
                let entry = Entry {
                    key: key.clone().into_bytes(),
                    expires_ms: None,
                    idle: None,
                    freq: None,
                    meta: None,
                    value,
                };
                twin.store.insert(0, entry).unwrap();
                same_inside(&mut twin, &key);
            }
        }
    }
}
