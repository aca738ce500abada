//! A command that waits at the master for something to take (BLPOP, XREADGROUP and the like): what
//! is needed to let it wait at another one.

use std::time::Duration;

use tokio::time::Instant;

use crate::session::replies::Sequence;
use tidegate_wire::resp::{Args, encode, integer};

/// A command that waits at the master for something to take.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct BlockedPop {
    pub(in crate::client) seq: Sequence,
    /// When it began to wait.
    pub(in crate::client) since: Instant,
}

/// The argument that says how long a command waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Timeout {
    at: usize,
    wait: Option<Duration>,
    in_millis: bool,
}

impl BlockedPop {
    /// When its time is over; `None` if it waits for ever.
    pub(in crate::client) fn ends(&self, request: &[u8]) -> Option<Instant> {
        let args = Args::new(request).to_vec();
        self.since.checked_add(timeout(&args)?.wait?)
    }

    /// The request as it is at `now`, when it has waited for a while; `None` if its time is over.
    pub(in crate::client) fn request(&self, request: &[u8], now: Instant) -> Option<Vec<u8>> {
        let mut args = Args::new(request).to_vec();
        let Some(Timeout { at, wait: Some(wait), in_millis }) = timeout(&args) else {
            return Some(request.to_vec());
        };
        let left = wait.checked_sub(now.saturating_duration_since(self.since))?;
        // A time of 0 would be for ever.
        let millis = u64::try_from(left.as_millis()).ok().filter(|millis| *millis > 0)?;
        let left = if in_millis {
            integer::text(millis).to_vec()
        } else {
            format!("{}.{:03}", millis / 1000, millis % 1000).into_bytes()
        };
        args[at] = &left;
        Some(encode::request_of(&args))
    }
}

/// The time that a command with these arguments gives; `None` if it gives none that is valid.
fn timeout(args: &[&[u8]]) -> Option<Timeout> {
    let is = |name: &str| args.first().is_some_and(|it| it.eq_ignore_ascii_case(name.as_bytes()));
    let (at, in_millis) = if is("XREADGROUP") {
        let is_block = |arg: &&[u8]| arg.eq_ignore_ascii_case(b"block");
        // GROUP, the group and the consumer come first, and may have any name.
        (4 + args.get(4..)?.iter().position(is_block)? + 1, true)
    } else if is("BLMPOP") || is("BZMPOP") {
        (1, false)
    } else {
        (args.len().checked_sub(1)?, false)
    };
    let text = std::str::from_utf8(args.get(at)?).ok()?;
    let wait = if in_millis {
        Duration::from_millis(text.parse().ok()?)
    } else {
        Duration::try_from_secs_f64(text.parse().ok()?).ok()?
    };
    Some(Timeout { at, wait: (!wait.is_zero()).then_some(wait), in_millis })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(line: &str, waited_ms: u64) -> Option<String> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let since = Instant::now();
        let pop = BlockedPop { seq: 0, since };
        let frame =
            pop.request(&encode::request_of(&words), since + Duration::from_millis(waited_ms))?;
        let words: Vec<_> =
            Args::new(&frame).map(|word| String::from_utf8(word.to_vec()).expect("text")).collect();
        Some(words.join(" "))
    }

    #[test]
    fn each_command_waits_for_the_time_that_is_left() {
        for (line, left) in [
            ("BLPOP a b 5", "BLPOP a b 3.750"),
            ("brpop a 2.5", "brpop a 1.250"),
            ("BLMOVE a b LEFT RIGHT 1.251", "BLMOVE a b LEFT RIGHT 0.001"),
            ("BRPOPLPUSH a b 1e1", "BRPOPLPUSH a b 8.750"),
            ("BLMPOP 2 1 a LEFT COUNT 9", "BLMPOP 0.750 1 a LEFT COUNT 9"),
            ("BZMPOP 2 1 a MIN", "BZMPOP 0.750 1 a MIN"),
            ("BZPOPMIN 7 7", "BZPOPMIN 7 5.750"),
            (
                "XREADGROUP GROUP block 1 COUNT 2 BLOCK 2000 STREAMS block >",
                "XREADGROUP GROUP block 1 COUNT 2 BLOCK 750 STREAMS block >",
            ),
            (
                "XREADGROUP GROUP g c block 1251 STREAMS s >",
                "XREADGROUP GROUP g c block 1 STREAMS s >",
            ),
        ] {
            assert_eq!(after(line, 1250).as_deref(), Some(left), "{line}");
        }
    }

    #[test]
    fn a_command_whose_time_is_over_waits_no_more() {
        for line in
            ["BLPOP a 1", "BLMPOP 1.25 1 a LEFT", "XREADGROUP GROUP g c BLOCK 1000 STREAMS s >"]
        {
            assert_eq!(after(line, 1250), None, "{line}");
        }
    }

    #[test]
    fn what_waits_for_ever_or_has_a_mistake_stays_as_it_is() {
        for line in [
            "BLPOP a 0",
            "BLPOP a 0.0",
            "BLMPOP 0 1 a LEFT",
            "XREADGROUP GROUP g c BLOCK 0 STREAMS s >",
            "BLPOP a x",
            "BLPOP a -1",
            "BLPOP a inf",
            "BLPOP a 1e300",
            "BLPOP",
            "XREADGROUP GROUP g",
            "XREADGROUP GROUP g c BLOCK",
        ] {
            assert_eq!(after(line, 1250).as_deref(), Some(line));
        }
    }
}
