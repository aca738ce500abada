//! Where RESP2 replies end, in bytes that arrive in any pieces.

use memchr::memchr;

/// What a server may answer to GET, SET and PING.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply<'a> {
    Status(&'a [u8]),
    Error(&'a [u8]),
    Integer,
    Bulk(usize),
    Nil,
}

/// Takes what the scanner finds.
pub(crate) trait Sink {
    /// Bytes of the current bulk string, from `at` on.
    fn body(&mut self, at: usize, bytes: &[u8]);
    /// The current reply is complete.
    fn end(&mut self, reply: Reply<'_>);
}

/// The bytes are not a reply to anything this program asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// A resumable scanner: one connection's place in its stream of replies.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    bulk: Option<Bulk>,
}

#[derive(Clone, Copy, Debug)]
struct Bulk {
    size: usize,
    /// How much has come, the closing CRLF included.
    seen: usize,
}

const MAX_LINE: usize = 4096;

impl Scanner {
    /// Reads on with the next bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<(), Malformed> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if let Some(bulk) = self.bulk {
                rest = self.read_bulk(bulk, rest, sink)?;
                continue;
            }
            let Some(end) = memchr(b'\n', rest) else {
                self.line.extend_from_slice(rest);
                return if self.line.len() > MAX_LINE { Err(Malformed) } else { Ok(()) };
            };
            let (line, after) = rest.split_at(end + 1);
            if self.line.is_empty() {
                self.bulk = read_line(line, sink)?;
            } else {
                self.line.extend_from_slice(line);
                self.bulk = read_line(&self.line, sink)?;
                self.line.clear();
            }
            rest = after;
        }
        Ok(())
    }

    fn read_bulk<'a>(
        &mut self,
        mut bulk: Bulk,
        bytes: &'a [u8],
        sink: &mut impl Sink,
    ) -> Result<&'a [u8], Malformed> {
        let (body, bytes) = bytes.split_at(bytes.len().min(bulk.size.saturating_sub(bulk.seen)));
        if !body.is_empty() {
            sink.body(bulk.seen, body);
            bulk.seen += body.len();
        }
        let closing = bytes.len().min((bulk.size + 2).saturating_sub(bulk.seen));
        let (close, rest) = bytes.split_at(closing);
        if !close.is_empty() {
            let from = bulk.seen - bulk.size;
            if b"\r\n"[from..from + close.len()] != *close {
                return Err(Malformed);
            }
            bulk.seen += close.len();
        }
        self.bulk = Some(bulk);
        if bulk.seen == bulk.size + 2 {
            self.bulk = None;
            sink.end(Reply::Bulk(bulk.size));
        }
        Ok(rest)
    }
}

/// Reads one line, its CRLF included; the bulk string that it announces, if any.
fn read_line(line: &[u8], sink: &mut impl Sink) -> Result<Option<Bulk>, Malformed> {
    let line = line.strip_suffix(b"\r\n").ok_or(Malformed)?;
    let (kind, text) = line.split_first().ok_or(Malformed)?;
    match kind {
        b'+' => sink.end(Reply::Status(text)),
        b'-' => sink.end(Reply::Error(text)),
        b':' => sink.end(Reply::Integer),
        b'$' if text == b"-1" => sink.end(Reply::Nil),
        b'$' => return length(text).map(|size| Some(Bulk { size, seen: 0 })),
        _ => return Err(Malformed),
    }
    Ok(None)
}

fn length(text: &[u8]) -> Result<usize, Malformed> {
    if text.is_empty() || text.len() > 10 || !text.iter().all(u8::is_ascii_digit) {
        return Err(Malformed);
    }
    Ok(text.iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen {
        body: Vec<u8>,
        text: String,
    }

    impl Sink for Seen {
        fn body(&mut self, at: usize, bytes: &[u8]) {
            assert_eq!(at, self.body.len());
            self.body.extend_from_slice(bytes);
        }

        fn end(&mut self, reply: Reply<'_>) {
            self.text.push_str(&match reply {
                Reply::Bulk(size) => format!("${size}={:?};", String::from_utf8_lossy(&self.body)),
                Reply::Status(text) => format!("+{};", String::from_utf8_lossy(text)),
                Reply::Error(text) => format!("-{};", String::from_utf8_lossy(text)),
                other => format!("{other:?};"),
            });
            self.body.clear();
        }
    }

    #[test]
    fn replies_are_the_same_however_they_are_cut() {
        let bytes = b"+OK\r\n$5\r\nhe\r\nl\r\n-ERR no\r\n$-1\r\n:12\r\n$0\r\n\r\n+PONG\r\n";
        let expected = "+OK;$5=\"he\\r\\nl\";-ERR no;Nil;Integer;$0=\"\";+PONG;";
        for piece in 1..=bytes.len() {
            let (mut scanner, mut seen) = (Scanner::default(), Seen::default());
            for part in bytes.chunks(piece) {
                scanner.feed(part, &mut seen).unwrap();
            }
            assert_eq!(seen.text, expected, "pieces of {piece}");
        }
    }

    #[test]
    fn what_is_not_resp2_is_refused() {
        for bytes in [&b"*1\r\n"[..], b"\n", b"$x\r\n", b"$-2\r\n", b"$1\r\nabc", b"+no cr\n"] {
            let result = Scanner::default().feed(bytes, &mut Seen::default());
            assert_eq!(result, Err(Malformed), "{bytes:?}");
        }
    }
}
