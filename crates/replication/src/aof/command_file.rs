//! Cuts the bytes of a command file of the append-only file into notes and units. As
//! [`crate::StreamReader`] it never copies a byte: the caller keeps what it has read until it is an
//! entry.

use std::ops::Range;

use crate::command::{CommandParser, Parsed};
use crate::stream_error::StreamError;

/// The longest note. Servers read at most 1024 bytes of one.
const NOTE_MAX: usize = 1024;

/// Why a command file cannot be read any further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// A command that is malformed or too long.
    #[error(transparent)]
    Command(#[from] StreamError),
    /// A line that begins with `#` and does not end.
    #[error("a line that begins with '#' is longer than {NOTE_MAX} bytes")]
    Note,
}

/// The entry at the front of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A note: a line for [`super::Note::parse`].
    Note {
        /// The number of its bytes.
        len: usize,
    },
    /// A command, or all of a transaction from `MULTI` to `EXEC`.
    Unit {
        /// The number of its bytes.
        len: usize,
        /// How many of them are notes within a transaction.
        notes: usize,
    },
    /// No entry is complete before there are so many bytes.
    NeedMore {
        /// The number of bytes, counted from the first of the entry.
        at_least: usize,
    },
}

/// The reader of one file.
#[derive(Clone, Debug)]
pub struct CommandFile {
    parser: CommandParser,
    /// Where the command or the note begins at which the reader is.
    start: usize,
    /// The commands of the entry, as its parts.
    commands: Vec<Range<usize>>,
    /// Whether the entry is a transaction that has begun.
    is_open: bool,
    /// The bytes of notes within the transaction.
    notes: usize,
    /// Whether the last look has found an entry, so that the next one begins anew.
    done: bool,
    limit: usize,
}

