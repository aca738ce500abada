//! Text of servers, cut down to what may stand in a log, a reply or a table.

/// The longest word that is kept, in characters.
const WORD_MAX: usize = 64;
/// The longest error reply that is kept, in characters.
const ERROR_MAX: usize = 200;

/// A name or a version, cut down to printable ASCII without blanks.
pub(in crate::monitor) fn word(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic()).take(WORD_MAX).collect()
}

/// An error reply, without control characters.
pub(crate) fn brief(error: &str) -> String {
    error.chars().filter(|c| !c.is_control()).take(ERROR_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_down() {
        assert_eq!(word("7.0 \u{7}\u{fc}15"), "7.015");
        assert_eq!(word(&"x".repeat(100)).len(), WORD_MAX);
        assert_eq!(brief("NOPERM no\n \u{fc}"), "NOPERM no \u{fc}");
        assert_eq!(brief(&"x".repeat(1000)).len(), ERROR_MAX);
    }
}
