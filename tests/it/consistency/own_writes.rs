//! A session reads what it has written.

use super::{Lagging, ROUNDS, Text, failures};
use crate::support::*;

/// The level, and whether a session may read data from before its own write.
const LEVELS: [(&str, bool); 3] = [("bounded", true), ("session", false), ("global", false)];

/// Runs `round` with a connection of its own at each level.
fn at_each_level(flavor: Flavor, mut round: impl FnMut(&mut Wire, usize) -> bool) {
    let servers = Lagging::spawn(flavor);
    for (level, may_fail) in LEVELS {
        let proxy = servers.proxy(level);
        let mut wire = proxy.wire();
        let failed = failures(|number| round(&mut wire, number));
        assert_eq!(failed > 0, may_fail, "{flavor:?}, {level}: {failed} of {ROUNDS} failed");
    }
}

#[test]
fn a_read_sees_the_write_before_it() {
    for flavor in [Flavor::Redis62, Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91] {
        at_each_level(flavor, |wire, number| {
            let value = number.to_string();
            wire.cmd(&["SET", "k", &value]).ok();
            wire.cmd(&["GET", "k"]).text() == Some(value)
        });
    }
}

#[test]
fn a_read_sees_what_a_script_a_transaction_or_a_blocking_command_wrote() {
    at_each_level(Flavor::Redis70, |wire, number| {
        let value = number.to_string();
        wire.cmd(&["EVAL", "return redis.call('SET', 'by-' .. 'script', ARGV[1])", "0", &value])
            .ok();
        let after_script = wire.cmd(&["GET", "by-script"]).text() == Some(value.clone());
        wire.cmd(&["MULTI"]).ok();
        wire.cmd(&["SET", "by-exec", &value]);
        wire.cmd(&["EXEC"]);
        let after_exec = wire.cmd(&["GET", "by-exec"]).text() == Some(value.clone());
        wire.cmd(&["RPUSH", "queue", &value, "rest"]);
        wire.cmd(&["BLPOP", "queue", "0"]);
        let left = wire.cmd(&["LRANGE", "queue", "0", "-1"]).array().len();
        wire.cmd(&["DEL", "queue"]);
        after_script && after_exec && left == 1
    });
}

#[test]
fn in_a_pipeline_a_read_sees_the_writes_before_it_and_none_behind_it() {
    let servers = Lagging::spawn(Flavor::Redis70);
    for level in ["session", "global"] {
        let proxy = servers.proxy(level);
        let mut wire = proxy.wire();
        wire.cmd(&["SET", "k", "0"]).ok();
        for number in 1..=ROUNDS {
            let (before, now) = ((number - 1).to_string(), number.to_string());
            let pipeline: [&[&str]; 4] =
                [&["GET", "k"], &["SET", "k", &now], &["GET", "other"], &["GET", "k"]];
            let replies = wire.pipeline(&pipeline);
            assert_eq!(replies[0].text(), Some(before), "{level}");
            assert_eq!(replies[3].text(), Some(now), "{level}");
        }
    }
}

/// A key that was not written lately is read from replicas all the same.
#[test]
fn replicas_go_on_to_serve() {
    let servers = Lagging::spawn(Flavor::Redis70);
    for level in ["session", "global"] {
        let proxy = servers.proxy(level);
        let (mut reader, mut writer) = (proxy.wire(), proxy.wire());
        let before = servers.replica_gets();
        for number in 0..200 {
            reader.cmd(&["GET", "quiet"]);
            if number % 10 == 0 {
                writer.cmd(&["SET", "k", "v"]).ok();
            }
        }
        let served = servers.replica_gets() - before;
        assert!(served >= 180, "{level}: replicas served {served} of 200");
    }
}

#[test]
fn explain_says_what_a_read_must_include() {
    let servers = Lagging::spawn(Flavor::Redis70);
    let proxy = servers.proxy("session");
    let mut wire = proxy.wire();
    let explained = |wire: &mut Wire| {
        let pairs = wire.cmd(&["PROXY", "EXPLAIN", "GET", "k"]).pairs();
        let is_it = |(name, _): &(Reply, Reply)| name.str() == "minimum_offset";
        pairs.into_iter().find(is_it).unwrap().1
    };
    assert!(explained(&mut wire).is_null(), "it has neither written nor read");
    wire.cmd(&["SET", "k", "v"]).ok();
    wire.cmd(&["GET", "k"]);
    let wanted = explained(&mut wire).int();
    assert!(wanted > 0 && wanted <= servers.trio.master.offset(), "{wanted}");
}
