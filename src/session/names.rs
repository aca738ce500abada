//! The rules for the names that clients give (`validateClientAttr` in Redis's `networking.c`).

/// Whether `text` may be a client's name or its library's: printable ASCII without blanks.
#[must_use]
pub fn is_valid(text: &[u8]) -> bool {
    text.iter().all(|byte| (b'!'..=b'~').contains(byte))
}
