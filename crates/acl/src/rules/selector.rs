//! A set of permissions: commands, keys and channels that belong together.

use super::commands::CommandRules;
use super::text::{before_nul, has_spaces, is};
use super::{ChannelPattern, KeyPattern, RuleError};
use crate::catalog::Catalog;
use crate::facts::Access;

/// A set of permissions. A request has to be permitted by one of a user's selectors as a whole.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    pub(crate) commands: CommandRules,
    pub(crate) all_keys: bool,
    pub(crate) keys: Vec<KeyPattern>,
    pub(crate) all_channels: bool,
    pub(crate) channels: Vec<ChannelPattern>,
}

impl Selector {
    /// Returns a selector that permits nothing.
    pub(super) fn new(catalog: &Catalog) -> Self {
        let mut it = Self::default();
        it.commands.set_all(catalog, false);
        it
    }

    /// Whether everything is permitted.
    #[must_use]
    pub const fn is_unrestricted(&self) -> bool {
        self.commands.permits_all() && self.all_keys && self.all_channels
    }

    /// Applies a rule.
    pub(super) fn apply(&mut self, catalog: &Catalog, word: &[u8]) -> Result<(), RuleError> {
        if is(word, "allkeys") || is(word, "~*") {
            self.set_keys(true);
        } else if is(word, "resetkeys") {
            self.set_keys(false);
        } else if is(word, "allchannels") || is(word, "&*") {
            self.set_channels(true);
        } else if is(word, "resetchannels") {
            self.set_channels(false);
        } else if is(word, "allcommands") {
            self.commands.set_all(catalog, true);
        } else if is(word, "nocommands") {
            self.commands.set_all(catalog, false);
        } else {
            return match word.first() {
                Some(b'~' | b'%') => self.add_keys(word),
                Some(b'&') => self.add_channels(&word[1..]),
                Some(b'+' | b'-') => self.commands.apply(catalog, before_nul(word)),
                _ => Err(RuleError::Syntax),
            };
        }
        Ok(())
    }

    /// Returns the same permissions for another catalog.
    pub(super) fn rebuilt(&self, catalog: &Catalog) -> Self {
        Self { commands: self.commands.rebuilt(catalog), ..self.clone() }
    }

    /// Returns the words about commands and categories that `catalog` does not know.
    pub(super) fn unknown_words<'a>(
        &'a self,
        catalog: &'a Catalog,
    ) -> impl Iterator<Item = &'a [u8]> {
        self.commands.unknown_words(catalog)
    }

    fn set_keys(&mut self, all: bool) {
        self.all_keys = all;
        self.keys.clear();
    }

    fn set_channels(&mut self, all: bool) {
        self.all_channels = all;
        self.channels.clear();
    }

    fn add_keys(&mut self, word: &[u8]) -> Result<(), RuleError> {
        if self.all_keys {
            return Err(RuleError::AllKeys);
        }
        let (access, text) = key_rule(word).ok_or(RuleError::Syntax)?;
        if has_spaces(text) {
            return Err(RuleError::Syntax);
        }
        match self.keys.iter_mut().find(|own| own.text() == text) {
            Some(own) => own.widen(access),
            None => self.keys.push(KeyPattern::new(text, access)),
        }
        Ok(())
    }

    fn add_channels(&mut self, text: &[u8]) -> Result<(), RuleError> {
        if self.all_channels {
            return Err(RuleError::AllChannels);
        }
        if has_spaces(text) {
            return Err(RuleError::Syntax);
        }
        if !self.channels.iter().any(|own| own.text() == text) {
            self.channels.push(ChannelPattern::new(text));
        }
        Ok(())
    }
}

/// Splits a rule such as `~pattern` or `%R~pattern`. The tilde may be missing if the pattern is
/// empty.
fn key_rule(word: &[u8]) -> Option<(Access, &[u8])> {
    let mut rest = match word {
        [b'~', text @ ..] => return Some((Access::BOTH, text)),
        [_, rest @ ..] => rest,
        [] => return None,
    };
    let mut access = Access::TOUCH;
    while let [letter, tail @ ..] = rest {
        let kind = match letter {
            b'R' | b'r' => Access::READ,
            b'W' | b'w' => Access::WRITE,
            b'~' => {
                rest = tail;
                break;
            }
            _ => return None,
        };
        if access.includes(kind) {
            return None;
        }
        access = access.and(kind);
        rest = tail;
    }
    (access != Access::TOUCH).then_some((access, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_rules_name_their_access() {
        assert_eq!(key_rule(b"~a"), Some((Access::BOTH, &b"a"[..])));
        assert_eq!(key_rule(b"%r~a"), Some((Access::READ, &b"a"[..])));
        assert_eq!(key_rule(b"%WR~~"), Some((Access::BOTH, &b"~"[..])));
        assert_eq!(key_rule(b"%W"), Some((Access::WRITE, &b""[..])));
        for bad in ["%", "%~a", "%RR~a", "%X~a", "%Ra"] {
            assert_eq!(key_rule(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn patterns_are_added_once_and_widened() {
        let catalog = Catalog::new();
        let mut selector = Selector::new(&catalog);
        for word in ["%R~a", "~b", "%W~a", "~b", "&c", "&c"] {
            assert_eq!(selector.apply(&catalog, word.as_bytes()), Ok(()), "{word}");
        }
        assert_eq!((selector.keys.len(), selector.channels.len()), (2, 1));
        assert!(selector.keys[0].permits(b"a", Access::BOTH));
        selector.apply(&catalog, b"AllKeys").expect("a rule");
        assert_eq!(selector.apply(&catalog, b"~x"), Err(RuleError::AllKeys));
        selector.apply(&catalog, b"&*").expect("a rule");
        assert_eq!(selector.apply(&catalog, b"&x"), Err(RuleError::AllChannels));
        assert_eq!(selector.apply(&catalog, b"~a b"), Err(RuleError::AllKeys));
        assert!(!selector.is_unrestricted());
        selector.apply(&catalog, b"allcommands").expect("a rule");
        assert!(selector.is_unrestricted());
    }
}
