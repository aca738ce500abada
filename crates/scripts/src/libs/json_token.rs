//! The tokens of JSON, as `cjson` reads them.

use std::borrow::Cow;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    String(Vec<u8>),
    Number(f64),
    Boolean(bool),
    Null,
    Colon,
    Comma,
    End,
    Error(&'static str),
}

impl Token {
    /// Its name in errors.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::ObjectBegin => "T_OBJ_BEGIN",
            Self::ObjectEnd => "T_OBJ_END",
            Self::ArrayBegin => "T_ARR_BEGIN",
            Self::ArrayEnd => "T_ARR_END",
            Self::String(_) => "T_STRING",
            Self::Number(_) => "T_NUMBER",
            Self::Boolean(_) => "T_BOOLEAN",
            Self::Null => "T_NULL",
            Self::Colon => "T_COLON",
            Self::Comma => "T_COMMA",
            Self::End => "T_END",
            Self::Error(why) => why,
        }
    }
}

/// Splits a text into tokens.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
    /// Where the last token begins, or where it is wrong.
    pub(super) index: usize,
    pub(super) takes_invalid_numbers: bool,
}

impl<'a> Tokens<'a> {
    pub(super) const fn new(text: &'a [u8], takes_invalid_numbers: bool) -> Self {
        Self { text, at: 0, index: 0, takes_invalid_numbers }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn next(&mut self) -> Token {
        while matches!(self.rest().first(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.index = self.at;
        let rest = self.rest();
        let single = match rest.first() {
            None | Some(0) => return Token::End,
            Some(b'{') => Token::ObjectBegin,
            Some(b'}') => Token::ObjectEnd,
            Some(b'[') => Token::ArrayBegin,
            Some(b']') => Token::ArrayEnd,
            Some(b',') => Token::Comma,
            Some(b':') => Token::Colon,
            Some(b'"') => return self.string(),
            Some(b'-' | b'0'..=b'9') => {
                if !self.takes_invalid_numbers && is_invalid_number(rest) {
                    return Token::Error("invalid number");
                }
                return self.number();
            }
            Some(_) => return self.word(),
        };
        self.at += 1;
        single
    }

    fn word(&mut self) -> Token {
        let words: [(&[u8], Token); 3] = [
            (b"true", Token::Boolean(true)),
            (b"false", Token::Boolean(false)),
            (b"null", Token::Null),
        ];
        let rest = self.rest();
        for (word, token) in words {
            if rest.starts_with(word) {
                self.at += word.len();
                return token;
            }
        }
        let begins_number = matches!(rest.first(), Some(b'i' | b'I' | b'n' | b'N' | b'+'));
        if begins_number && self.takes_invalid_numbers && is_invalid_number(rest) {
            return self.number();
        }
        Token::Error("invalid token")
    }

    fn number(&mut self) -> Token {
        match float(self.rest()) {
            Some((number, len)) => {
                self.at += len;
                Token::Number(number)
            }
            None => Token::Error("invalid number"),
        }
    }

    fn string(&mut self) -> Token {
        let mut bytes = Vec::new();
        self.at += 1;
        loop {
            let rest = self.rest();
            match rest {
                [] | [0, ..] => return self.wrong("unexpected end of string"),
                [b'"', ..] => break,
                [b'\\', b'u', hex @ ..] => match unicode(hex) {
                    Some((character, len)) => {
                        bytes.extend_from_slice(&character);
                        self.at += len + 2;
                    }
                    None => return self.wrong("invalid unicode escape code"),
                },
                [b'\\', escape, ..] => {
                    bytes.push(match escape {
                        b'"' | b'\\' | b'/' => *escape,
                        b'b' => 8,
                        b't' => b'\t',
                        b'n' => b'\n',
                        b'f' => 12,
                        b'r' => b'\r',
                        _ => return self.wrong("invalid escape code"),
                    });
                    self.at += 2;
                }
                [b'\\'] => return self.wrong("invalid escape code"),
                [byte, ..] => {
                    bytes.push(*byte);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        Token::String(bytes)
    }

    const fn wrong(&mut self, why: &'static str) -> Token {
        self.index = self.at;
        Token::Error(why)
    }
}

/// The bytes of the character behind `\u`, and how many bytes its digits take, those of the second
/// half of a pair included.
fn unicode(hex: &[u8]) -> Option<(Cow<'static, [u8]>, usize)> {
    let first = hex4(hex)?;
    if first & 0xF800 != 0xD800 {
        return Some((utf8(first), 4));
    }
    if first & 0x400 != 0 {
        return None;
    }
    let second = hex.get(4..)?.strip_prefix(b"\\u")?;
    let second = hex4(second).filter(|it| it & 0xFC00 == 0xDC00)?;
    Some((utf8((((first & 0x3FF) << 10) | (second & 0x3FF)) + 0x1_0000), 10))
}

fn hex4(hex: &[u8]) -> Option<u32> {
    let digits = hex.get(..4)?;
    digits.iter().try_fold(0, |all, it| Some(all << 4 | char::from(*it).to_digit(16)?))
}

fn utf8(point: u32) -> Cow<'static, [u8]> {
    let character = char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER);
    Cow::Owned(character.to_string().into_bytes())
}

/// Whether C reads a number here that JSON does not have.
fn is_invalid_number(text: &[u8]) -> bool {
    if text.first() == Some(&b'+') {
        return true;
    }
    let text = text.strip_prefix(b"-").unwrap_or(text);
    match text {
        [b'0', next, ..] => next.eq_ignore_ascii_case(&b'x') || next.is_ascii_digit(),
        [first, ..] if *first <= b'9' => false,
        _ => starts(text, b"inf") || starts(text, b"nan"),
    }
}

fn starts(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word))
}

/// The number at the beginning of `text`, and its length, as C's `strtod` reads it.
fn float(text: &[u8]) -> Option<(f64, usize)> {
    let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let unsigned = &text[sign..];
    let (number, len) = if starts(unsigned, b"infinity") {
        (f64::INFINITY, 8)
    } else if starts(unsigned, b"inf") {
        (f64::INFINITY, 3)
    } else if starts(unsigned, b"nan") {
        (f64::NAN, 3)
    } else if starts(unsigned, b"0x") && unsigned.get(2).is_some_and(u8::is_ascii_hexdigit) {
        hexadecimal(&unsigned[2..])
    } else {
        decimal(unsigned)?
    };
    Some((if text.first() == Some(&b'-') { -number } else { number }, sign + len))
}

fn decimal(text: &[u8]) -> Option<(f64, usize)> {
    let digits = |from: usize| {
        text.get(from..).unwrap_or_default().iter().take_while(|it| it.is_ascii_digit()).count()
    };
    let whole = digits(0);
    let mut len = whole;
    if text.get(len) == Some(&b'.') {
        let fraction = digits(len + 1);
        if whole + fraction > 0 {
            len += 1 + fraction;
        }
    }
    if len == 0 {
        return None;
    }
    if matches!(text.get(len), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(len + 1), Some(b'-' | b'+')));
        let exponent = digits(len + 1 + sign);
        if exponent > 0 {
            len += 1 + sign + exponent;
        }
    }
    let number = std::str::from_utf8(&text[..len]).ok()?.parse().ok()?;
    Some((number, len))
}

/// The hexadecimal number behind `0x`; its length has the two characters.
fn hexadecimal(text: &[u8]) -> (f64, usize) {
    let (mut number, mut len) = (0.0, 0);
    while let Some(digit) = text.get(len).and_then(|it| char::from(*it).to_digit(16)) {
        number = number * 16.0 + f64::from(digit);
        len += 1;
    }
    (number, len + 2)
}
