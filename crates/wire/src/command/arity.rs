//! How many arguments a command takes, as `COMMAND` tells it.

/// Whether a request of `argc` arguments, the name counted, is one of `arity`: so many, or at least
/// so many if it is negative.
#[must_use]
pub fn fits(arity: i16, argc: usize) -> bool {
    let least = usize::from(arity.unsigned_abs());
    if arity < 0 { argc >= least } else { argc == least }
}

/// What a server says of another number, in Redis 7's words. `name` in lower case, a subcommand's
/// behind a `|`.
#[must_use]
pub fn wrong_arity(name: &str) -> String {
    format!("ERR wrong number of arguments for '{name}' command")
}
