//! One finding of a check.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// The file has a mistake and cannot be used.
    Mistake,
    /// A server, or the directory of the engine, is missing or wrong: the check fails.
    Problem,
    /// A key has no effect, or an effect that may surprise.
    Warning,
    /// Information: the operator may intend it, or it may pass.
    Note,
}

/// A finding: what it is, and the line of the file that causes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// The key's path, if a key is the cause.
    pub(super) key: Option<Cow<'static, str>>,
    /// The line that gives the key, counted from 1; `None` if the file does not give it.
    pub(super) line: Option<usize>,
    pub(super) text: String,
}

impl Finding {
    pub(super) fn problem(text: String) -> Self {
        Self { level: Level::Problem, key: None, line: None, text }
    }

    pub(super) fn note(text: String) -> Self {
        Self { level: Level::Note, key: None, line: None, text }
    }

    /// The finding as a line of text, for the file at `origin`.
    pub(super) fn line(&self, origin: &str) -> String {
        match self.line {
            Some(line) => format!("{}: {origin}:{line}: {}", self.level, self.text),
            None => format!("{}: {}", self.level, self.text),
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mistake => "mistake",
            Self::Problem => "problem",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}
