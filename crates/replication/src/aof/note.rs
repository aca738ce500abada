//! Lines between the commands of an append-only file. Servers from Redis 7.0 on skip every line that
//! begins with `#`, so these cost nothing where another server loads the file.
//!
//! The engine writes two kinds. The first tells where the stream is; the commands behind it are the
//! bytes of the stream. The second follows each piece of the stream, in the same write: bytes
//! without it were written by another program, or only in part.

use tidegate_wire::resp::integer;
use tidegate_wire::units::{ReplId, ReplOffset};

use crate::identity::Position;

/// The beginning of the line that tells where the stream is.
const STREAM: &[u8] = b"#STREAM:";
/// The beginning of the line behind a piece of the stream.
const MARK: &[u8] = b"#@";
/// The beginning of the line with a time, which servers write (`aof-timestamp-enabled`).
const TIME: &[u8] = b"#TS:";

/// The history before the present one, and the first offset that no longer belongs to it.
pub type Second = Option<(ReplId, ReplOffset)>;

/// A line between two commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// The commands behind it are the bytes of the stream.
    Stream {
        /// The history, and the last offset before these bytes.
        position: Position,
        /// The history before.
        second: Second,
    },
    /// All bytes of the stream up to this offset are before this line.
    Mark(ReplOffset),
    /// The time at which the commands behind it ran, in Unix seconds.
    Time(u64),
    /// Any other line.
    Other,
}

impl Note {
    /// Reads a line, with or without its end.
    #[must_use]
    pub fn parse(line: &[u8]) -> Self {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let number = |text: &[u8]| integer::parse(text).and_then(|it| u64::try_from(it).ok());
        let found = if let Some(rest) = line.strip_prefix(MARK) {
            number(rest).map(|offset| Self::Mark(ReplOffset::new(offset)))
        } else if let Some(rest) = line.strip_prefix(TIME) {
            number(rest).map(Self::Time)
        } else {
            line.strip_prefix(STREAM).and_then(stream)
        };
        found.unwrap_or(Self::Other)
    }

    /// Appends the line.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Stream { position, second } => {
                out.extend_from_slice(STREAM);
                place(position.replid, position.offset, out);
                if let Some((replid, ends)) = second {
                    out.push(b':');
                    place(*replid, *ends, out);
                }
            }
            Self::Mark(offset) => {
                out.extend_from_slice(MARK);
                out.extend_from_slice(&integer::text(offset.get()));
            }
            Self::Time(seconds) => {
                out.extend_from_slice(TIME);
                out.extend_from_slice(&integer::text(*seconds));
            }
            Self::Other => out.push(b'#'),
        }
        out.extend_from_slice(b"\r\n");
    }
}

fn place(replid: ReplId, offset: ReplOffset, out: &mut Vec<u8>) {
    out.extend_from_slice(replid.as_str().as_bytes());
    out.push(b':');
    out.extend_from_slice(&integer::text(offset.get()));
}

fn stream(text: &[u8]) -> Option<Note> {
    let mut words = text.split(|byte| *byte == b':');
    let mut place = || {
        let replid = ReplId::parse(words.next()?).ok()?;
        let offset = integer::parse(words.next()?).and_then(|it| u64::try_from(it).ok())?;
        Some((replid, ReplOffset::new(offset)))
    };
    let (replid, offset) = place()?;
    let second = place();
    Some(Note::Stream { position: Position { replid, offset }, second })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, id};

    #[test]
    fn what_is_written_is_read() {
        let position = Position { replid: id('a'), offset: at(17) };
        for (note, wanted) in [
            (Note::Stream { position, second: None }, format!("#STREAM:{}:17\r\n", id('a'))),
            (
                Note::Stream { position, second: Some((id('b'), at(18))) },
                format!("#STREAM:{}:17:{}:18\r\n", id('a'), id('b')),
            ),
            (Note::Mark(at(0)), "#@0\r\n".to_owned()),
            (Note::Time(1_700_000_000), "#TS:1700000000\r\n".to_owned()),
        ] {
            let mut out = Vec::new();
            note.write(&mut out);
            assert_eq!(String::from_utf8(out.clone()).unwrap(), wanted);
            assert_eq!(Note::parse(&out), note);
            assert_eq!(Note::parse(wanted.trim_end().as_bytes()), note);
        }
    }

    #[test]
    fn other_lines_tell_nothing() {
        let short = format!("#STREAM:{}", id('a'));
        for line in ["#", "#@", "#@-1", "#@x", "#TS:", "#STREAM:", "#STREAM:x:1", "# any", &short] {
            assert_eq!(Note::parse(line.as_bytes()), Note::Other, "{line}");
        }
    }
}
