//! What a script needs of the server that runs it.

use tidegate_wire::resp::RespVersion;

/// What a script needs of the server that runs it. The server has the data and the clock; this
/// crate has neither.
pub trait Host {
    /// What the server knows of the command that these words call; `None` if it has no such
    /// command.
    fn describe(&mut self, words: &[&[u8]]) -> Option<CommandInfo>;

    /// Runs a command, and appends its reply. An error reply is an error in the script.
    fn call(&mut self, call: Call<'_>, reply: &mut Vec<u8>);

    /// Whether the user may run this command (`redis.acl_check_cmd`).
    fn is_permitted(&mut self, words: &[&[u8]]) -> bool;

    /// Takes a line for the server's log.
    fn log(&mut self, level: LogLevel, text: &[u8]);

    /// Called again and again while a script runs. `has_written` tells whether it has called a
    /// command that may write. The script ends where the answer is [`Pulse::Kill`].
    fn pulse(&mut self, has_written: bool) -> Pulse;
}

/// A command that a script calls.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Its words, the name first.
    pub words: &'a [&'a [u8]],
    /// The protocol of the reply (`redis.setresp`).
    pub version: RespVersion,
    /// To whom its effects are passed on (`redis.set_repl`).
    pub replicate: Replicate,
}

/// What a server knows of a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommandInfo {
    /// Whether it takes so many words.
    pub fits: bool,
    /// Whether it may write.
    pub may_write: bool,
    /// Whether scripts may not call it (`noscript`).
    pub is_denied: bool,
}

/// Whether a script goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulse {
    /// It goes on.
    Continue,
    /// It ends: an operator killed it (SCRIPT KILL, FUNCTION KILL), or the server ends.
    Kill,
}

/// To whom a command's effects are passed on: the bits of `redis.REPL_AOF` and `REPL_REPLICA`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicate(pub u8);

impl Replicate {
    /// `redis.REPL_ALL`.
    pub const ALL: Self = Self(3);
}

/// The level of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// `redis.LOG_DEBUG`.
    Debug,
    /// `redis.LOG_VERBOSE`.
    Verbose,
    /// `redis.LOG_NOTICE`.
    Notice,
    /// `redis.LOG_WARNING`.
    Warning,
}

impl LogLevel {
    pub(crate) const fn of(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::Debug),
            1 => Some(Self::Verbose),
            2 => Some(Self::Notice),
            3 => Some(Self::Warning),
            _ => None,
        }
    }
}
