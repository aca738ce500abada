//! What one connection or proxy tells another about the data that its session has seen.

use std::fmt;
use std::str::FromStr;

/// A place in a named history, as PROXY TOKEN returns it: `replid:offset`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The replication id.
    pub replid: String,
    /// The offset.
    pub offset: u64,
}

/// The text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token is the 40 hexadecimal digits of a replication id, a colon and an offset")]
pub struct NoToken;

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.replid, self.offset)
    }
}

impl FromStr for Token {
    type Err = NoToken;

    fn from_str(text: &str) -> Result<Self, NoToken> {
        let (replid, offset) = text.split_once(':').ok_or(NoToken)?;
        let is_id = replid.len() == 40 && replid.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_number = offset.bytes().all(|byte| byte.is_ascii_digit());
        let offset = offset.parse().ok().filter(|_| is_id && is_number).ok_or(NoToken)?;
        Ok(Self { replid: replid.to_ascii_lowercase(), offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written() {
        let text = format!("{}:1234", "0123456789abcdef0123456789abcdef01234567");
        let token: Token = text.parse().unwrap();
        assert_eq!((token.offset, token.to_string()), (1234, text.clone()));
        assert_eq!(text.to_uppercase().parse(), Ok(token));
        for wrong in ["", ":", "abc:1", &text[1..], &format!("{text}x"), &text.replace(':', ":+")] {
            assert_eq!(wrong.parse::<Token>(), Err(NoToken), "{wrong}");
        }
    }
}
