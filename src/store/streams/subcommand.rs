//! Finding a subcommand, and the errors of words that are none, or too few, or too many.

use crate::store::context::Args;
use crate::store::dialect::Dialect;
use crate::store::error::{CommandError, quoted};
use crate::store::words;

/// A subcommand and how many words it takes, the container's name included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subcommand {
    name: &'static str,
    words: usize,
    more: bool,
}

impl Subcommand {
    pub(super) const fn exactly(name: &'static str, words: usize) -> Self {
        Self { name, words, more: false }
    }

    pub(super) const fn at_least(name: &'static str, words: usize) -> Self {
        Self { name, words, more: true }
    }

    fn takes(&self, words: usize) -> bool {
        words == self.words || self.more && words > self.words
    }
}

/// The subcommand's name in lower case. Servers before 7.0 find out later what is wrong, and
/// then `None` is no error yet.
pub(super) fn find(
    all: &[Subcommand],
    args: Args<'_>,
    container: &str,
    dialect: Dialect,
) -> Result<Option<&'static str>, CommandError> {
    let word = args.get(1).copied().unwrap_or_default();
    let found = all.iter().find(|it| words::is(word, it.name));
    match found {
        _ if !dialect.has_subcommands() => Ok(found.map(|it| it.name)),
        Some(it) if it.takes(args.len()) => Ok(Some(it.name)),
        Some(it) => Err(CommandError::of(format!(
            "ERR wrong number of arguments for '{}|{}' command",
            container.to_lowercase(),
            it.name
        ))),
        None => Err(CommandError::of(format!(
            "ERR unknown subcommand '{}'. Try {container} HELP.",
            shown(word)
        ))),
    }
}

/// `addReplySubcommandSyntaxError`
pub(super) fn syntax(args: Args<'_>, container: &str, dialect: Dialect) -> CommandError {
    let word = args.get(1).copied().unwrap_or_default();
    let (unknown, word) = if dialect.has_subcommands() {
        ("unknown", shown(word))
    } else {
        ("Unknown", quoted(word))
    };
    CommandError::of(format!(
        "ERR {unknown} subcommand or wrong number of arguments for '{word}'. Try {container} HELP."
    ))
}

/// As much of a word as an error shows.
fn shown(word: &[u8]) -> String {
    quoted(word.get(..128).unwrap_or(word))
}
