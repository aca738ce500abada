//! Cuts the replication stream into units to apply: a command, or a whole transaction. Never copies
//! a byte: the caller keeps what came until it is a unit.
//!
//! The caller keeps the bytes behind the last applied unit in one buffer and appends what it reads.
//! [`StreamReader::next_unit`] looks at them from where it stopped; it looks at a byte twice only
//! where it walks the commands of a transaction. The buffer need not grow before bytes come:
//! [`Unit::NeedMore`] says when the next look is of use, not how much to reserve.

use super::command::{CommandParser, Parsed};
use super::stream_error::StreamError;

/// The unit at the front of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A command.
    Command {
        /// The number of bytes. Those of empty requests before the command are included and count.
        len: usize,
    },
    /// `MULTI` to `EXEC`, to be applied as one, under one lock. The commands inside count when all
    /// of them are applied.
    Transaction {
        /// The number of bytes, from the first of `MULTI` to the last of `EXEC`.
        len: usize,
        /// The number of commands between them.
        commands: usize,
    },
    /// `MULTI` to `DISCARD`, which no master sends. Its bytes count, and it has no commands.
    Discarded {
        /// The number of bytes.
        len: usize,
    },
    /// No unit is complete before there are so many bytes.
    NeedMore {
        /// The number of bytes, counted from the first of the unit.
        at_least: usize,
    },
}

/// A transaction in progress.
#[derive(Clone, Copy, Debug)]
struct Block {
    /// Where its first command begins.
    body: usize,
    /// Where the last command that was seen ends.
    end: usize,
    commands: usize,
}

/// The reader of one link.
#[derive(Clone, Debug)]
pub struct StreamReader {
    parser: CommandParser,
    block: Option<Block>,
    /// Whether the last look found a unit, so that the next one begins anew.
    done: bool,
    limit: usize,
}

/// A command that begins or ends a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bracket {
    Multi,
    Exec,
    Discard,
}

impl StreamReader {
    /// Returns a reader of units of at most `limit` bytes. Servers take commands of any length from
    /// their master; the limit is what the memory allows.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { parser: CommandParser::default(), block: None, done: false, limit }
    }

    /// Looks at `buf`, which begins with the first byte behind the last unit.
    ///
    /// # Errors
    /// [`StreamError`], after which the link can only be closed.
    #[inline]
    pub fn next_unit(&mut self, buf: &[u8]) -> Result<Unit, StreamError> {
        if self.done {
            self.parser.restart(0);
            self.block = None;
            self.done = false;
        }
        loop {
            let end = match self.parser.parse(buf, self.limit) {
                Ok(Parsed::Command(end)) => end,
                Ok(Parsed::NeedMore(at_least)) => return Ok(Unit::NeedMore { at_least }),
                Err(error) => return Err(self.explain(error)),
            };
            let bracket = self.bracket(buf);
            match (&mut self.block, bracket) {
                (None, Some(Bracket::Multi)) => {
                    self.block = Some(Block { body: end, end, commands: 0 });
                }
                (None, _) => {
                    self.done = true;
                    return Ok(Unit::Command { len: end });
                }
                (Some(block), Some(Bracket::Exec)) => {
                    self.done = true;
                    return Ok(Unit::Transaction { len: end, commands: block.commands });
                }
                (Some(block), Some(Bracket::Discard)) => {
                    self.done = true;
                    block.commands = 0;
                    return Ok(Unit::Discarded { len: end });
                }
                (Some(block), _) => {
                    block.end = end;
                    block.commands += 1;
                }
            }
            self.parser.restart(end);
        }
    }

    /// Returns the commands of the unit that the last look found; `unit` is its bytes.
    #[must_use]
    pub fn commands<'b>(&mut self, unit: &'b [u8]) -> Commands<'_, 'b> {
        let left = match self.block {
            _ if !self.done => Left::None,
            None => Left::Found,
            Some(block) => {
                // The parser is free until the next look.
                self.parser.restart(block.body);
                Left::Body { end: block.end, commands: block.commands }
            }
        };
        Commands { unit, parser: &mut self.parser, left }
    }

    fn bracket(&self, buf: &[u8]) -> Option<Bracket> {
        let [name] = self.parser.args() else { return None };
        let name = name.of(buf);
        let brackets: [(&[u8], _); 3] =
            [(b"MULTI", Bracket::Multi), (b"EXEC", Bracket::Exec), (b"DISCARD", Bracket::Discard)];
        brackets.into_iter().find(|(is, _)| name.eq_ignore_ascii_case(is)).map(|(_, it)| it)
    }

    /// An error about a transaction that is too long names the transaction.
    fn explain(&self, error: StreamError) -> StreamError {
        match (error, self.block) {
            (StreamError::CommandTooLong { limit, .. }, Some(Block { commands, .. })) => {
                StreamError::TransactionTooLong { commands, limit }
            }
            (error, _) => error,
        }
    }
}

/// Walks the commands of a complete unit, without `MULTI` and `EXEC`.
#[derive(Debug)]
pub struct Commands<'r, 'b> {
    unit: &'b [u8],
    parser: &'r mut CommandParser,
    left: Left,
}

/// The commands that were not walked yet.
#[derive(Clone, Copy, Debug)]
enum Left {
    None,
    /// The command that the parser has just found.
    Found,
    /// So many commands of a transaction, up to this place. Their bytes are well-formed.
    Body {
        end: usize,
        commands: usize,
    },
}

impl<'b> Commands<'_, 'b> {
    /// Puts the arguments of the next command, its name first, into `args`. Returns whether there
    /// was one.
    #[inline]
    pub fn next_into(&mut self, args: &mut Vec<&'b [u8]>) -> bool {
        args.clear();
        match self.left {
            Left::None | Left::Body { commands: 0, .. } => return false,
            Left::Found => self.left = Left::None,
            Left::Body { end, commands } => {
                let body = self.unit.get(..end).unwrap_or_default();
                self.left = Left::Body { end, commands: commands - 1 };
                let Ok(Parsed::Command(next)) = self.parser.parse(body, end) else { return false };
                args.extend(self.parser.args().iter().map(|span| span.of(body)));
                self.parser.restart(next);
                return true;
            }
        }
        args.extend(self.parser.args().iter().map(|span| span.of(self.unit)));
        true
    }
}

/// The memory for the arguments of one command, kept from one read to the next: a `Vec` of slices
/// cannot outlive the buffer that they point into.
#[derive(Debug, Default)]
pub struct ArgsPool(Vec<&'static [u8]>);

impl ArgsPool {
    /// Returns the memory, empty.
    #[must_use]
    pub fn take<'b>(&mut self) -> Vec<&'b [u8]> {
        std::mem::take(&mut self.0)
    }

    /// Takes the memory back.
    pub fn give(&mut self, mut args: Vec<&[u8]>) {
        args.clear();
        // Collects in place: nothing is allocated, and nothing has to be converted.
        self.0 = args.into_iter().map(|_| &b""[..]).collect();
    }
}

#[cfg(test)]
mod tests;
