//! What a request does: its reply, the commands in the stream, the keyspace events.

use std::fmt::{Display, Formatter, Result};

use super::stream::Command;
use crate::workload::show;

/// How far a time of the server may be from the store's, in milliseconds: the store does not know
/// the server's clock to the millisecond. Such times are the only words that may differ.
const TOLERANCE: i64 = 2000;

/// A keyspace event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub db: usize,
    pub name: String,
    pub key: Vec<u8>,
}

/// What a request did.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    pub reply: Vec<u8>,
    pub commands: Vec<Command>,
    pub events: Vec<Event>,
    /// The keys that changed, with their databases; only of the store.
    pub changed: Vec<(usize, Vec<u8>)>,
}

/// How two streams agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    Same,
    /// But for times, which are near each other.
    ButForTimes,
    Different,
}

impl Observed {
    pub fn streams_agree(&self, other: &Self) -> Agreement {
        let same = self.commands.iter().zip(&other.commands).all(|(one, other)| {
            one.words == other.words && (one.db == other.db || is_bracket(one))
        });
        if same && self.commands.len() == other.commands.len() {
            return Agreement::Same;
        }
        let near = self.commands.len() == other.commands.len()
            && self.commands.iter().zip(&other.commands).all(|(one, other)| is_near(one, other));
        if near { Agreement::ButForTimes } else { Agreement::Different }
    }
}

/// Whether a command is MULTI or EXEC, which come without a SELECT.
fn is_bracket(command: &Command) -> bool {
    command.words[0] == b"MULTI" || command.words[0] == b"EXEC"
}

fn is_near(one: &Command, other: &Command) -> bool {
    (one.db == other.db || is_bracket(one))
        && one.words.len() == other.words.len()
        && one.words.iter().zip(&other.words).all(|(one, other)| one == other || both(one, other))
}

/// Whether both words are times that are near each other.
fn both(one: &[u8], other: &[u8]) -> bool {
    let time = |word: &[u8]| {
        let number: i64 = std::str::from_utf8(word).ok()?.parse().ok()?;
        (number > 1_000_000_000_000).then_some(number)
    };
    matches!((time(one), time(other)), (Some(a), Some(b)) if (a - b).abs() <= TOLERANCE)
}

impl Display for Observed {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let reply = &self.reply[..self.reply.len().min(200)];
        writeln!(f, "    reply  {}", reply.escape_ascii())?;
        let last = self.commands.len().saturating_sub(5);
        let shown = self.commands.iter().enumerate().filter(|(at, _)| *at < 4 || *at >= last);
        for (_, command) in shown {
            writeln!(f, "    stream [{}] {}", command.db, show(&command.words))?;
        }
        for event in &self.events {
            writeln!(f, "    event  [{}] {} {}", event.db, event.name, event.key.escape_ascii())?;
        }
        Ok(())
    }
}
