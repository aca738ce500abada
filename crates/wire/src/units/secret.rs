//! A text that must not be seen: passwords.

use std::fmt;

/// A password. `Debug` shows a mask; there is no `Display`. The empty secret means "none".
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// What stands wherever a secret would.
    pub const MASK: &'static str = "***";

    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, to compare with or to send; never to show.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// True where no secret is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "\"\"" } else { Self::MASK })
    }
}
