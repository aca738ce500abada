//! What other clients are told while a script runs for long.

use tidegate_wire::resp::RespVersion;

use crate::values::outgoing::{append_bulk, append_error, append_head, append_integer};

const BUSY_SCRIPT: &str =
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
const BUSY_FUNCTION: &str =
    "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.";
const UNKILLABLE: &[u8] =
    b"UNKILLABLE Sorry the script already executed write commands against the dataset. You can \
      either wait the script termination or kill the server in a hard way using the SHUTDOWN \
      NOSAVE command.";

/// The commands that are carried out while a script runs (`allow_busy` in Redis 7.0).
const ALLOWED: [&[u8]; 10] = [
    b"auth",
    b"hello",
    b"replconf",
    b"reset",
    b"quit",
    b"multi",
    b"discard",
    b"watch",
    b"unwatch",
    b"shutdown",
];

/// A script that runs for longer than `busy-reply-threshold`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// The words of EVAL, FCALL and the like.
    pub command: Vec<Vec<u8>>,
    /// When it began, in milliseconds.
    pub started_ms: u64,
    /// The number of libraries, and that of functions, for FUNCTION STATS.
    pub counts: (usize, usize),
}

/// What becomes of a command that comes while a script runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meanwhile {
    /// It was answered.
    Answered,
    /// It was answered, and the script is to be killed.
    Kill,
    /// It is carried out.
    Allowed,
}

impl Running {
    /// Whether it is a function.
    #[must_use]
    pub fn is_function(&self) -> bool {
        self.command.first().is_some_and(|it| it.to_ascii_lowercase().starts_with(b"fcall"))
    }

    /// The error of commands that wait for the script, or the function if `is_function`.
    #[must_use]
    pub const fn busy(is_function: bool) -> &'static str {
        if is_function { BUSY_FUNCTION } else { BUSY_SCRIPT }
    }

    /// Answers a command that comes at `now_ms`, if it has to be answered now. `has_written` is
    /// whether the script has called a command that may write.
    pub fn answer(
        &self,
        words: &[&[u8]],
        has_written: bool,
        (now_ms, version): (u64, RespVersion),
        out: &mut Vec<u8>,
    ) -> Meanwhile {
        let lower: Vec<Vec<u8>> = words.iter().take(2).map(|it| it.to_ascii_lowercase()).collect();
        let names: Vec<&[u8]> = lower.iter().map(Vec::as_slice).collect();
        let is_function = self.is_function();
        match (&names[..], words.len()) {
            ([b"script", b"kill"], 2) => return self.kill(false, has_written, out),
            ([b"function", b"kill"], 2) => return self.kill(true, has_written, out),
            ([b"function", b"stats"], 2) if is_function => self.stats(now_ms, version, out),
            ([name, ..], _) if ALLOWED.contains(name) => return Meanwhile::Allowed,
            _ => append_error(Self::busy(is_function).as_bytes(), out),
        }
        Meanwhile::Answered
    }

    /// SCRIPT KILL or FUNCTION KILL (`scriptKill`).
    fn kill(&self, of_function: bool, has_written: bool, out: &mut Vec<u8>) -> Meanwhile {
        if has_written {
            append_error(UNKILLABLE, out);
        } else if of_function != self.is_function() {
            append_error(Self::busy(self.is_function()).as_bytes(), out);
        } else {
            out.extend_from_slice(b"+OK\r\n");
            return Meanwhile::Kill;
        }
        Meanwhile::Answered
    }

    fn stats(&self, now_ms: u64, version: RespVersion, out: &mut Vec<u8>) {
        let map = |pairs: i64, out: &mut Vec<u8>| match version {
            RespVersion::V2 => append_head(b'*', pairs * 2, out),
            RespVersion::V3 => append_head(b'%', pairs, out),
        };
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        map(2, out);
        append_bulk(b"running_script", out);
        map(3, out);
        append_bulk(b"name", out);
        append_bulk(self.command.get(1).map_or(&b""[..], Vec::as_slice), out);
        append_bulk(b"command", out);
        append_head(b'*', number(self.command.len()), out);
        self.command.iter().for_each(|word| append_bulk(word, out));
        append_bulk(b"duration_ms", out);
        let duration = now_ms.saturating_sub(self.started_ms);
        append_integer(i64::try_from(duration).unwrap_or(i64::MAX), out);
        append_bulk(b"engines", out);
        map(1, out);
        append_bulk(b"LUA", out);
        map(2, out);
        append_bulk(b"libraries_count", out);
        append_integer(number(self.counts.0), out);
        append_bulk(b"functions_count", out);
        append_integer(number(self.counts.1), out);
    }
}
