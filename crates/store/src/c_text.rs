//! Text as the C functions of a server read it.

/// Returns the part of `text` before its first zero byte, where a C string ends.
pub(crate) fn c_str(text: &[u8]) -> &[u8] {
    text.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// Returns `text` without the bytes in front that `isspace` accepts.
pub(crate) fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).count();
    text.get(blanks..).unwrap_or_default()
}
