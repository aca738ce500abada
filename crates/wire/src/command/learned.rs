//! The commands that the table lacks (modules', newer servers'), as a master's `COMMAND` reply
//! describes them.
//!
//! Never overrules the table, never grows after it is made, and takes any frame. An entry that
//! makes no sense is left out, and its command stays unknown, which means that it counts as a
//! write.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use redis_protocol::resp2::types::BytesFrame;

use super::{Access, Blocking, Effect, Keys, lookup};

/// The longest name that is learnt, container and subcommand together.
const NAME_MAX: usize = 64;
/// The most commands that are learnt. All of Redis and its modules have some 700.
const COMMANDS_MAX: usize = 10_000;

/// Commands learnt from a master. Immutable: share it in an `Arc`, replace it as a whole.
#[derive(Clone, Debug, Default)]
pub struct Learned {
    rows: HashMap<Box<[u8]>, LearnedCommand, RandomState>,
    /// Whether the master has sent its list of commands.
    is_told: bool,
}

/// A command that the table lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearnedCommand {
    /// The full name in lower case, a subcommand's after a `|`.
    pub name: String,
    /// Which servers may answer.
    pub access: Access,
    /// Whether the command may change data.
    pub may_write: bool,
    /// Whether the master flags it `write` or `may_replicate`: then `CLIENT PAUSE WRITE` holds it.
    pub replicates: bool,
    /// Where the keys are.
    pub keys: Keys,
    /// What the command does to the session: nothing, or it blocks.
    pub effect: Effect,
    /// The number of arguments with the name, or the least number if negative.
    pub arity: i16,
}

impl Learned {
    /// Learns the commands that the table lacks from the reply to `COMMAND`.
    #[must_use]
    pub fn from_command_reply(frame: &BytesFrame) -> Self {
        let is_told = matches!(frame, BytesFrame::Array(_));
        let mut learned = Self { is_told, ..Self::default() };
        for entry in items(frame) {
            learned.learn(entry, None);
        }
        learned
    }

    /// Whether the master has sent its list of commands. Then the master has no others.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.is_told
    }

    /// How many commands and subcommands were learnt.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing was learnt.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the learnt commands and subcommands, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &LearnedCommand> {
        self.rows.values()
    }

    /// The learnt command called `name`, or its subcommand `sub` if it has that, in any case.
    /// Does not allocate.
    #[must_use]
    pub fn find(&self, name: &[u8], sub: Option<&[u8]>) -> Option<&LearnedCommand> {
        // `x|y` names a subcommand here and in `COMMAND`, but is not how a client calls it.
        if self.rows.is_empty() || name.contains(&b'|') {
            return None;
        }
        let mut full = FullName::default().then(name)?;
        let container = self.rows.get(full.bytes())?;
        let row = sub.and_then(|sub| {
            full = full.then(b"|")?.then(sub)?;
            self.rows.get(full.bytes())
        });
        Some(row.unwrap_or(container))
    }

    fn learn(&mut self, entry: &BytesFrame, container: Option<&str>) {
        let subcommands = items(entry).get(9).map_or(&[][..], items);
        let Some(row) = row(items(entry), container, !subcommands.is_empty()) else { return };
        if self.rows.len() >= COMMANDS_MAX || lookup(row.name.as_bytes()).is_some() {
            return;
        }
        // One level only: a subcommand of a subcommand does not exist.
        for subcommand in subcommands.iter().filter(|_| container.is_none()) {
            self.learn(subcommand, Some(&row.name));
        }
        self.rows.insert(row.name.as_bytes().into(), row);
    }
}

/// Reads one entry: name, arity, flags, first key, last key, step, and more that is not needed.
fn row(entry: &[BytesFrame], of: Option<&str>, container: bool) -> Option<LearnedCommand> {
    let [name, arity, flags, first, last, step, ..] = entry else { return None };
    let name = std::str::from_utf8(text(name)?).ok()?.to_ascii_lowercase();
    let clean = name.len() <= NAME_MAX && name.bytes().all(|byte| byte.is_ascii_graphic());
    let fits = match (name.split_once('|'), of) {
        (None, None) => !name.is_empty(),
        (Some((head, sub)), Some(of)) => head == of && !sub.is_empty(),
        _ => false,
    };
    (clean && fits).then_some(())?;
    let flags = Flags(items(flags));
    let keys = range(integer(first)?, integer(last)?, integer(step)?)?;
    let access = flags.access(keys, container);
    Some(LearnedCommand {
        access,
        // An operator's command may change data, too.
        may_write: access == Access::Write || flags.has("write"),
        replicates: flags.has("write") || flags.has("may_replicate"),
        keys,
        effect: if flags.has("blocking") {
            Effect::Blocking(Blocking::Always)
        } else {
            Effect::None
        },
        arity: i16::try_from(integer(arity)?).ok()?,
        name,
    })
}

fn range(first: i64, last: i64, step: i64) -> Option<Keys> {
    if first == 0 {
        return Some(Keys::None);
    }
    let (first, last) = (u8::try_from(first).ok()?, i8::try_from(last).ok()?);
    Some(Keys::Range { first, last, step: u8::try_from(step).ok().filter(|step| *step > 0)? })
}

/// The flags of an entry.
struct Flags<'a>(&'a [BytesFrame]);

impl Flags<'_> {
    fn has(&self, flag: &str) -> bool {
        self.0.iter().any(|own| text(own) == Some(flag.as_bytes()))
    }

    /// Returns the class of a command. Modules call a command a read if it changes no key:
    /// `GRAPH.CONFIG SET` is one to its module, and must not change whichever replica is next. So
    /// admin comes first, and a read is only what reads keys. A container's own flags prove nothing
    /// about a subcommand that it does not list.
    fn access(&self, keys: Keys, container: bool) -> Access {
        let write = self.has("write") || self.has("may_replicate");
        if self.has("admin") {
            Access::Admin
        } else if write || container || !self.has("readonly") {
            Access::Write
        } else if keys == Keys::None {
            Access::Master
        } else {
            Access::Read
        }
    }
}

/// A name in lower case, put together on the stack.
#[derive(Clone, Copy)]
struct FullName {
    bytes: [u8; NAME_MAX],
    len: usize,
}

impl Default for FullName {
    fn default() -> Self {
        Self { bytes: [0; NAME_MAX], len: 0 }
    }
}

impl FullName {
    /// Appends `part`, unless the name would be longer than any that was learnt.
    fn then(mut self, part: &[u8]) -> Option<Self> {
        let end = self.len.checked_add(part.len())?;
        let place = self.bytes.get_mut(self.len..end)?;
        place.copy_from_slice(part);
        place.make_ascii_lowercase();
        self.len = end;
        Some(self)
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

fn items(frame: &BytesFrame) -> &[BytesFrame] {
    if let BytesFrame::Array(items) = frame { items } else { &[] }
}

fn text(frame: &BytesFrame) -> Option<&[u8]> {
    match frame {
        BytesFrame::SimpleString(text) | BytesFrame::BulkString(text) => Some(text),
        _ => None,
    }
}

fn integer(frame: &BytesFrame) -> Option<i64> {
    if let BytesFrame::Integer(integer) = frame { Some(*integer) } else { None }
}
