//! Streams: their entries, their groups and `XINFO`. Times are compared with some tolerance, all
//! else byte for byte.

use tidegate_wire::resp::RespVersion;

use super::*;
use support::Flavor;

mod errors;
mod random;

/// How far two clocks may be apart, in milliseconds, on a busy machine.
const TOLERANCE: i64 = 5_000;
/// Any larger number is a time.
const TIMES: i64 = 1_600_000_000_000;

impl Twin {
    /// Sends a request to both, and checks that the replies are the same except for times.
    #[track_caller]
    fn timed<A: AsRef<[u8]>>(&mut self, args: &[A]) {
        let (theirs, ours) = self.both(args);
        let (mut a, mut b) = (Words::of(&theirs), Words::of(&ours));
        // `XPENDING` has the idle time behind the name of the consumer.
        let pending = args[0].as_ref().eq_ignore_ascii_case(b"XPENDING") && args.len() > 3;
        let same = loop {
            match (a.next(), b.next()) {
                (None, None) => break true,
                (Some(x), Some(y)) if x == y => {}
                (Some(x), Some(y)) => match x.number().zip(y.number()) {
                    Some((m, n)) if x.is_time(pending) && apart(m, n) => {}
                    _ => break false,
                },
                _ => break false,
            }
        };
        assert!(
            same,
            "{:?}\n{}\nserver: {}\nstore:  {}",
            self.flavor(),
            self.recent(),
            around(a.rest, &theirs),
            around(b.rest, &ours)
        );
    }

    /// As [`Self::timed`], for a line of words.
    #[track_caller]
    fn timed_line(&mut self, line: &str) {
        self.timed(&line.split(' ').collect::<Vec<_>>());
    }
}

/// Returns the part of a reply around its last `rest`, for messages.
fn around(rest: &[u8], reply: &[u8]) -> String {
    let at = reply.len() - rest.len();
    let part = &reply[at.saturating_sub(600)..reply.len().min(at + 300)];
    part.escape_ascii().to_string()
}

/// Whether both are times within the tolerance of each other; -1, which means never, is no time.
fn apart(a: i64, b: i64) -> bool {
    a >= 0 && b >= 0 && a.abs_diff(b) < TOLERANCE.unsigned_abs()
}

/// The lines of a reply.
struct Words<'a> {
    rest: &'a [u8],
    before: &'a [u8],
    /// How many lines ago an array of four began.
    since_four: usize,
}

/// A line, and what stands before it.
struct Word<'a> {
    line: &'a [u8],
    before: &'a [u8],
    since_four: usize,
}

impl PartialEq for Word<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.line == other.line
    }
}

impl<'a> Words<'a> {
    fn of(reply: &'a [u8]) -> Self {
        Self { rest: reply, before: b"", since_four: 0 }
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let len =
            self.rest.iter().position(|&byte| byte == b'\n').map_or(self.rest.len(), |at| at + 1);
        let (line, rest) = self.rest.split_at(len);
        self.since_four = if line == b"*4\r\n" { 0 } else { self.since_four + 1 };
        let word = Word { line, before: self.before, since_four: self.since_four };
        (self.rest, self.before) = (rest, line);
        Some(word)
    }
}

impl Word<'_> {
    fn number(&self) -> Option<i64> {
        std::str::from_utf8(self.line.strip_prefix(b":")?).ok()?.trim().parse().ok()
    }

    fn is_time(&self, pending: bool) -> bool {
        let names = [&b"idle\r\n"[..], b"inactive\r\n", b"seen-time\r\n", b"active-time\r\n"];
        // Array, length, id, length, name, idle time.
        let ago = pending && self.since_four == 5;
        ago || names.contains(&self.before) || self.number().is_some_and(|it| it > TIMES)
    }
}

#[test]
fn adding_and_ranges() {
    Twin::each(|mut twin| {
        twin.lines(&[
            "XADD s 1-1 a b",
            "XADD s 1-2 a b c d",
            "XADD s 2 a 1 c -5",
            "XADD s 2-5 a b",
            "XADD s 2-* a b",
            "XADD s 9-* a b",
            "XADD s 18446744073709551614-1 a b",
            "XLEN s",
            "XRANGE s - +",
            "XRANGE s 1 2",
            "XRANGE s (1-1 (9",
            "XRANGE s 1-2 1-2",
            "XRANGE s 5 1",
            "XRANGE s - + COUNT 2",
            "XRANGE s - + COUNT 2 COUNT 1",
            "XRANGE s - + COUNT 0",
            "XREVRANGE s + - COUNT 2",
            "XREVRANGE s 2 1-2",
            "XREVRANGE s (2-5 (1-1",
            "XRANGE none - +",
            "XRANGE none - + COUNT 0",
            "XDEL s 1-2 1-2 7-7",
            "XRANGE s - +",
            "XINFO STREAM s",
            "XDEL s 1-1",
            "XINFO STREAM s",
            "XDEL s 18446744073709551614-1",
            "XINFO STREAM s",
            "XTRIM s MAXLEN 1",
            "XTRIM s MAXLEN 1",
            "XINFO STREAM s",
            "XTRIM s MAXLEN 0",
            "XINFO STREAM s",
            "XADD s 18446744073709551615-* a b",
            "XADD s 18446744073709551615-18446744073709551615 a b",
            "XADD s * a b",
            "XADD s 18446744073709551615-* a b",
            "XINFO STREAM s",
        ]);
    });
}

#[test]
fn nodes_split_and_count_as_the_server_s() {
    Twin::each(|mut twin| {
        let value = "x".repeat(700);
        for n in 1..900_u64 {
            let long = if n % 7 == 0 { value.as_str() } else { "short" };
            let id = format!("{}-{}", n * (1 + n % 3 * 255) * if n > 600 { 70_000 } else { 1 }, n);
            twin.both(&["XADD", "s", &id, "f", long, "n", "1"]);
            if n % 50 == 0 {
                twin.line("XINFO STREAM s");
            }
        }
        for command in ["XTRIM s MAXLEN ~ 500", "XTRIM s MAXLEN = 433", "XTRIM s MINID ~ 60000000"]
        {
            twin.line(command);
            twin.line("XINFO STREAM s");
        }
        twin.line("XADD s MAXLEN ~ 100 LIMIT 150 99999999999-1 a b");
        twin.line("XINFO STREAM s");
        twin.line("XTRIM s MINID 61234567");
        twin.line("XINFO STREAM s FULL COUNT 0");
    });
}

#[test]
fn groups_and_consumers() {
    Twin::each(|mut twin| {
        for version in [RespVersion::V2, RespVersion::V3] {
            twin.clear();
            twin.set_protocol(version);
            for line in include_str!("streams/groups.txt").lines() {
                twin.timed_line(line);
            }
        }
    });
}
