//! One warning about a valid configuration.

use std::borrow::Cow;
use std::fmt;

use super::lines::Lines;

/// One warning: a key, its value, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The key's path, such as `proxy.listen`.
    pub key: Cow<'static, str>,
    text: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Warning {
    /// The warning that `key` with `value` has this consequence.
    pub(super) fn new(
        key: impl Into<Cow<'static, str>>,
        value: &impl fmt::Display,
        consequence: &str,
    ) -> Self {
        let key = key.into();
        let text = format!("{key} = {value}: {consequence}");
        Self { key, text }
    }

    /// The text, after the line of `origin` that gives the key, if there is one.
    #[must_use]
    pub fn placed(&self, origin: &str, lines: &Lines) -> String {
        match lines.of(&self.key) {
            Some(line) => format!("{origin}:{line}: {self}"),
            None => self.to_string(),
        }
    }
}
