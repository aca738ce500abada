//! The table on its own; `tests/servers/command_table.rs` compares it with real servers.

use std::collections::HashSet;

use proptest::prelude::*;
use redis_protocol::resp2::types::BytesFrame;

use super::*;

#[test]
fn a_name_with_any_other_byte_is_another_name() {
    for known in all().filter(|row| !row.name.contains('|')).map(|row| row.name.as_bytes()) {
        for (at, byte) in (0..known.len()).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte)))
        {
            let mut name = known.to_ascii_uppercase();
            name[at] = byte;
            let found = lookup(&name).map(|row| row.name.as_bytes());
            assert!(found.is_none_or(|found| found.eq_ignore_ascii_case(&name)), "{name:?}");
            assert!(found.is_some() || !known.eq_ignore_ascii_case(&name), "{name:?}");
        }
    }
}

fn positions(keys: Keys, args: &[&[u8]]) -> Vec<usize> {
    keys.positions(args.len(), |at| args[at]).collect()
}

/// Returns the keys of a request that is written with spaces.
fn keys_of(request: &str) -> Vec<&str> {
    let args: Vec<&str> = request.split(' ').collect();
    let row = lookup(args[0].as_bytes()).unwrap();
    let row = args.get(1).and_then(|sub| row.subcommand(sub.as_bytes())).unwrap_or(row);
    row.keys.positions(args.len(), |at| args[at].as_bytes()).map(|at| args[at]).collect()
}

#[test]
fn every_row_is_found_by_its_name_in_any_case() {
    for row in all() {
        let (name, sub) = row.name.split_once('|').unwrap_or((row.name, ""));
        let upper = name.to_uppercase();
        let found = lookup(name.as_bytes()).unwrap();
        assert_eq!(lookup(upper.as_bytes()), Some(found));
        if sub.is_empty() {
            assert_eq!(found.name, row.name);
        } else {
            let found = found.subcommand(sub.to_uppercase().as_bytes()).unwrap();
            assert_eq!(found, row);
        }
    }
}

#[test]
fn names_are_unique_and_lower_case_and_subcommands_sit_in_their_container() {
    let mut seen = HashSet::new();
    for row in all() {
        assert!(seen.insert(row.name), "{} is there twice", row.name);
        assert!(row.name.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase()));
        for sub in row.subcommands {
            let own = sub.name.strip_prefix(row.name).and_then(|rest| rest.strip_prefix('|'));
            assert!(own.is_some_and(|own| !own.is_empty() && !own.contains('|')), "{}", sub.name);
            assert!(sub.subcommands.is_empty());
        }
    }
    assert!(seen.len() > 400);
}

#[test]
fn names_near_a_command_are_not_taken_for_it() {
    for name in ["", "ge", "gets", "get\0", "client|list", "get ", "\0\0\0", "\u{7f}et"] {
        assert_eq!(lookup(name.as_bytes()), None, "{name:?}");
    }
    // '@' and '`' differ by the bit that distinguishes the cases of letters, and so do '_' and DEL.
    assert_eq!(lookup(b"sort\x7fro"), None);
    assert_eq!(lookup(&[b'a'; 100_000]), None);
}

#[test]
fn a_container_is_never_a_read() {
    for row in all().filter(|row| !row.subcommands.is_empty()) {
        assert_ne!(row.access, Access::Read, "{}", row.name);
    }
    let learned = Learned::default();
    let unknown = resolve(&learned, b"OBJECT", Some(b"nonsense")).unwrap();
    assert_eq!((unknown.name, unknown.access), ("object", Access::Master));
    let unknown = resolve(&learned, b"config", Some(b"nonsense")).unwrap();
    assert_eq!(unknown.access, Access::Admin);
}

#[test]
fn commands_that_only_look_like_reads() {
    for name in [
        "sort",
        "georadius",
        "georadiusbymember",
        "bitfield",
        "getex",
        "getset",
        "getdel",
        "spop",
        "xreadgroup",
        "xautoclaim",
        "touch",
        "pfcount",
        "eval",
        "evalsha",
        "fcall",
        "publish",
        "spublish",
        "wait",
        "waitaof",
        "hgetex",
        "hgetdel",
        "exec",
    ] {
        assert_eq!(lookup(name.as_bytes()).unwrap().access, Access::Write, "{name}");
    }
}

