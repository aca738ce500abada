//! A user: flags, passwords and selectors.

use tidegate_wire::resp::inline::{self, Quotes};

use super::text::is;
use super::{Digest, Passwords, RuleError, Selector};
use crate::catalog::Catalog;

/// A user. Immutable once it is in a set: a change makes another one in its place.
#[derive(Clone, Debug)]
pub struct User {
    name: Box<[u8]>,
    is_enabled: bool,
    needs_no_password: bool,
    sanitize: Sanitize,
    passwords: Passwords,
    root: Selector,
    selectors: Vec<Selector>,
}

/// Which of the two flags about RESTORE a user has. They have no effect here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sanitize {
    #[default]
    Unset,
    Yes,
    Skip,
}

impl User {
    /// Returns a user that is disabled and may do nothing.
    #[must_use]
    pub fn new(name: &[u8], catalog: &Catalog) -> Self {
        Self {
            name: name.into(),
            is_enabled: false,
            needs_no_password: false,
            sanitize: Sanitize::Unset,
            passwords: Passwords::default(),
            root: Selector::new(catalog),
            selectors: Vec::new(),
        }
    }

    /// Returns the user `default` as it is without a configuration: it may do everything.
    #[must_use]
    pub fn new_default(catalog: &Catalog) -> Self {
        let mut it = Self::new(b"default", catalog);
        for word in ["on", "nopass", "~*", "&*", "+@all"] {
            // These are rules.
            let _ = it.apply(catalog, word.as_bytes());
        }
        it
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Whether the user may log in.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// Whether any password is right.
    #[must_use]
    pub const fn needs_no_password(&self) -> bool {
        self.needs_no_password
    }

    /// The passwords.
    #[must_use]
    pub const fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// The permissions of the user itself.
    #[must_use]
    pub const fn root(&self) -> &Selector {
        &self.root
    }

    /// The further selectors.
    #[must_use]
    pub fn selectors(&self) -> &[Selector] {
        &self.selectors
    }

    /// Whether the user may do everything: then no request needs a check.
    #[must_use]
    pub const fn is_unrestricted(&self) -> bool {
        self.root.is_unrestricted()
    }

    /// Returns the flags, in the order of `ACL LIST`.
    pub(crate) fn flags(&self) -> impl Iterator<Item = &'static str> {
        let nopass = self.needs_no_password.then_some("nopass");
        let sanitize = match self.sanitize {
            Sanitize::Unset => None,
            Sanitize::Yes => Some("sanitize-payload"),
            Sanitize::Skip => Some("skip-sanitize-payload"),
        };
        let is_on = Some(if self.is_enabled { "on" } else { "off" });
        [is_on, nopass, sanitize].into_iter().flatten()
    }

    /// Applies a rule. A selector comes as one word, with its parentheses.
    ///
    /// # Errors
    /// [`RuleError`] if the word is no rule; then nothing has changed.
    pub fn apply(&mut self, catalog: &Catalog, word: &[u8]) -> Result<(), RuleError> {
        match word {
            [] => {}
            _ if is(word, "on") => self.is_enabled = true,
            _ if is(word, "off") => self.is_enabled = false,
            _ if is(word, "nopass") => self.set_password(None, true),
            _ if is(word, "resetpass") => self.set_password(None, false),
            _ if is(word, "skip-sanitize-payload") => self.sanitize = Sanitize::Skip,
            _ if is(word, "sanitize-payload") => self.sanitize = Sanitize::Yes,
            _ if is(word, "clearselectors") => self.selectors.clear(),
            _ if is(word, "reset") => {
                *self = Self { sanitize: Sanitize::Yes, ..Self::new(&self.name, catalog) };
            }
            [b'>', password @ ..] => self.set_password(Some(Digest::of(password)), false),
            [b'#', hex @ ..] => self.set_password(Some(Digest::parse(hex)?), false),
            [b'<', password @ ..] => self.passwords.remove(&Digest::of(password))?,
            [b'!', hex @ ..] => self.passwords.remove(&Digest::parse(hex)?)?,
            [b'(', inside @ .., b')'] => self.selectors.push(selector(catalog, inside)?),
            _ => self.root.apply(catalog, word)?,
        }
        Ok(())
    }

    /// Returns the same user for another catalog.
    #[must_use]
    pub fn rebuilt(&self, catalog: &Catalog) -> Self {
        Self {
            root: self.root.rebuilt(catalog),
            selectors: self.selectors.iter().map(|own| own.rebuilt(catalog)).collect(),
            ..self.clone()
        }
    }

    /// Returns the words of its rules about commands and categories that `catalog` does not know.
    pub fn unknown_words<'a>(&'a self, catalog: &'a Catalog) -> impl Iterator<Item = &'a [u8]> {
        let selectors = std::iter::once(&self.root).chain(&self.selectors);
        selectors.flat_map(|own| own.unknown_words(catalog))
    }

    /// Adds a password, or without one removes all of them.
    fn set_password(&mut self, digest: Option<Digest>, needs_none: bool) {
        self.needs_no_password = needs_none;
        match digest {
            Some(digest) => self.passwords.add(digest),
            None => self.passwords.clear(),
        }
    }
}

/// Returns the selector whose rules stand between parentheses. Unbalanced quotes make an empty one,
/// as in Redis.
fn selector(catalog: &Catalog, inside: &[u8]) -> Result<Selector, RuleError> {
    let mut selector = Selector::new(catalog);
    for word in inline::split(inside, Quotes::EndWords).unwrap_or_default() {
        selector.apply(catalog, &word)?;
    }
    Ok(selector)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(words: &[&str]) -> Result<User, RuleError> {
        let catalog = Catalog::new();
        let mut user = User::new(b"u", &catalog);
        words.iter().try_for_each(|word| user.apply(&catalog, word.as_bytes()))?;
        Ok(user)
    }

    #[test]
    fn passwords_and_flags() {
        let flags = |words: &[&str]| made(words).map(|user| user.flags().collect::<Vec<_>>());
        assert_eq!(flags(&[]), Ok(vec!["off"]));
        assert_eq!(flags(&["ON", "nopass"]), Ok(vec!["on", "nopass"]));
        assert_eq!(flags(&["nopass", ">x"]), Ok(vec!["off"]));
        assert_eq!(flags(&["reset"]), Ok(vec!["off", "sanitize-payload"]));
        assert_eq!(flags(&["<x"]), Err(RuleError::NoSuchPassword));
        assert_eq!(flags(&["#x"]), Err(RuleError::Digest));
        assert_eq!(made(&[">x", ">y", "<x"]).expect("rules").passwords().len(), 1);
    }

    #[test]
    fn selectors_come_as_one_word() {
        let user = made(&["(+get ~a)", "()", "(\"+@read\" ~b)", "(\">x)"]).expect("rules");
        assert_eq!(user.selectors().len(), 4);
        assert!(!user.is_unrestricted());
        assert_eq!(made(&["(on)"]).err(), Some(RuleError::Syntax));
        assert_eq!(made(&["(\"\")"]).err(), Some(RuleError::Syntax));
        assert_eq!(made(&["("]).err(), Some(RuleError::Syntax));
    }

    #[test]
    fn the_default_user_may_do_everything() {
        assert!(User::new_default(&Catalog::new()).is_unrestricted());
    }
}
