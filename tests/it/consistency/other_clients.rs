//! With `global`, every client reads what any client was told is written.

use super::{Lagging, ROUNDS, Text, failures};
use crate::support::*;

/// The level, and whether one client may read data from before another one's write. `session`
/// promises nothing about others, but often has it.
const LEVELS: [(&str, bool); 2] = [("bounded", true), ("global", false)];

/// Runs `round` at each level with two connections, several workers each.
fn at_each_level(mut round: impl FnMut(&mut Wire, &mut Wire, usize) -> bool) {
    let servers = Lagging::spawn(Flavor::Redis70);
    for (level, may_fail) in LEVELS {
        let proxy = servers.proxy(level);
        // Of several connections some are on other threads.
        let (mut one, mut others) = (proxy.wire(), [(); 4].map(|()| proxy.wire()));
        let failed = failures(|number| round(&mut one, &mut others[number % 4], number));
        assert_eq!(failed > 0, may_fail, "{level}: {failed} of {ROUNDS} failed");
    }
}

#[test]
fn a_write_that_was_answered_is_seen_by_all() {
    at_each_level(|writer, reader, number| {
        let value = number.to_string();
        writer.cmd(&["SET", "k", &value]).ok();
        reader.cmd(&["GET", "k"]).text() == Some(value)
    });
}

/// A job queue: one connection takes a job from the queue, another one reads it.
#[test]
fn a_job_is_there_when_its_number_is_taken_from_the_queue() {
    at_each_level(|producer, worker, number| {
        let (key, value) = (format!("job:{number}"), number.to_string());
        producer.send(&["BRPOP", "queue", "0"]);
        worker.pipeline(&[&["SET", &key, &value], &["LPUSH", "queue", &value]]);
        let taken = producer.read_reply().array()[1].str().to_owned();
        producer.cmd(&["GET", &format!("job:{taken}")]).text() == Some(value)
    });
}

#[test]
fn what_a_message_tells_of_is_there() {
    let servers = Lagging::spawn(Flavor::Redis70);
    for (level, may_fail) in LEVELS {
        let proxy = servers.proxy(level);
        let (mut subscriber, mut reader) = (proxy.wire(), proxy.wire());
        let mut writer = proxy.wire();
        subscriber.cmd(&["SUBSCRIBE", "news"]);
        let failed = failures(|number| {
            let value = number.to_string();
            writer.send_raw(
                &[encode(&["SET", "k", &value]), encode(&["PUBLISH", "news", "k"])].concat(),
            );
            subscriber.read_reply();
            let is_seen = reader.cmd(&["GET", "k"]).text() == Some(value);
            writer.read_reply();
            writer.read_reply();
            is_seen
        });
        assert_eq!(failed > 0, may_fail, "{level}: {failed} of {ROUNDS} failed");
    }
}

#[test]
fn what_changes_any_key_is_seen_by_all() {
    at_each_level(|writer, reader, number| {
        let value = number.to_string();
        writer.cmd(&["MSET", "{a}1", &value, "{a}2", &value]).ok();
        let both = reader.cmd(&["MGET", "{a}1", "{a}2"]);
        let after_mset = both.array().iter().all(|it| it.text().as_ref() == Some(&value));
        let sha = writer
            .cmd(&["SCRIPT", "LOAD", "return redis.call('DEL', '{a}' .. ARGV[1])"])
            .str()
            .to_owned();
        writer.cmd(&["EVALSHA", &sha, "0", "1"]);
        let after_script = reader.cmd(&["GET", "{a}1"]).is_null();
        writer.cmd(&["FLUSHALL"]).ok();
        let after_flush = reader.cmd(&["DBSIZE"]).int() == 0;
        let scanned = reader.cmd(&["SCAN", "0"]).array()[1].array().is_empty();
        after_mset && after_script && after_flush && scanned
    });
}
