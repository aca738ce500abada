//! The argument with which a command says how long it waits.

use std::time::Duration;

use crate::resp::encode::request_of;
use crate::resp::integer;

/// How long a request waits at the server, by its own argument: the timeout of BLPOP and its kin,
/// BLOCK of XREAD and XREADGROUP, the timeout of WAIT and WAITAOF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTime {
    /// The index of the argument.
    at: usize,
    /// `None` for ever.
    wait: Option<Duration>,
    in_millis: bool,
}

impl WaitTime {
    /// The time that a request with these arguments gives, the name first; `None` if it gives none
    /// that is valid.
    #[must_use]
    pub fn of(args: &[&[u8]]) -> Option<Self> {
        let (at, in_millis) = place(args)?;
        let text = std::str::from_utf8(args.get(at)?).ok()?;
        let wait = if in_millis {
            Duration::from_millis(text.parse().ok()?)
        } else {
            Duration::try_from_secs_f64(text.parse().ok()?).ok()?
        };
        Some(Self { at, wait: (!wait.is_zero()).then_some(wait), in_millis })
    }

    /// How long it waits; `None` for ever.
    #[must_use]
    pub const fn wait(&self) -> Option<Duration> {
        self.wait
    }

    /// The request as it is after it has waited for `waited` elsewhere; `None` if its time is over.
    #[must_use]
    pub fn request_after(&self, args: &[&[u8]], waited: Duration) -> Option<Vec<u8>> {
        let Some(wait) = self.wait else { return Some(request_of(args)) };
        // A time of 0 would be for ever.
        let left = wait.checked_sub(waited)?;
        let millis = u64::try_from(left.as_millis()).ok().filter(|millis| *millis > 0)?;
        let left = if self.in_millis {
            integer::text(millis).to_vec()
        } else {
            format!("{}.{:03}", millis / 1000, millis % 1000).into_bytes()
        };
        let mut args = args.to_vec();
        *args.get_mut(self.at)? = &left;
        Some(request_of(&args))
    }
}

/// The index of the argument, and whether it is in milliseconds.
fn place(args: &[&[u8]]) -> Option<(usize, bool)> {
    let name = args.first()?.to_ascii_lowercase();
    let is_block = |arg: &&[u8]| arg.eq_ignore_ascii_case(b"block");
    let is_streams = |arg: &&[u8]| arg.eq_ignore_ascii_case(b"streams");
    Some(match name.as_slice() {
        b"blpop" | b"brpop" | b"bzpopmin" | b"bzpopmax" | b"blmove" | b"brpoplpush" => {
            (args.len().checked_sub(1)?, false)
        }
        b"blmpop" | b"bzmpop" => (1, false),
        // GROUP, the group and the consumer come first, and may have any name.
        b"xreadgroup" => (4 + args.get(4..)?.iter().position(is_block)? + 1, true),
        // Streams may have any name, too.
        b"xread" => {
            let options = args.get(..args.iter().position(is_streams)?)?;
            (options.iter().position(is_block)? + 1, true)
        }
        b"wait" => (2, true),
        b"waitaof" => (3, true),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Args;

    fn after(line: &str, waited_ms: u64) -> Option<String> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let frame =
            WaitTime::of(&words)?.request_after(&words, Duration::from_millis(waited_ms))?;
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
            (
                "XREAD COUNT 2 BLOCK 2000 STREAMS block a 0 $",
                "XREAD COUNT 2 BLOCK 750 STREAMS block a 0 $",
            ),
            ("WAIT 1 5000", "WAIT 1 3750"),
            ("WAITAOF 1 0 5000", "WAITAOF 1 0 3750"),
        ] {
            assert_eq!(after(line, 1250).as_deref(), Some(left), "{line}");
        }
    }

    #[test]
    fn a_command_whose_time_is_over_waits_no_more() {
        for line in [
            "BLPOP a 1",
            "BLMPOP 1.25 1 a LEFT",
            "XREADGROUP GROUP g c BLOCK 1000 STREAMS s >",
            "WAIT 1 1250",
        ] {
            assert_eq!(after(line, 1250), None, "{line}");
        }
    }

    #[test]
    fn what_waits_for_ever_stays_as_it_is() {
        for line in [
            "BLPOP a 0",
            "BLPOP a 0.0",
            "BLMPOP 0 1 a LEFT",
            "XREADGROUP GROUP g c BLOCK 0 STREAMS s >",
            "WAIT 1 0",
        ] {
            assert_eq!(after(line, 1250).as_deref(), Some(line));
        }
    }

    #[test]
    fn what_gives_no_valid_time_has_none() {
        for line in [
            "BLPOP a x",
            "BLPOP a -1",
            "BLPOP a inf",
            "BLPOP a 1e300",
            "BLPOP",
            "XREADGROUP GROUP g",
            "XREADGROUP GROUP g c BLOCK",
            "XREAD STREAMS block 0",
            "XREAD BLOCK 5",
            "WAIT 1",
            "LPOP a 1",
        ] {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            assert_eq!(WaitTime::of(&words), None, "{line}");
        }
    }
}
