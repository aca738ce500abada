//! One thing that a check has to tell.

use std::fmt;

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// The file cannot be used.
    Mistake,
    /// The servers are not what the file says: the check fails.
    Problem,
    /// The file says something that is not done, or may surprise.
    Warning,
    /// It may be meant so, or pass.
    Note,
}

/// What, and where in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// The key's path, where a key is the cause.
    pub(super) key: Option<&'static str>,
    /// The line that gives the key, counted from 1, where one does.
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

    /// As text, for the file at `origin`.
    pub(super) fn told(&self, origin: &str) -> String {
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
