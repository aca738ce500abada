//! What a reload changes.

use std::fmt;

/// When a key's new value takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// With the reload.
    Live,
    /// With the next start of the process: sockets, threads and the log's form stay as they are.
    Restart,
}

/// One key that differs between two configurations; values as in the file, secrets as `***`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key's path, `reads.from`.
    pub key: String,
    /// The value so far.
    pub old: String,
    /// The value from now on.
    pub new: String,
    /// When it takes effect.
    pub applies: Applies,
}

/// `reads.from: "replica" -> "any"`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} -> {}", self.key, self.old, self.new)?;
        match self.applies {
            Applies::Live => Ok(()),
            Applies::Restart => f.write_str(" (with the next start)"),
        }
    }
}
