//! Why a command was refused, in Redis's own words.

use std::borrow::Cow;

use crate::c_text::c_str;
use crate::dialect::Dialect;

/// How many bytes an error shows of a word, and of all arguments but the last.
const SHOWN: usize = 128;

/// An error reply: its code and its text, without the dash. Each character stands for one byte,
/// because a quoted part of a request need not be UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CommandError(Cow<'static, str>);

impl CommandError {
    /// `shared.wrongtypeerr`
    pub(crate) const WRONG_TYPE: Self =
        Self::new("WRONGTYPE Operation against a key holding the wrong kind of value");
    /// `getLongLongFromObjectOrReply`
    pub(crate) const NOT_INTEGER: Self = Self::new("ERR value is not an integer or out of range");
    /// `getDoubleFromObjectOrReply`
    pub(crate) const NOT_FLOAT: Self = Self::new("ERR value is not a valid float");
    /// `shared.syntaxerr`
    pub(crate) const SYNTAX: Self = Self::new("ERR syntax error");
    /// `shared.nokeyerr`
    pub(crate) const NO_KEY: Self = Self::new("ERR no such key");
    /// `shared.outofrangeerr`
    pub(crate) const OUT_OF_RANGE: Self = Self::new("ERR index out of range");

    /// The error for an invalid number of keys.
    pub(crate) const NO_KEYS: Self = Self::new("ERR numkeys should be greater than 0");

    /// `shared.roslaveerr`
    pub const READ_ONLY: Self = Self::new("READONLY You can't write against a read only replica.");
    /// `shared.noreplicaserr`
    pub const NO_REPLICAS: Self = Self::new("NOREPLICAS Not enough good replicas to write.");
    /// `shared.sameobjecterr`
    pub(crate) const SAME_OBJECT: Self =
        Self::new("ERR source and destination objects are the same");
    /// `checkStringLength`
    pub(crate) const TOO_LONG: Self =
        Self::new("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    /// The error of this store for a collection with more elements than can be numbered, and for a
    /// string that is too long.
    pub(crate) const TOO_MANY: Self = Self::new("ERR the value would be too large");

    /// The error of this store for a value that is kept as the master sent it and cannot be read
    /// here.
    pub(crate) const OPAQUE: Self = Self::new(
        "ERR the replica keeps this value as its master sent it and cannot read it; ask the master",
    );
    /// The error of a read that costs more than its budget has. No client sees it.
    pub(crate) const EXCESSIVE: Self = Self::new("ERR the read costs more than it may here");

    /// Returns an error with a fixed text.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// Returns an error whose text quotes the request.
    #[must_use]
    pub fn of(text: String) -> Self {
        Self(Cow::Owned(text))
    }

    /// The error for a wrong number of words. `command` is in lower case, with its subcommand if it
    /// has one: `xinfo|stream`.
    #[must_use]
    pub fn wrong_arity(command: &str) -> Self {
        Self::of(tidegate_wire::command::wrong_arity(command))
    }

    /// The error for an unknown command (`commandCheckExistence`).
    #[must_use]
    pub fn unknown(args: &[&[u8]], dialect: Dialect) -> Self {
        let is_new = dialect.quotes_command_names();
        let mut list = String::new();
        for arg in args.iter().skip(1) {
            // Each character is one byte of the request.
            let left = SHOWN.saturating_sub(list.chars().count());
            if left == 0 {
                break;
            }
            let arg = quoted(arg.get(..left).unwrap_or(arg));
            list.push_str(&if is_new { format!("'{arg}' ") } else { format!("`{arg}`, ") });
        }
        let name = args.first().copied().unwrap_or_default();
        // Old servers show the whole name.
        let name =
            if is_new { format!("'{}'", shown(name)) } else { format!("`{}`", quoted(name)) };
        Self::of(format!("ERR unknown command {name}, with args beginning with: {list}"))
    }

    /// The text behind `ERR`; the whole text if the code is another one.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.0.strip_prefix("ERR ").unwrap_or(&self.0)
    }

    /// Writes the error reply. Line breaks become blanks, as in `addReplyErrorFormat`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(b'-');
        let bytes = self.0.chars().map(|c| u8::try_from(c).unwrap_or(b'?'));
        out.extend(bytes.map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
        out.extend_from_slice(b"\r\n");
    }
}

/// Returns the beginning of a word, as an error quotes it.
pub(crate) fn shown(word: &[u8]) -> String {
    quoted(word.get(..SHOWN).unwrap_or(word))
}

/// Returns a word of a request as an error quotes it: up to its first zero byte, where a C string
/// ends.
pub(crate) fn quoted(word: &[u8]) -> String {
    c_str(word).iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_commands_have_the_error_of_the_server() {
        let unknown = |args: &[&[u8]]| {
            let mut out = Vec::new();
            CommandError::unknown(args, Dialect::default()).write(&mut out);
            out
        };
        assert_eq!(
            unknown(&[b"foo", b"a\xff", b"b\r\n"]),
            b"-ERR unknown command 'foo', with args beginning with: 'a\xff' 'b  ' \r\n"
        );
        let long = [0xff; 500];
        assert!(unknown(&[&long, &long, &long]).len() < 400);
    }
}
