//! What may be wrong with a `proxy.toml`, in words for the operator who wrote it.

use std::fmt;

/// How many mistakes are told; who has more mends these first.
const MAX_TOLD: usize = 100;

/// Why a configuration was refused: every mistake in it, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    origin: String,
    mistakes: Vec<Mistake>,
    untold: usize,
}

/// One mistake and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, counted from 1; 0 where no line is to blame (the file cannot be read).
    pub line: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// The kinds of mistakes. Values are shown as written, secrets as `***`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A known key has a value that it cannot have.
    #[error("{key} = {value}: accepted is {accepted}")]
    Value {
        /// The key's path, `proxy.max-clients`.
        key: String,
        /// The value, as written.
        value: String,
        /// What may stand there.
        accepted: String,
    },
    /// A value that is fine by itself contradicts another key's.
    #[error("{key} = {value}: {rule}")]
    Conflict {
        /// The key's path.
        key: String,
        /// The value, as understood.
        value: String,
        /// The rule it breaks.
        rule: String,
    },
    /// No such key.
    #[error("{key}: unknown key{}", hint(nearest.as_deref()))]
    UnknownKey {
        /// The path, as written.
        key: String,
        /// The key that was probably meant.
        nearest: Option<String>,
    },
    /// No such section.
    #[error("{section}: unknown section{}", hint(nearest.as_deref()))]
    UnknownSection {
        /// The name, as written.
        section: String,
        /// The section or key that was probably meant.
        nearest: Option<String>,
    },
    /// The text is not TOML.
    #[error("column {column}: {message}")]
    Syntax {
        /// The column, in characters counted from 1.
        column: usize,
        /// What the TOML parser says.
        message: String,
    },
    /// There is no text to parse.
    #[error("{0}")]
    Unreadable(String),
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

impl ConfigError {
    /// The mistakes, which stand in `origin`, put into the order of its lines.
    pub(crate) fn new(origin: &str, mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort_by_key(|mistake| mistake.line);
        let untold = mistakes.len().saturating_sub(MAX_TOLD);
        mistakes.truncate(MAX_TOLD);
        Self { origin: origin.to_owned(), mistakes, untold }
    }

    /// The one mistake that there is nothing to read.
    pub(crate) fn unreadable(origin: &str, why: impl Into<String>) -> Self {
        Self::new(origin, vec![Mistake { line: 0, problem: Problem::Unreadable(why.into()) }])
    }

    /// The mistakes, at most 100 of them.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl std::error::Error for ConfigError {}

/// One line per mistake: `proxy.toml:12: proxy.max-clients = 0: accepted is ...`.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, Mistake { line, problem }) in self.mistakes.iter().enumerate() {
            let end = if i == 0 { "" } else { "\n" };
            match line {
                0 => write!(f, "{end}{}: {problem}", self.origin)?,
                _ => write!(f, "{end}{}:{line}: {problem}", self.origin)?,
            }
        }
        if self.untold > 0 {
            write!(f, "\n{}: and {} more mistakes", self.origin, self.untold)?;
        }
        Ok(())
    }
}