impl CommandFile {
    /// Returns a reader of entries of at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let (parser, commands) = (CommandParser::default(), Vec::new());
        Self { parser, start: 0, commands, is_open: false, notes: 0, done: false, limit }
    }

    /// Looks at `buf`, which begins with the first byte behind the last entry. A buffer that ends in
    /// the middle of an entry may only grow until the entry is found.
    ///
    /// # Errors
    /// [`FileError`]. The entry at the front of `buf` is wrong.
    pub fn next_entry(&mut self, buf: &[u8]) -> Result<Entry, FileError> {
        if self.done {
            self.begin();
        }
        loop {
            if buf.get(self.start) == Some(&b'#') {
                let Some(end) = self.end_of_note(buf)? else {
                    return Ok(Entry::NeedMore { at_least: buf.len() + 1 });
                };
                if !self.is_open {
                    self.done = true;
                    return Ok(Entry::Note { len: end });
                }
                self.notes += end - self.start;
                self.go_on(end);
                continue;
            }
            let end = match self.parser.parse(buf, self.limit)? {
                Parsed::Command(end) => end,
                Parsed::NeedMore(at_least) => return Ok(Entry::NeedMore { at_least }),
            };
            let is = |word: &[u8]| match self.parser.args() {
                [name] => name.of(buf).eq_ignore_ascii_case(word),
                _ => false,
            };
            let (is_multi, is_exec, is_discard) = (is(b"MULTI"), is(b"EXEC"), is(b"DISCARD"));
            match self.is_open {
                false if is_multi => self.is_open = true,
                false => {
                    self.commands.push(self.start..end);
                    return Ok(self.found(end));
                }
                true if is_exec => return Ok(self.found(end)),
                true if is_discard => {
                    self.commands.clear();
                    return Ok(self.found(end));
                }
                true => self.commands.push(self.start..end),
            }
            self.go_on(end);
        }
    }

    /// The number of commands in the unit that the last look has found, without `MULTI` and `EXEC`.
    #[must_use]
    pub fn commands(&self) -> usize {
        if self.done { self.commands.len() } else { 0 }
    }

    /// Puts the arguments of one of these commands, its name first, into `args`. `unit` has the
    /// bytes of the unit. Returns whether there is such a command.
    pub fn command<'b>(&mut self, at: usize, unit: &'b [u8], args: &mut Vec<&'b [u8]>) -> bool {
        args.clear();
        let Some(part) = self.commands.get(at).filter(|_| self.done) else { return false };
        self.parser.restart(part.start);
        let Ok(Parsed::Command(_)) = self.parser.parse(unit, part.end) else { return false };
        args.extend(self.parser.args().iter().map(|span| span.of(unit)));
        true
    }

    fn begin(&mut self) {
        self.commands.clear();
        self.is_open = false;
        self.notes = 0;
        self.done = false;
        self.go_on(0);
    }

    fn go_on(&mut self, start: usize) {
        self.start = start;
        self.parser.restart(start);
    }

    fn found(&mut self, len: usize) -> Entry {
        self.done = true;
        Entry::Unit { len, notes: self.notes }
    }

    fn end_of_note(&self, buf: &[u8]) -> Result<Option<usize>, FileError> {
        let rest = buf.get(self.start..).unwrap_or_default();
        match memchr::memchr(b'\n', rest.get(..NOTE_MAX).unwrap_or(rest)) {
            Some(at) => Ok(Some(self.start + at + 1)),
            None if rest.len() >= NOTE_MAX => Err(FileError::Note),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_wire::resp::encode;

    fn command(line: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
        encode::request(&mut out, words.into_iter());
        out
    }

    /// The entries of the bytes when `step` bytes come at a time: lines and commands in words.
    fn entries(bytes: &[u8], step: usize) -> Result<(Vec<String>, usize), FileError> {
        let mut reader = CommandFile::new(1 << 20);
        let (mut found, mut done, mut have) = (Vec::new(), 0, step.min(bytes.len()));
        loop {
            let buf = &bytes[done..have];
            match reader.next_entry(buf)? {
                Entry::NeedMore { at_least } => {
                    assert!(at_least > buf.len());
                    if have == bytes.len() {
                        return Ok((found, done));
                    }
                    have = (have + step).min(bytes.len());
                }
                Entry::Note { len } => {
                    found.push(String::from_utf8_lossy(&buf[..len]).trim_end().to_owned());
                    done += len;
                }
                Entry::Unit { len, notes } => {
                    let mut args = Vec::new();
                    let mut words = Vec::new();
                    for at in 0..reader.commands() {
                        assert!(reader.command(at, &buf[..len], &mut args));
                        words.push(String::from_utf8_lossy(&args.join(&b' ')).into_owned());
                    }
                    assert!(!reader.command(reader.commands(), &buf[..len], &mut args));
                    found.push(format!("[{}] {notes}", words.join(", ")));
                    done += len;
                }
            }
        }
    }

    #[test]
    fn notes_and_units_are_found_however_the_bytes_come() {
        let lines: [&[u8]; 9] = [
            b"#TS:1\r\n",
            &command("SET a 1"),
            b"#@5\r\n",
            &command("multi"),
            &command("SET b 2"),
            b"#TS:22\r\n",
            &command("SET c 3"),
            &command("EXEC"),
            b"# end\n",
        ];
        let bytes = lines.concat();
        let wanted =
            ["#TS:1", "[SET a 1] 0", "#@5", "[SET b 2, SET c 3] 8", "# end"].map(str::to_owned);
        for step in 1..=bytes.len() {
            assert_eq!(entries(&bytes, step), Ok((wanted.to_vec(), bytes.len())), "{step}");
        }
    }

    #[test]
    fn a_file_ends_behind_its_last_whole_entry() {
        let head = command("SET a 1");
        let tail = [command("MULTI"), command("SET b 2"), command("EXEC"), b"#@7\r\n".to_vec()];
        let unit: usize = tail[..3].iter().map(Vec::len).sum();
        let bytes = [head.clone(), tail.concat()].concat();
        for end in head.len()..bytes.len() {
            let wanted = if end < head.len() + unit { head.len() } else { head.len() + unit };
            assert_eq!(entries(&bytes[..end], 7).unwrap().1, wanted, "{end}");
        }
    }

    #[test]
    fn garbage_is_an_error() {
        let long = [b'#'; NOTE_MAX];
        let open = command("MULTI");
        for (garbage, is_note) in [
            (&b"SET a 1\r\n"[..], false),
            (b"*2\r\n$3\r\nGET\r\n:1\r\n", false),
            (b"\0\0\0\0", false),
            (&long, true),
        ] {
            for head in [&b""[..], &open] {
                let error = entries(&[head, garbage].concat(), 3).unwrap_err();
                assert_eq!(error == FileError::Note, is_note, "{error}");
            }
        }
    }

    #[test]
    fn a_discarded_transaction_has_no_commands() {
        let bytes = [command("MULTI"), command("SET b 2"), command("DISCARD")].concat();
        assert_eq!(entries(&bytes, 9).unwrap().0, ["[] 0"]);
    }
}
