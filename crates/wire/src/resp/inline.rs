//! Inline requests: a line of words, split as Redis's `sdssplitargs` does.

use super::protocol_error::ProtocolError;

/// What a closing quote means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quotes {
    /// The word ends there, and a blank has to follow (Redis, Valkey before 9).
    EndWords,
    /// The word goes on behind it (Valkey 9, `sdsparsearg`).
    InsideWords,
}

/// Splits `line` (its `\r\n` may still be there) into words.
///
/// # Errors
/// [`ProtocolError::UnbalancedQuotes`] for an open quote, or, with [`Quotes::EndWords`], a closing
/// one that is not followed by a blank.
pub fn split(line: &[u8], quotes: Quotes) -> Result<Vec<Vec<u8>>, ProtocolError> {
    let mut words = Vec::new();
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let mut rest = line.strip_suffix(b"\r").unwrap_or(line);
    loop {
        while let [first, tail @ ..] = rest {
            if !is_blank(*first) {
                break;
            }
            rest = tail;
        }
        if rest.is_empty() {
            return Ok(words);
        }
        let (word, tail) = next_word(rest, quotes)?;
        words.push(word);
        rest = tail;
    }
}

fn next_word(mut rest: &[u8], quotes: Quotes) -> Result<(Vec<u8>, &[u8]), ProtocolError> {
    let mut word = Vec::new();
    loop {
        rest = match rest {
            [] => return Ok((word, rest)),
            [quote @ (b'"' | b'\''), tail @ ..] => {
                let tail = match quote {
                    b'"' => double_quoted(tail, quotes, &mut word)?,
                    _ => single_quoted(tail, quotes, &mut word)?,
                };
                if quotes == Quotes::EndWords {
                    return Ok((word, after_quote(tail)?));
                }
                tail
            }
            [b' ' | b'\n' | b'\r' | b'\t' | 0, tail @ ..] => return Ok((word, tail)),
            [byte, tail @ ..] => {
                quotes.keep(*byte, &mut word);
                tail
            }
        };
    }
}

impl Quotes {
    /// Whether a backslash begins an escape of two bytes; `behind` follows the backslash.
    fn has_escape(self, behind: &[u8]) -> bool {
        self == Self::EndWords || !behind.is_empty()
    }

    /// Adds a byte of the line to the word. Valkey 9 drops 0xff.
    fn keep(self, byte: u8, word: &mut Vec<u8>) {
        if self == Self::EndWords || byte != 0xff {
            word.push(byte);
        }
    }
}

fn double_quoted<'a>(
    mut rest: &'a [u8],
    quotes: Quotes,
    word: &mut Vec<u8>,
) -> Result<&'a [u8], ProtocolError> {
    loop {
        rest = match rest {
            [] => return Err(ProtocolError::UnbalancedQuotes),
            [b'\\', b'x', hi, lo, tail @ ..]
                if hi.is_ascii_hexdigit() && lo.is_ascii_hexdigit() =>
            {
                word.push(hex(*hi) * 16 + hex(*lo));
                tail
            }
            [b'\\', escaped, tail @ ..] if quotes.has_escape(tail) => {
                match escaped {
                    b'n' => word.push(b'\n'),
                    b'r' => word.push(b'\r'),
                    b't' => word.push(b'\t'),
                    b'b' => word.push(0x08),
                    b'a' => word.push(0x07),
                    other => quotes.keep(*other, word),
                }
                tail
            }
            [b'"', tail @ ..] => return Ok(tail),
            [byte, tail @ ..] => {
                quotes.keep(*byte, word);
                tail
            }
        };
    }
}

fn single_quoted<'a>(
    mut rest: &'a [u8],
    quotes: Quotes,
    word: &mut Vec<u8>,
) -> Result<&'a [u8], ProtocolError> {
    loop {
        rest = match rest {
            [] => return Err(ProtocolError::UnbalancedQuotes),
            [b'\\', b'\'', tail @ ..] if quotes.has_escape(tail) => {
                word.push(b'\'');
                tail
            }
            [b'\'', tail @ ..] => return Ok(tail),
            [byte, tail @ ..] => {
                quotes.keep(*byte, word);
                tail
            }
        };
    }
}

fn after_quote(rest: &[u8]) -> Result<&[u8], ProtocolError> {
    match rest.first() {
        Some(byte) if !is_blank(*byte) => Err(ProtocolError::UnbalancedQuotes),
        _ => Ok(rest),
    }
}

/// Whether a byte is blank as `isspace` judges in the C locale.
pub(super) const fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &[u8]) -> Vec<String> {
        let split = split(line, Quotes::EndWords).expect("splits");
        split.iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect()
    }

    #[test]
    fn splits_words_and_quotes() {
        assert_eq!(words(b"PING\r\n"), ["PING"]);
        assert_eq!(words(b"  SET  k  \"a b\\n\\x41\" \r\n"), ["SET", "k", "a b\nA"]);
        assert_eq!(words(b"SET k 'it\\'s \\n'\r\n"), ["SET", "k", "it's \\n"]);
        assert_eq!(words(b"SET k \"\"\r\n"), ["SET", "k", ""]);
        assert!(words(b" \r\n").is_empty());
    }

    #[test]
    fn refuses_unbalanced_quotes() {
        for line in [&b"GET \"k\r\n"[..], b"GET 'k\r\n", b"GET \"k\"x\r\n", b"GET 'k'x\r\n"] {
            assert_eq!(split(line, Quotes::EndWords), Err(ProtocolError::UnbalancedQuotes));
        }
    }

    #[test]
    fn a_word_goes_on_behind_a_quote_in_valkey_9() {
        let words = |line: &[u8]| split(line, Quotes::InsideWords);
        let one = |word: &[u8]| Ok(vec![word.to_vec()]);
        assert_eq!(words(b"\"a\"b'c'\"\"d\r\n"), one(b"abcd"));
        assert_eq!(words(b"\"a\"\x0bb\r\n"), one(b"a\x0bb"));
        // The last quote of a line ends a word, whatever stands before it.
        assert_eq!(words(b"\"a\\\"\r\n"), one(b"a\\"));
        assert_eq!(words(b"'a\\'\r\n"), one(b"a\\"));
        assert_eq!(words(b"\"a\\\" \r\n"), Err(ProtocolError::UnbalancedQuotes));
        assert_eq!(words(b"a\xffb\"\\xff\xff\"\r\n"), one(b"ab\xff"));
        for line in [&b"GET \"k\r\n"[..], b"GET 'k\r\n", b"GET a'b\r\n"] {
            assert_eq!(words(line), Err(ProtocolError::UnbalancedQuotes));
        }
    }
}
