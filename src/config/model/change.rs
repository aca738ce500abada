//! One key that a reload changes.

use std::fmt;

/// When a key's new value takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// At the reload.
    Live,
    /// At the next start of the process: a reload keeps sockets, threads and the log's format.
    Restart,
}

/// One key that differs between two configurations; values as in the file, secrets as `***`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key's path, `reads.from`.
    pub key: String,
    /// The value before the reload.
    pub old: String,
    /// The value after the reload.
    pub new: String,
    /// When it takes effect.
    pub applies: Applies,
}

/// Shows the change as `reads.from: "replica" -> "any"`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} -> {}", self.key, self.old, self.new)?;
        match self.applies {
            Applies::Live => Ok(()),
            Applies::Restart => f.write_str(" (with the next start)"),
        }
    }
}
