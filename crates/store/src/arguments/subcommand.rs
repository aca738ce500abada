//! Commands whose second word names a subcommand: `OBJECT ENCODING`, `FUNCTION LOAD`.

use crate::call::{CommandError, Reply, quoted, shown};
use crate::dialect::Dialect;
use crate::execution::Args;
use tidegate_wire::command;

/// A subcommand and the function that runs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sub<F> {
    /// The name, in lower case.
    pub(crate) name: &'static str,
    /// The number of words, both names included; below zero, the least number.
    pub(crate) arity: i16,
    pub(crate) run: F,
}

impl<F> Sub<F> {
    pub(crate) const fn new(name: &'static str, arity: i16, run: F) -> Self {
        Self { name, arity, run }
    }

    /// Returns the subcommand that `word` names, in any case.
    pub(crate) fn named<'a>(subs: &'a [Self], word: &[u8]) -> Option<&'a Self> {
        subs.iter().find(|sub| word.eq_ignore_ascii_case(sub.name.as_bytes()))
    }

    fn takes(&self, words: usize) -> bool {
        command::fits(self.arity, words)
    }
}

/// Returns the subcommand that `args[1]` names, if the number of words is right.
///
/// # Errors
/// The error is in the words of the server; `container` is its name in lower case.
pub(crate) fn find<'a, F>(
    subs: &'a [Sub<F>],
    container: &str,
    args: Args<'_>,
    dialect: Dialect,
) -> Result<&'a Sub<F>, CommandError> {
    let word = args.get(1).copied().unwrap_or_default();
    match Sub::named(subs, word) {
        Some(sub) if sub.takes(args.len()) => Ok(sub),
        Some(sub) if dialect.has_subcommands() => {
            Err(CommandError::wrong_arity(&format!("{container}|{}", sub.name)))
        }
        _ => Err(unknown(word, container, dialect)),
    }
}

/// The error for an unknown subcommand; `container` in lower case.
#[must_use]
pub fn unknown(word: &[u8], container: &str, dialect: Dialect) -> CommandError {
    if !dialect.has_subcommands() {
        return syntax(word, container, dialect);
    }
    let (word, container) = (shown(word), container.to_uppercase());
    CommandError::of(format!("ERR unknown subcommand '{word}'. Try {container} HELP."))
}

/// The error of a subcommand whose words are wrong (`addReplySubcommandSyntaxError`).
#[must_use]
pub fn syntax(word: &[u8], container: &str, dialect: Dialect) -> CommandError {
    let (what, word) = match dialect.has_subcommands() {
        true => ("unknown", shown(word)),
        false => ("Unknown", quoted(word)),
    };
    let container = container.to_uppercase();
    CommandError::of(format!(
        "ERR {what} subcommand or wrong number of arguments for '{word}'. Try {container} HELP."
    ))
}

/// Writes the reply to `HELP`: the lines of all `parts`, and the one about `HELP` itself.
pub(crate) fn help(parts: &[&[&str]], reply: &mut Reply<'_>) {
    let last = match reply.dialect().has_imperative_help() {
        true => "    Print this help.",
        false => "    Prints this help.",
    };
    let lines = parts.concat();
    reply.array(lines.len() + 2);
    lines.into_iter().chain(["HELP", last]).for_each(|line| reply.status(line));
}