#[test]
fn keys_behind_options_are_found() {
    for (request, keys) in [
        ("SORT k BY store GET store STORE d LIMIT 0 1 store e", &["k", "e"][..]),
        ("SORT k LIMIT STORE d", &["k"]),
        ("SORT k BY store DESC", &["k"]),
        ("GEORADIUS k 1 2 3 km STORE d STOREDIST e", &["k", "e"]),
        ("MIGRATE h 1 k 0 10", &["k"]),
        ("MIGRATE h 1  0 10 COPY AUTH2 u keys KEYS a b", &["a", "b"]),
        ("XREAD COUNT 1 BLOCK 0 STREAMS a b 0 0", &["a", "b"]),
        ("XREADGROUP GROUP g streams STREAMS a >", &["a"]),
        ("ZUNIONSTORE d 2 a b WEIGHTS 1 2", &["d", "a", "b"]),
        ("EVAL s 2 a b c", &["a", "b"]),
        ("EVAL s 3 a b", &[]),
        ("EVAL s -1 a b", &[]),
        ("EVAL s 18446744073709551615 a b", &[]),
        ("MSETEX 2 a 1 b 2 EX 10", &["a", "b"]),
        ("OBJECT ENCODING k", &["k"]),
        ("MEMORY USAGE k SAMPLES 5", &["k"]),
        ("BLPOP a b 0", &["a", "b"]),
        ("BITOP AND d a b", &["d", "a", "b"]),
        ("STRALGO LCS KEYS a b", &["a", "b"]),
        ("STRALGO LCS STRINGS x y", &[]),
        ("SORT", &[]),
        ("ZUNIONSTORE", &[]),
    ] {
        assert_eq!(keys_of(request), keys, "{request}");
    }
}

#[test]
fn xread_blocks_only_with_its_option() {
    let blocks = |request: &str| {
        let args: Vec<&[u8]> = request.split(' ').map(str::as_bytes).collect();
        let Effect::Blocking(blocking) = lookup(args[0]).unwrap().effect else { panic!() };
        blocking.applies(args.len(), |at| args[at])
    };
    assert!(blocks("XREAD COUNT 1 block 0 STREAMS a $"));
    assert!(blocks("XREADGROUP GROUP g c NOACK BLOCK 0 STREAMS a >"));
    assert!(blocks("BLPOP a 0"));
    assert!(!blocks("XREAD COUNT 1 STREAMS block 0"));
    assert!(!blocks("XREADGROUP GROUP g BLOCK STREAMS a >"));
    assert!(!blocks("XREAD"));
}

/// Words that direct the search for keys, and some that do not.
fn hostile_word() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&'static str> = vec![
        "",
        "0",
        "1",
        "2",
        "3",
        "9",
        "-1",
        "4294967296",
        "999999999",
        "STORE",
        "storedist",
        "BY",
        "GET",
        "LIMIT",
        "KEYS",
        "AUTH",
        "AUTH2",
        "STREAMS",
        "BLOCK",
        "COUNT",
        "GROUP",
        "LCS",
        "usage",
        "\u{0}",
        "key",
    ];
    prop_oneof![
        4 => prop::sample::select(words).prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ]
}

fn any_keys() -> impl Strategy<Value = Keys> {
    prop_oneof![
        Just(Keys::None),
        Just(Keys::Streams),
        Just(Keys::Sort),
        Just(Keys::Radius),
        Just(Keys::Migrate),
        Just(Keys::Lcs),
        any::<(u8, i8, u8)>().prop_map(|(first, last, step)| Keys::Range { first, last, step }),
        // 0 would be the name of the command, and as the first key the destination.
        (prop_oneof![1u8..5, 1u8..], 0u8..3, any::<bool>())
            .prop_map(|(count_at, step, store)| Keys::Counted { count_at, step, store }),
        (1u8.., any::<u8>(), any::<bool>()).prop_map(|(count_at, step, store)| Keys::Counted {
            count_at,
            step,
            store
        }),
    ]
}

fn any_frame() -> impl Strategy<Value = BytesFrame> {
    let names = ["get", "client", "ft.search", "json.get", "json.get|x", "readonly", "write", ""];
    let leaf = prop_oneof![
        prop::sample::select(names.to_vec())
            .prop_map(|name| BytesFrame::BulkString(name.as_bytes().into())),
        any::<Vec<u8>>().prop_map(|bytes| BytesFrame::SimpleString(bytes.into())),
        (-3i64..3).prop_map(BytesFrame::Integer),
        any::<i64>().prop_map(BytesFrame::Integer),
        Just(BytesFrame::Null),
    ];
    leaf.prop_recursive(4, 64, 12, |inner| {
        prop::collection::vec(inner, 0..12).prop_map(BytesFrame::Array)
    })
}

