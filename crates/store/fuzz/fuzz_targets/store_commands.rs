//! Any commands: each has one complete reply, and the data that are saved afterwards are loaded as
//! the same data.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_rdb::{Form, Item, Limits, Reader};
use tidegate_store::{CallContext, Dialect, Outcome, Store, Vendor};
use tidegate_wire::resp::RespVersion;
use tidegate_wire::resp::reply::reply_len;

/// Commands with which a large number makes a large value or a large reply, as it does at a server.
const SIZED: [&[u8]; 7] = [
    b"setrange",
    b"setbit",
    b"bitfield",
    b"srandmember",
    b"hrandfield",
    b"zrandmember",
    b"spop",
];

fn is_large(args: &[&[u8]]) -> bool {
    let digits = |arg: &&[u8]| arg.iter().filter(|byte| byte.is_ascii_digit()).count();
    SIZED.iter().any(|name| args[0].eq_ignore_ascii_case(name)) && args.iter().any(|arg| digits(arg) > 4)
}

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (which, version, bytes) = input;
    let (dialect, form) = match which % 4 {
        0 => (Dialect::new(Vendor::Redis, "6.2.0"), Form::REDIS_62),
        1 => (Dialect::new(Vendor::Redis, "7.0.0"), Form::REDIS_70),
        2 => (Dialect::new(Vendor::Redis, "8.2.0"), Form::REDIS_74),
        _ => (Dialect::new(Vendor::Valkey, "9.1.0"), Form::VALKEY_90),
    };
    let version = if version % 2 == 0 { RespVersion::V2 } else { RespVersion::V3 };
    let context = CallContext { db: 0, now_ms: 1_000_000, version };
    let mut store = Store::new(2, dialect, 7);
    let mut out = Vec::new();
    for request in bytes.split(|byte| *byte == b'\n') {
        let args: Vec<&[u8]> = request.split(|byte| *byte == b' ').collect();
        if is_large(&args) {
            continue;
        }
        out.clear();
        let outcome = match which & 4 {
            0 => store.write(context, &args, &mut out),
            _ => store.apply(context, &args, &mut out),
        };
        match outcome {
            Outcome::Replied | Outcome::Refused | Outcome::Opaque => {
                assert_eq!(reply_len(&out), Some(out.len()), "{}", out.escape_ascii());
            }
            Outcome::Unknown | Outcome::Excessive => assert!(out.is_empty()),
        }
        assert_eq!(outcome == Outcome::Refused, out.starts_with(b"-"), "{outcome:?}");
    }
    // Functions and the data of modules belong to no keys, so they do not count in the digest.
    let Ok(file) = store.save(Vec::new(), form, &[]) else { return };
    let mut again = Store::new(2, dialect, 8);
    let mut reader = Reader::new(&file[..], Limits::default());
    let mut db = 0;
    while let Some(item) = reader.next_item().expect("what was saved is read") {
        match item {
            Item::SelectDb(number) => db = usize::try_from(number).expect("a database"),
            Item::Key(entry) => again.insert(db, entry).expect("what was saved is taken"),
            _ => {}
        }
    }
    assert_eq!(again.digest(context.now_ms), store.digest(context.now_ms));
});
