//! Collects the answer to a question that is no part of the handshake proper, a line at a time.
//! Never keeps more than its bound, and never interprets the answer.

use tidegate_wire::resp::integer;

/// The most words of an answer. Redis 8.2 answers `CONFIG GET *-max-*` with 44.
const WORDS_MAX: usize = 1024;
/// The most bytes of a word. Redis 8.2 answers `INFO server` with less than 1 KiB.
const WORD_MAX: usize = 64 * 1024;

/// The number of bytes behind a word.
const END: usize = 2;

/// The collector of one answer. The words are those of an array, or one bulk string.
#[derive(Clone, Debug, Default)]
pub(super) struct AnswerReader {
    /// How many words are still to come; `None` before the head of the answer.
    left: Option<usize>,
    /// The length of the word in progress.
    len: Option<usize>,
    words: Vec<Vec<u8>>,
}

/// What the collector has after a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Collected {
    /// A part of the answer; more is to come.
    Part,
    /// The whole answer.
    Words(Vec<String>),
    /// The error or status that the master sent instead of an answer.
    Refused(String),
    /// A line that does not answer the question.
    Foreign,
}

impl AnswerReader {
    /// Whether the next bytes belong to a word ([`Self::bytes`]) and not to a line.
    pub(super) const fn is_inside(&self) -> bool {
        self.len.is_some()
    }

    /// Takes a line without its end.
    pub(super) fn line(&mut self, line: &[u8]) -> Collected {
        if self.left.is_some() { self.begin(line) } else { self.head(line) }
    }

    /// Takes bytes of a word and of its end. Returns how many it took, and what the collector has.
    pub(super) fn bytes(&mut self, input: &[u8]) -> (usize, Collected) {
        let (Some(left), Some(len), Some(word)) = (self.left, self.len, self.words.last_mut())
        else {
            return (0, Collected::Foreign);
        };
        let missing = len + END - word.len();
        let taken = input.get(..missing).unwrap_or(input);
        word.extend_from_slice(taken);
        if taken.len() < missing {
            return (taken.len(), Collected::Part);
        }
        word.truncate(len);
        (self.left, self.len) = (Some(left - 1), None);
        if left > 1 {
            return (taken.len(), Collected::Part);
        }
        (taken.len(), Collected::Words(self.words.iter().map(|word| text(word)).collect()))
    }

    fn head(&mut self, line: &[u8]) -> Collected {
        // Proxies and servers of other makers answer OK or nothing to what they do not have.
        if let Some((b'-' | b'+' | b':' | b'_', said)) = line.split_first() {
            return Collected::Refused(text(said));
        }
        if line == b"$-1" || line == b"*-1" {
            return Collected::Refused("nothing".to_owned());
        }
        if line.starts_with(b"$") {
            self.left = Some(1);
            return self.begin(line);
        }
        self.left = length(line, b'*').filter(|words| *words <= WORDS_MAX);
        match self.left {
            None => Collected::Foreign,
            Some(0) => Collected::Words(Vec::new()),
            Some(_) => Collected::Part,
        }
    }

    fn begin(&mut self, line: &[u8]) -> Collected {
        self.len = length(line, b'$').filter(|len| *len <= WORD_MAX);
        self.words.push(Vec::new());
        if self.len.is_some() { Collected::Part } else { Collected::Foreign }
    }
}

/// Returns the number behind `mark`.
fn length(line: &[u8], mark: u8) -> Option<usize> {
    let number = integer::parse(line.strip_prefix(&[mark])?)?;
    usize::try_from(number).ok()
}

/// Returns the bytes as text. Bytes that are no UTF-8 (of a path, maybe) are replaced.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &str) -> Collected {
        let answer = answer.replace('|', "\r\n").into_bytes();
        // The whole answer at once, and a byte at a time.
        let [whole, bytes] = [answer.len().max(1), 1].map(|cut| {
            let (mut reader, mut last) = (AnswerReader::default(), Collected::Part);
            let mut line = Vec::new();
            for piece in answer.chunks(cut) {
                let mut rest = piece;
                while !rest.is_empty() {
                    assert_eq!(last, Collected::Part);
                    if reader.is_inside() {
                        let (len, collected) = reader.bytes(rest);
                        (rest, last) = (&rest[len..], collected);
                        continue;
                    }
                    line.push(rest[0]);
                    rest = &rest[1..];
                    if let Some(line) = line.strip_suffix(b"\r\n") {
                        last = reader.line(line);
                    }
                    if line.ends_with(b"\n") {
                        line.clear();
                    }
                }
            }
            last
        });
        assert_eq!(whole, bytes);
        whole
    }

    #[test]
    fn an_answer_is_words_or_an_error() {
        let words =
            |words: &[&str]| Collected::Words(words.iter().map(ToString::to_string).collect());
        assert_eq!(read("*4|$5|a-max|$2|-2|$5|b-max|$0||"), words(&["a-max", "-2", "b-max", ""]));
        assert_eq!(read("$12|# S||a:1||"), words(&["# S\r\n\r\na:1\r\n"]));
        assert_eq!(read("*0|"), words(&[]));
        assert_eq!(read("-ERR|"), Collected::Refused("ERR".to_owned()));
        assert_eq!(read("+OK|"), Collected::Refused("OK".to_owned()));
        for none in ["$-1|", "*-1|", "_|"] {
            assert!(matches!(read(none), Collected::Refused(_)), "{none}");
        }
        for part in ["*2|", "*2|$1|", "*2|$1|a|", "*2|$1|a|$1|", "$3|a", "$1|a"] {
            assert_eq!(read(part), Collected::Part, "{part}");
        }
        for foreign in ["%1|", "$-2|", "*x|", "*99999|", "$99999|", "*2|+a|", "*1|*1|"] {
            assert_eq!(read(foreign), Collected::Foreign, "{foreign}");
        }
    }
}
