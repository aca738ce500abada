//! The mistakes that a `proxy.toml` may have, in words for the operator.

use std::fmt;

/// The most mistakes that one error lists.
const MAX_LISTED: usize = 100;

/// Why a configuration was refused: every mistake in it, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    origin: String,
    mistakes: Vec<Mistake>,
    unlisted: usize,
}

/// One mistake, and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, counted from 1; 0 if the mistake has no line (the file cannot be read).
    pub line: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// The kinds of mistakes. Values are shown as the file has them, secrets as `***`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A key has a value that it does not accept.
    #[error("{key} = {value}: must be {accepted}")]
    Value {
        /// The key's path, `proxy.max-clients`.
        key: String,
        /// The value, as the file has it.
        value: String,
        /// The values that the key accepts, in words.
        accepted: String,
    },
    /// A value that is valid by itself contradicts the value of another key.
    #[error("{key} = {value}: {rule}")]
    Conflict {
        /// The key's path.
        key: String,
        /// The value, as the proxy understands it.
        value: String,
        /// The rule it breaks.
        rule: String,
    },
    /// A section has no key of this name.
    #[error("{key}: unknown key{}", hint(nearest.as_deref()))]
    UnknownKey {
        /// The path, as the file has it.
        key: String,
        /// The key that was probably meant.
        nearest: Option<String>,
    },
    /// No section has this name.
    #[error("{section}: unknown section{}", hint(nearest.as_deref()))]
    UnknownSection {
        /// The name, as the file has it.
        section: String,
        /// The section or key that was probably meant.
        nearest: Option<String>,
    },
    /// The text is not TOML.
    #[error("column {column}: {message}")]
    Syntax {
        /// The column, in characters counted from 1.
        column: usize,
        /// The message of the TOML parser.
        message: String,
    },
    /// The file has no text that could be parsed.
    #[error("{0}")]
    Unreadable(String),
}

impl Problem {
    /// The name of the key or section that is wrong, as the file has it, without the place of a
    /// part (`[2]`); `None` if the text as a whole is wrong.
    pub fn key(&self) -> Option<String> {
        let key = match self {
            Self::Value { key, .. } | Self::Conflict { key, .. } | Self::UnknownKey { key, .. } => {
                key
            }
            Self::UnknownSection { section, .. } => section,
            Self::Syntax { .. } | Self::Unreadable(_) => return None,
        };
        // `rule[2].match.key` keeps what follows the place of its section.
        let (section, name) = match key.split_once("].") {
            Some((section, name)) if !section.contains(['.', '"']) => (section, Some(name)),
            _ => (key.as_str(), None),
        };
        let parts = [Some(section), name].into_iter().flatten();
        let parts: Vec<_> = parts.filter_map(|part| part.split('[').next()).collect();
        Some(parts.join("."))
    }
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

impl ConfigError {
    /// An error with the mistakes of `origin`, in the order of its lines.
    pub(crate) fn new(origin: &str, mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort_by_key(|mistake| mistake.line);
        let unlisted = mistakes.len().saturating_sub(MAX_LISTED);
        mistakes.truncate(MAX_LISTED);
        Self { origin: origin.to_owned(), mistakes, unlisted }
    }

    /// An error with one mistake: the text of `origin` cannot be read, for this reason.
    pub(crate) fn unreadable(origin: &str, why: impl Into<String>) -> Self {
        Self::new(origin, vec![Mistake { line: 0, problem: Problem::Unreadable(why.into()) }])
    }

    /// A line per mistake: `proxy.toml:12: proxy.max-clients = 0: must be ...`.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let line = |Mistake { line, problem }: &Mistake| match line {
            0 => format!("{}: {problem}", self.origin),
            _ => format!("{}:{line}: {problem}", self.origin),
        };
        let more = (self.unlisted > 0)
            .then(|| format!("{}: and {} more mistakes", self.origin, self.unlisted));
        self.mistakes.iter().map(line).chain(more)
    }

    /// The mistakes, at most 100 of them.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl std::error::Error for ConfigError {}

/// The lines of [`ConfigError::lines`].
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().collect::<Vec<_>>().join("\n"))
    }
}