proptest! {
    #[test]
    fn positions_stay_in_the_request(
        keys in any_keys(),
        args in prop::collection::vec(hostile_word(), 0..20),
    ) {
        let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
        let promised = keys.positions(args.len(), |at| args[at]).len();
        let found = positions(keys, &args);
        prop_assert_eq!(found.len(), promised);
        prop_assert!(found.iter().all(|at| *at > 0 && *at < args.len()), "{found:?}");
        let distinct: HashSet<_> = found.iter().collect();
        prop_assert_eq!(distinct.len(), found.len());
        Blocking::WithOption("BLOCK").applies(args.len(), |at| args[at]);
    }

    #[test]
    fn every_row_takes_any_arguments(args in prop::collection::vec(hostile_word(), 0..9)) {
        let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
        for row in all() {
            prop_assert!(positions(row.keys, &args).iter().all(|at| *at < args.len()));
        }
    }

    #[test]
    fn look_up_takes_any_name(name in any::<Vec<u8>>(), sub in any::<Vec<u8>>()) {
        let found = lookup(&name).map(|row| row.name);
        prop_assert_eq!(found.is_some(), all().any(|row| row.name.as_bytes() == name.to_ascii_lowercase()));
        let _ = resolve(&Learned::default(), &name, Some(&sub));
    }

    #[test]
    fn any_frame_can_be_learnt_from(frame in any_frame()) {
        let learned = Learned::from_command_reply(&frame);
        for row in learned.iter() {
            prop_assert!(lookup(row.name.as_bytes()).is_none());
            prop_assert!(row.name.bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
}

mod learning {
    use super::*;

    fn text(text: &str) -> BytesFrame {
        BytesFrame::BulkString(text.as_bytes().to_vec().into())
    }

    fn entry(name: &str, arity: i64, flags: &str, range: [i64; 3]) -> Vec<BytesFrame> {
        let flags = flags.split_whitespace().map(text).collect();
        let mut entry = vec![text(name), BytesFrame::Integer(arity), BytesFrame::Array(flags)];
        entry.extend(range.map(BytesFrame::Integer));
        entry
    }

    fn learn(entries: Vec<Vec<BytesFrame>>) -> Learned {
        let entries = entries.into_iter().map(BytesFrame::Array).collect();
        Learned::from_command_reply(&BytesFrame::Array(entries))
    }

    #[test]
    fn flags_decide_the_class() {
        let learned = learn(vec![
            entry("JSON.GET", -2, "readonly", [1, 1, 1]),
            entry("json.set", -4, "write denyoom", [1, 1, 1]),
            entry("x.odd", -1, "readonly may_replicate", [0, 0, 0]),
            entry("x.settings", -1, "readonly", [0, 0, 0]),
            entry("x.both", -1, "readonly write", [0, 0, 0]),
            entry("x.none", -1, "", [0, 0, 0]),
            entry("x.config", -1, "readonly admin", [0, 0, 0]),
            entry("x.import", -1, "write admin", [0, 0, 0]),
            entry("x.pop", -2, "write blocking", [1, -1, 1]),
        ]);
        let may_write = |name: &str| resolve(&learned, name.as_bytes(), None).unwrap().may_write;
        assert!(
            ["json.set", "x.odd", "x.both", "x.none", "x.import", "x.pop"]
                .map(may_write)
                .iter()
                .all(|it| *it)
        );
        assert!(!["json.get", "x.settings", "x.config"].map(may_write).iter().any(|it| *it));
        let class = |name: &str| resolve(&learned, name.as_bytes(), None).unwrap().access;
        assert_eq!(class("json.get"), Access::Read);
        assert_eq!(class("JSON.SET"), Access::Write);
        assert_eq!(class("x.odd"), Access::Write);
        assert_eq!(class("x.settings"), Access::Master);
        assert_eq!(class("x.both"), Access::Write);
        assert_eq!(class("x.none"), Access::Write);
        assert_eq!(class("x.config"), Access::Admin);
        let pop = resolve(&learned, b"X.POP", Some(b"key")).unwrap();
        assert_eq!(pop.effect, Effect::Blocking(Blocking::Always));
        assert_eq!(pop.keys, Keys::Range { first: 1, last: -1, step: 1 });
        assert!(pop.fits(2) && pop.fits(7) && !pop.fits(1));
        assert_eq!(resolve(&learned, b"x.unheard", None), None);
    }

    #[test]
    fn the_table_is_not_overruled() {
        let learned = learn(vec![entry("set", -3, "readonly", [1, 1, 1])]);
        assert!(learned.is_empty());
        assert_eq!(resolve(&learned, b"set", None).unwrap().access, Access::Write);
    }

    #[test]
    fn subcommands_are_learnt_one_level_deep() {
        let mut container = entry("x", -2, "readonly", [0, 0, 0]);
        container.extend([BytesFrame::Null, BytesFrame::Null, BytesFrame::Null]);
        let subs = ["x|look", "y|look", "x|", "z"]
            .map(|name| BytesFrame::Array(entry(name, 3, "readonly", [2, 2, 1])));
        container.push(BytesFrame::Array(subs.into()));
        let learned = learn(vec![container]);
        assert_eq!(learned.len(), 2);
        assert_eq!(resolve(&learned, b"X", Some(b"LOOK")).unwrap().access, Access::Read);
        let other = resolve(&learned, b"x", Some(b"other")).unwrap();
        assert_eq!((other.name, other.access), ("x", Access::Write));
        assert_eq!(resolve(&learned, b"x|look", None), None, "not a name a client may use");
    }

    #[test]
    fn nonsense_is_left_out() {
        let long = "x".repeat(65);
        let learned = learn(vec![
            vec![],
            vec![text("x.short")],
            entry("", -1, "readonly", [0, 0, 0]),
            entry(&long, -1, "readonly", [0, 0, 0]),
            entry("x.\r\n", -1, "readonly", [0, 0, 0]),
            entry("x.arity", 70_000, "readonly", [0, 0, 0]),
            entry("x.range", 2, "readonly", [1, 1, 0]),
            entry("x.far", 2, "readonly", [300, 1, 1]),
            entry("x.good", 2, "readonly", [1, 1, 1]),
        ]);
        assert_eq!(learned.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["x.good"]);
    }
}
