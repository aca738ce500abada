//! Cuts the replication stream into units to apply: a command, or a transaction whole. Never
//! copies a byte: the caller keeps what came until it makes up a unit.
//!
//! The caller has the bytes behind the last unit it applied in one buffer and appends what it
//! reads. [`StreamReader::next_unit`] looks at them from where it stopped: a byte that was looked at is not
//! looked at again, but for the commands of a transaction when they are walked. The buffer need not grow
//! before bytes come: [`Unit::NeedMore`] tells when the next look is of use, not what to reserve.

use super::command::{CommandParser, Parsed};
use super::stream_error::StreamError;

/// What lies at the front of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A command of so many bytes.
    Command {
        /// Bytes, those of empty requests before it included: all of them count.
        len: usize,
    },
    /// `MULTI` to `EXEC`: to be applied as one, under one lock. What is inside counts when all of
    /// it is applied.
    Transaction {
        /// Bytes, from `MULTI`'s first to `EXEC`'s last.
        len: usize,
        /// Commands between them.
        commands: usize,
    },
    /// `MULTI` to `DISCARD`, which no master sends: counts, and has no commands.
    Discarded {
        /// Bytes.
        len: usize,
    },
    /// Neither is complete: not before there are so many bytes.
    NeedMore {
        /// Bytes, counted from the unit's first.
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

/// The reader: one per link.
#[derive(Clone, Debug)]
pub struct StreamReader {
    parser: CommandParser,
    block: Option<Block>,
    /// The last look found a unit; the next one begins anew.
    done: bool,
    limit: usize,
}

/// A command that changes what a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bracket {
    Multi,
    Exec,
    Discard,
}

impl StreamReader {
    /// `limit`: most bytes of a unit. A master is obeyed whatever its commands' length, as far as
    /// there is memory to hold them; this says how far.
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

    /// The commands of the unit that the last look found; `unit` is its bytes.
    #[must_use]
    pub fn commands<'b>(&mut self, unit: &'b [u8]) -> Commands<'_, 'b> {
        let left = match self.block {
            _ if !self.done => Left::None,
            None => Left::Found,
            Some(block) => {
                // It has done its work here until the next look.
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

    /// What is too long for a transaction need not be for a command.
    fn explain(&self, error: StreamError) -> StreamError {
        match (error, self.block) {
            (StreamError::CommandTooLong { limit, .. }, Some(Block { commands, .. })) => {
                StreamError::TransactionTooLong { commands, limit }
            }
            (error, _) => error,
        }
    }
}

/// Walks the commands of a complete unit, `MULTI` and `EXEC` not among them.
#[derive(Debug)]
pub struct Commands<'r, 'b> {
    unit: &'b [u8],
    parser: &'r mut CommandParser,
    left: Left,
}

/// What was not walked yet.
#[derive(Clone, Copy, Debug)]
enum Left {
    None,
    /// The one that the parser has just found.
    Found,
    /// So many of a transaction, up to there. Their bytes are known to be well-formed.
    Body {
        end: usize,
        commands: usize,
    },
}

impl<'b> Commands<'_, 'b> {
    /// Puts the next command's arguments, its name first, into `args`; false where there is none.
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

/// The memory for one command's arguments, kept from one read to the next: a `Vec` of slices cannot
/// outlive the buffer that they point into.
#[derive(Debug, Default)]
pub struct ArgsPool(Vec<&'static [u8]>);

impl ArgsPool {
    /// The memory, empty.
    #[must_use]
    pub fn take<'b>(&mut self) -> Vec<&'b [u8]> {
        std::mem::take(&mut self.0)
    }

    /// Gives it back.
    pub fn give(&mut self, mut args: Vec<&[u8]>) {
        args.clear();
        // Collects in place: nothing is allocated, and there is nothing to convert.
        self.0 = args.into_iter().map(|_| &b""[..]).collect();
    }
}

#[cfg(test)]
mod tests;
