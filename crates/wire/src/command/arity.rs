//! How many arguments a command takes, as `COMMAND` shows it.

/// Whether a request of `argc` arguments, the name included, fits `arity`: exactly so many, or at
/// least so many if it is negative.
#[must_use]
pub fn fits(arity: i16, argc: usize) -> bool {
    let least = usize::from(arity.unsigned_abs());
    if arity < 0 { argc >= least } else { argc == least }
}

/// Returns the error for a wrong number of arguments, in the words of Redis 7. `name` is in lower
/// case, a subcommand's name behind a `|`.
#[must_use]
pub fn wrong_arity(name: &str) -> String {
    format!("ERR wrong number of arguments for '{name}' command")
}
