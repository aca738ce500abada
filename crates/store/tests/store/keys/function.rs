//! `FUNCTION`.

use tidegate_store::{CallContext, Dialect, Outcome, Store};
use tidegate_wire::resp::RespVersion;

use crate::{Flavor, Order, Twin};

const ONE: &str = "#!lua name=one\nredis.register_function('x', function() return 1 end)";
const TWO: &str = "#!lua name=two\nredis.register_function{function_name='y', \
    callback=function() return 1 end, flags={'no-writes'}, description='hi'}";

#[test]
fn libraries() {
    let flavors = [Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91];
    Twin::each_of(&flavors, |mut twin| {
        let sources = [
            "",
            "abc",
            "#!lua",
            "#!lua\n",
            "#!lua name=\n",
            "#!lua name=a-b\n",
            "#!foo name=a\n",
            "#!lua name=a name=b\n",
            "#!lua foo=1\n",
            "#!lua name=abc",
            "#!lua name=abc\n",
            "#!lua NAME=abc\n",
            "#!lua 'name=abc\n",
            "#! lua name=abc\n",
            ONE,
            ONE,
            "#!lua name=three\nredis.register_function('x', function() return 1 end)",
            TWO,
        ];
        for source in sources {
            twin.same(&["FUNCTION", "LOAD", source]);
        }
        twin.same(&["FUNCTION", "LOAD", "REPLACE", ONE]);
        twin.same(&["FUNCTION", "LOAD", "FOO", ONE]);
        twin.same(&["function", "load", "replace", "replace", ONE]);
        for version in [RespVersion::V2, RespVersion::V3] {
            twin.set_protocol(version);
            twin.compare(&["FUNCTION", "LIST"], Order::Any);
            twin.compare(&["FUNCTION", "LIST", "WITHCODE"], Order::Any);
            twin.lines(&["FUNCTION LIST LIBRARYNAME o*", "FUNCTION LIST WITHCODE LIBRARYNAME two"]);
            twin.lines(&["FUNCTION LIST LIBRARYNAME", "FUNCTION LIST FOO", "FUNCTION STATS"]);
            twin.lines(&[
                "FUNCTION LIST LIBRARYNAME a LIBRARYNAME b",
                "FUNCTION LIST LIBRARYNAME z",
            ]);
            twin.lines(&["FUNCTION LIST WITHCODE WITHCODE"]);
        }
        twin.set_protocol(RespVersion::V2);
        let bulk = |reply: &[u8]| {
            let head = reply.iter().position(|&byte| byte == b'\n').unwrap() + 1;
            reply[head..reply.len() - 2].to_vec()
        };
        let (theirs, ours) = twin.both(&["FUNCTION", "DUMP"]);
        for payload in [bulk(&theirs), bulk(&ours)] {
            for policy in
                [&[][..], &["FLUSH"], &["APPEND"], &["REPLACE"], &["FOO"], &["FLUSH", "X"]]
            {
                twin.lines(&["FUNCTION DELETE two", "FUNCTION DELETE two"]);
                let words = ["FUNCTION", "RESTORE"].map(|word| word.as_bytes().to_vec());
                let policy = policy.iter().map(|word| word.as_bytes().to_vec());
                let words: Vec<_> =
                    words.into_iter().chain([payload.clone()]).chain(policy).collect();
                if !twin.same(&words).starts_with(b"-ERR Library") {
                    twin.compare(&["FUNCTION", "LIST", "WITHCODE"], Order::Any);
                }
            }
        }
        twin.lines(&["FUNCTION RESTORE x", "FUNCTION", "FUNCTION FOO", "FUNCTION LOAD"]);
        twin.lines(&["FUNCTION DUMP x", "FUNCTION FLUSH FOO", "FUNCTION FLUSH SYNC ASYNC"]);
        twin.lines(&["FLUSHALL", "FUNCTION STATS", "FUNCTION FLUSH ASYNC", "FUNCTION STATS"]);
        twin.lines(&["FUNCTION DUMP", "FUNCTION LIST", "FUNCTION DELETE", "FUNCTION STATS x"]);
    });
}

/// A library that the master took is taken, even one of an unknown engine, without functions, or
/// with a name that exists.
#[test]
fn the_stream_never_fails() {
    let mut store = Store::new(1, Dialect::default(), 1);
    let context = CallContext { db: 0, now_ms: 0, version: RespVersion::V2 };
    let mut apply = |words: &[&str]| {
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        let mut out = Vec::new();
        let outcome = store.apply(context, &words, &mut out);
        assert_eq!(outcome, Outcome::Replied, "{}", out.escape_ascii());
        String::from_utf8(out).unwrap()
    };
    for source in [ONE, ONE, "#!js name=three\nx", "#!lua name=two\n", "no library at all"] {
        apply(&["FUNCTION", "LOAD", source]);
    }
    assert!(apply(&["FUNCTION", "STATS"]).contains("libraries_count\r\n:4"));
    apply(&["FUNCTION", "DELETE", "two"]);
    apply(&["FUNCTION", "DELETE", "three"]);
    apply(&["FUNCTION", "DELETE", "never"]);
    assert!(apply(&["FUNCTION", "STATS"]).contains("libraries_count\r\n:2"));
}
