//! Patterns of keys and channels.

use tidegate_wire::glob;

use crate::facts::Access;

/// A glob pattern, with the form that makes the frequent ones cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    text: Box<[u8]>,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// No special character: the text itself.
    Literal,
    /// The text without its last byte, which is the only `*`, and then anything.
    Prefix,
    Glob,
}

impl Pattern {
    fn new(text: &[u8]) -> Self {
        let is_special = |byte: &u8| matches!(byte, b'*' | b'?' | b'[' | b'\\');
        let form = match text.iter().position(is_special) {
            None => Form::Literal,
            Some(at) if at + 1 == text.len() && text[at] == b'*' => Form::Prefix,
            Some(_) => Form::Glob,
        };
        Self { text: text.into(), form }
    }

    fn matches(&self, name: &[u8]) -> bool {
        // For servers no star matches an empty name.
        if name.is_empty() {
            return self.text.is_empty();
        }
        match self.form {
            Form::Literal => *self.text == *name,
            Form::Prefix => name.starts_with(&self.text[..self.text.len() - 1]),
            Form::Glob => glob::matches(&self.text, name),
        }
    }
}

/// A pattern of keys, and the access that it permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPattern {
    pattern: Pattern,
    access: Access,
}

impl KeyPattern {
    pub(super) fn new(text: &[u8], access: Access) -> Self {
        Self { pattern: Pattern::new(text), access }
    }

    /// The glob pattern.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.pattern.text
    }

    pub(super) fn widen(&mut self, access: Access) {
        self.access = self.access.and(access);
    }

    /// Whether this permits such an access to every key.
    pub(crate) fn permits_all(&self, access: Access) -> bool {
        self.text() == b"*" && self.access.includes(access)
    }

    /// Whether this permits such an access to `key`.
    pub(crate) fn permits(&self, key: &[u8], access: Access) -> bool {
        self.access.includes(access) && self.pattern.matches(key)
    }

    /// Appends the rule that makes this pattern.
    pub(crate) fn describe(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self.access {
            Access::READ => b"%R~",
            Access::WRITE => b"%W~",
            _ => b"~",
        });
        out.extend_from_slice(self.text());
    }
}

/// A pattern of channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelPattern(Pattern);

impl ChannelPattern {
    pub(super) fn new(text: &[u8]) -> Self {
        Self(Pattern::new(text))
    }

    /// The glob pattern.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.0.text
    }

    /// Whether this permits a channel, or a pattern of channels, which has to be the same.
    pub(crate) fn permits(&self, channel: &[u8], is_pattern: bool) -> bool {
        if is_pattern { self.text() == channel } else { self.0.matches(channel) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_matches_as_the_glob() {
        for pattern in ["", "*", "a*", "a*b", "**", "a?", "[ab]", "a\\*", "abc", "\\"] {
            for text in ["", "a", "ab", "abc", "a*", "b", "\\", "axb"] {
                let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
                let is_star = text.is_empty() && !pattern.is_empty();
                let expected = glob::matches(pattern, text) && !is_star;
                assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern:?} {text:?}");
            }
        }
    }

    #[test]
    fn access_is_compared_by_kind() {
        let pattern = KeyPattern::new(b"a*", Access::READ);
        assert!(pattern.permits(b"ab", Access::READ) && pattern.permits(b"a", Access::TOUCH));
        assert!(!pattern.permits(b"ab", Access::BOTH) && !pattern.permits(b"b", Access::READ));
        let channel = ChannelPattern::new(b"c*");
        assert!(channel.permits(b"c*", true) && !channel.permits(b"c1", true));
        assert!(channel.permits(b"c1", false));
    }
}
