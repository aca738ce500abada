//! Inline requests: a line of words, split as Redis's `sdssplitargs` does.

use super::request::ProtocolError;

/// Splits `line` (its `\r\n` may still be there) into words.
///
/// # Errors
/// [`ProtocolError::UnbalancedQuotes`] for an open quote, or a closing one that is not followed
/// by a blank.
pub fn split(line: &[u8]) -> Result<Vec<Vec<u8>>, ProtocolError> {
    let mut words = Vec::new();
    let mut rest = line;
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
        let (word, tail) = next_word(rest)?;
        words.push(word);
        rest = tail;
    }
}

fn next_word(mut rest: &[u8]) -> Result<(Vec<u8>, &[u8]), ProtocolError> {
    let mut word = Vec::new();
    loop {
        match rest {
            [] => return Ok((word, rest)),
            [b'"', tail @ ..] => {
                rest = double_quoted(tail, &mut word)?;
                return Ok((word, rest));
            }
            [b'\'', tail @ ..] => {
                rest = single_quoted(tail, &mut word)?;
                return Ok((word, rest));
            }
            [b' ' | b'\n' | b'\r' | b'\t' | 0, tail @ ..] => return Ok((word, tail)),
            [byte, tail @ ..] => {
                word.push(*byte);
                rest = tail;
            }
        }
    }
}

fn double_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Result<&'a [u8], ProtocolError> {
    loop {
        rest = match rest {
            [] => return Err(ProtocolError::UnbalancedQuotes),
            [b'\\', b'x', hi, lo, tail @ ..]
                if hi.is_ascii_hexdigit() && lo.is_ascii_hexdigit() =>
            {
                word.push(hex(*hi) * 16 + hex(*lo));
                tail
            }
            [b'\\', escaped, tail @ ..] => {
                word.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 0x08,
                    b'a' => 0x07,
                    other => *other,
                });
                tail
            }
            [b'"', tail @ ..] => return after_quote(tail),
            [byte, tail @ ..] => {
                word.push(*byte);
                tail
            }
        };
    }
}

fn single_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Result<&'a [u8], ProtocolError> {
    loop {
        rest = match rest {
            [] => return Err(ProtocolError::UnbalancedQuotes),
            [b'\\', b'\'', tail @ ..] => {
                word.push(b'\'');
                tail
            }
            [b'\'', tail @ ..] => return after_quote(tail),
            [byte, tail @ ..] => {
                word.push(*byte);
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

/// `isspace` in the C locale.
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
        let split = split(line).expect("splits");
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
            assert_eq!(split(line), Err(ProtocolError::UnbalancedQuotes));
        }
    }
}
