//! Words of rules as C reads them.

/// Whether a name or pattern has a character that the text of a rule cannot hold.
pub(crate) fn has_spaces(text: &[u8]) -> bool {
    text.iter().any(|byte| byte.is_ascii_whitespace() || matches!(byte, 0x0b | 0))
}

/// Returns a word as `%s` prints it: up to its first NUL.
pub(crate) fn shown(word: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(before_nul(word))
}

/// Returns the part of a word that C compares with a name.
pub(super) fn before_nul(word: &[u8]) -> &[u8] {
    word.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Whether a word is this keyword, in any case.
pub(super) fn is(word: &[u8], keyword: &str) -> bool {
    before_nul(word).eq_ignore_ascii_case(keyword.as_bytes())
}
