//! Requests as clients send them, and what their replies have to look like.

use tidegate_test_support::{Reply, encode};

use super::keys::{self, tag_of, tagged, value_text, version_of};
use crate::history::{Action, Answer, Outcome};

/// Adds a tag to two lists in one step.
const SCRIPT: &str =
    "redis.call('RPUSH', KEYS[1], ARGV[1]) return redis.call('RPUSH', KEYS[2], ARGV[1])";

/// What a success looks like.
#[derive(Clone, Debug)]
enum Expected {
    Ok,
    Number,
    Value(String),
    Text(String),
    Element(String),
}

/// A request, with what it means.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) bytes: Vec<u8>,
    pub(super) action: Action,
    expected: Expected,
}

impl Request {
    pub(super) fn append(list: String, tag: u64) -> Self {
        let bytes = encode(&["RPUSH", &list, &tagged(tag)]);
        let action = Action::Append { lists: vec![list], tag };
        Self { bytes, action, expected: Expected::Number }
    }

    pub(super) fn script(lists: Vec<String>, tag: u64) -> Self {
        let bytes = encode(&["EVAL", SCRIPT, "2", &lists[0], &lists[1], &tagged(tag)]);
        Self { bytes, action: Action::Append { lists, tag }, expected: Expected::Number }
    }

    pub(super) fn increment(key: String) -> Self {
        let bytes = encode(&["INCR", &key]);
        Self { bytes, action: Action::Increment { key }, expected: Expected::Number }
    }

    pub(super) fn write(key: String, version: u64, size: usize) -> Self {
        let bytes = encode(&["SET", &key, &value_text(&key, version, size)]);
        Self { bytes, action: Action::Write { key, version }, expected: Expected::Ok }
    }

    pub(super) fn read(key: String) -> Self {
        let bytes = encode(&["GET", &key]);
        let expected = Expected::Value(key.clone());
        Self { bytes, action: Action::Read { key }, expected }
    }

    pub(super) fn echo(tag: u64) -> Self {
        let text = format!("echo-{tag}");
        let bytes = encode(&["ECHO", &text]);
        Self { bytes, action: Action::Echo, expected: Expected::Text(text) }
    }

    pub(super) fn pop(queue: &str, seconds: &str) -> Self {
        let bytes = encode(&["BLPOP", queue, seconds]);
        let queue = queue.to_owned();
        let action = Action::Pop { queue: queue.clone() };
        Self { bytes, action, expected: Expected::Element(queue) }
    }

    pub(super) fn publish(channel: String, number: u64) -> Self {
        let bytes = encode(&["PUBLISH", &channel, &tagged(number)]);
        let action = Action::Publish { channel, number };
        Self { bytes, action, expected: Expected::Number }
    }

    /// What `reply` says of this request.
    pub(super) fn outcome(&self, reply: Reply) -> Outcome {
        let wrong = |reply: &Reply| {
            let mut text = format!("{reply:?}");
            text.truncate(200);
            Outcome::Wrong(text)
        };
        let answer = match (&self.expected, &reply) {
            (_, Reply::Error(text)) => return Outcome::of_error(text),
            (Expected::Ok, Reply::Simple(text)) if text == "OK" => Some(Answer::Nothing),
            (Expected::Number, Reply::Int(number)) => Some(Answer::Number(*number)),
            (Expected::Value(_), Reply::Null) => Some(Answer::Version(None)),
            (Expected::Value(key), Reply::Bulk(text)) => {
                version_of(text, key).map(|version| Answer::Version(Some(version)))
            }
            (Expected::Text(own), Reply::Bulk(text)) => {
                (own.as_bytes() == text).then_some(Answer::Nothing)
            }
            (Expected::Element(_), Reply::Null) => Some(Answer::Element(None)),
            (Expected::Element(queue), Reply::Array(parts)) => match &parts[..] {
                [Reply::Bulk(name), Reply::Bulk(text)] if name == queue.as_bytes() => {
                    tag_of(text).map(|tag| Answer::Element(Some(tag)))
                }
                _ => None,
            },
            _ => None,
        };
        answer.map_or_else(|| wrong(&reply), Outcome::Done)
    }
}

/// The commands of a transaction that adds a tag to two lists.
pub(super) fn queued(client: usize, tag: u64) -> (Action, [Vec<u8>; 2]) {
    let lists = keys::pair(client);
    let bytes = [0, 1].map(|n: usize| encode(&["RPUSH", &lists[n], &tagged(tag)]));
    (Action::Append { lists, tag }, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Reply {
        Reply::Bulk(text.as_bytes().to_vec())
    }

    #[test]
    fn a_reply_of_another_request_is_wrong() {
        let read = Request::read("value:1:2".to_owned());
        let own = value_text("value:1:2", 7, 3);
        assert_eq!(read.outcome(bulk(&own)), Outcome::Done(Answer::Version(Some(7))));
        for other in [
            bulk(&value_text("value:1:3", 7, 3)),
            bulk(&own[..own.len() - 1]),
            bulk("echo-7"),
            Reply::Int(1),
            Reply::Simple("OK".to_owned()),
        ] {
            assert!(matches!(read.outcome(other), Outcome::Wrong(_)));
        }
        assert!(matches!(Request::echo(1).outcome(bulk("echo-2")), Outcome::Wrong(_)));
        let pop = Request::pop("queue", "1");
        let element = |queue| Reply::Array(vec![bulk(queue), bulk("t5")]);
        assert_eq!(pop.outcome(element("queue")), Outcome::Done(Answer::Element(Some(5))));
        assert!(matches!(pop.outcome(element("other")), Outcome::Wrong(_)));
    }

    #[test]
    fn errors_say_whether_a_request_was_done() {
        let of = |text: &str| Outcome::of_error(text);
        assert_eq!(of("INDOUBT x"), Outcome::Unknown("INDOUBT x".to_owned()));
        assert_eq!(of("MASTERDOWN x"), Outcome::Refused("MASTERDOWN x".to_owned()));
        assert_eq!(of("MASTERDOWN x").word(), "MASTERDOWN");
        assert!(matches!(of("ERR value is not an integer"), Outcome::Wrong(_)));
    }
}
