//! The engine's data: databases of keys, and every command that reads or changes them.
//!
//! ```
//! use tidegate_wire::resp::RespVersion;
//! use tidegate_store::{Ask, Dialect, Store};
//!
//! let mut store = Store::new(16, Dialect::default(), 42);
//! let ask = Ask { db: 0, now_ms: 0, version: RespVersion::V2 };
//! let mut out = Vec::new();
//! store.write(ask, &[b"SET", b"key", b"value"], &mut out);
//! store.read(ask, &[b"GET", b"key"], &mut out);
//! assert_eq!(out, b"+OK\r\n$5\r\nvalue\r\n");
//! ```
//!
//! Pure: requests and the time go in, replies come out. Never deletes a key by itself: what has
//! expired reads as missing, and a master's command finds it.

#![forbid(unsafe_code)]

mod ask;
mod budget;
mod commands;
mod context;
mod database;
mod dialect;
mod digest;
mod distinct;
mod error;
mod expiry;
mod former;
mod geo;
pub mod glob;
mod hasher;
mod hashes;
mod keys;
mod kind;
mod library;
mod lists;
mod load;
mod module;
mod moment;
mod number;
mod opaque;
mod packing;
mod partial_sort;
mod peek;
mod random;
mod reply;
mod save;
mod scan;
mod sets;
mod slot;
mod sorted_sets;
mod streams;
mod strings;
mod subcommand;
mod table;
mod value;
mod words;

use std::sync::Arc;

pub use ask::{Ask, Keyspace, Outcome};
pub use budget::Budget;
pub use dialect::{Dialect, Vendor};
pub use error::CommandError;
pub use former::Former;
pub use load::{InsertError, Loader, Refused, judge};
pub use opaque::OpaqueNews;
pub use packing::Packing;
#[doc(hidden)]
pub use peek::Peek;
pub use save::SaveCursor;
pub use streams::WaitingRead;
pub use subcommand::{syntax as subcommand_syntax, unknown as unknown_subcommand};

use commands::{Commands, Found, Row, Run};
use context::{ReadCx, WriteCx};
use database::Database;
use hasher::Hasher;
use library::Libraries;
use reply::{Limits, Reply};

use tidegate_rdb::ModuleAux;
use tidegate_wire::resp::RespVersion;

/// Every command, room by room.
const COMMANDS: &[&[&[Row]]] = &[
    geo::COMMANDS,
    hashes::COMMANDS,
    keys::COMMANDS,
    lists::COMMANDS,
    sets::COMMANDS,
    sorted_sets::COMMANDS,
    streams::COMMANDS,
    strings::COMMANDS,
];

/// All data of a server.
#[derive(Debug)]
pub struct Store {
    databases: Vec<Database>,
    dialect: Dialect,
    packing: Packing,
    commands: Arc<Commands>,
    hasher: Hasher,
    /// Libraries of functions, which are kept and not run.
    libraries: Libraries,
    /// What modules saved besides their values.
    module_aux: Vec<ModuleAux>,
    /// Changes since it was made.
    dirty: u64,
    /// What is to be freed.
    former: Former,
    /// See [`Self::void`].
    is_void: bool,
    /// There may be keys whose values cannot be read here.
    has_opaque: bool,
    /// Those of them that were not told yet; the first few.
    opaque_news: Vec<OpaqueNews>,
}

/// The longest reply to a command that only reads, in bytes: twice the longest value, by default.
const READ_MAX: usize = 1 << 30;
const LOADING: CommandError = CommandError::new("LOADING Redis is loading the dataset in memory");
const TOO_MUCH: CommandError = CommandError::new("ERR reply would be longer than 1 GB");

impl Store {
    /// An empty store of `databases`. `seed` makes its hashes its own: who knows it can make keys
    /// collide.
    #[must_use]
    pub fn new(databases: usize, dialect: Dialect, seed: u64) -> Self {
        Self::empty(databases, dialect, Hasher::new(seed))
    }

    fn empty(databases: usize, dialect: Dialect, hasher: Hasher) -> Self {
        Self {
            databases: (0..databases.max(1)).map(|_| Database::new(hasher)).collect(),
            dialect,
            packing: Packing::of(dialect),
            commands: Arc::new(Commands::new()),
            hasher,
            libraries: Libraries::default(),
            module_aux: Vec::new(),
            dirty: 0,
            former: Former::default(),
            is_void: false,
            has_opaque: false,
            opaque_news: Vec::new(),
        }
    }

    /// An empty store, of as many databases and of such a server, whose data are on their way:
    /// whoever reads is refused, as by a server that loads (`shared.loadingerr`).
    #[must_use]
    pub fn void(&self) -> Self {
        Self { is_void: true, ..Self::empty(self.databases.len(), self.dialect, self.hasher) }
    }

    /// Whether it waits for its data; see [`Self::void`].
    #[must_use]
    pub const fn is_void(&self) -> bool {
        self.is_void
    }

    /// The names of the commands that [`Self::read`] answers.
    pub fn readable() -> impl Iterator<Item = &'static str> {
        commands::readable()
    }

    /// Whose data it is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How many databases there are.
    #[must_use]
    pub fn databases(&self) -> usize {
        self.databases.len()
    }

    /// Changes since the store was made.
    #[must_use]
    pub fn dirty(&self) -> u64 {
        self.dirty
    }

    /// Every database that has keys (`INFO keyspace`).
    #[must_use]
    pub fn keyspace(&self) -> Vec<Keyspace> {
        let all = self.databases.iter().enumerate();
        let count = |(db, it): (usize, &Database)| {
            let (keys, expires) = (it.len(), it.volatile());
            let volatile_hashes = it.volatile_hashes();
            (keys > 0).then_some(Keyspace { db, keys, expires, volatile_hashes })
        };
        all.filter_map(count).collect()
    }

    /// Runs a command that only reads.
    pub fn read(&self, ask: Ask, args: &[&[u8]], out: &mut Vec<u8>) -> Outcome {
        match self.found(args) {
            Some(found) => self.read_found(found, ask, None, args, out),
            None => Outcome::Unknown,
        }
    }

    /// As [`Self::read`], unless that costs more than there is in `budget`:
    /// [`Outcome::Excessive`] then, found out before the work is done or while it is.
    pub fn read_within(
        &self,
        budget: &Budget,
        ask: Ask,
        args: &[&[u8]],
        out: &mut Vec<u8>,
    ) -> Outcome {
        match self.found(args) {
            Some(found) => self.read_found(found, ask, Some(budget), args, out),
            None => Outcome::Unknown,
        }
    }

    fn read_found(
        &self,
        found: Found,
        ask: Ask,
        budget: Option<&Budget>,
        args: &[&[u8]],
        out: &mut Vec<u8>,
    ) -> Outcome {
        let (Run::Read(run) | Run::Both(run, _)) = found.run else { return Outcome::Unknown };
        if budget.is_some_and(|budget| !budget.spend_on_request(args.len())) {
            return Outcome::Excessive;
        }
        let cx = ReadCx { budget, ..self.reader(ask) };
        let max = budget.map_or(READ_MAX, |budget| budget.bytes().min(READ_MAX));
        let limits = Limits { max, budget };
        replied(out, (ask.version, self.dialect, limits), |reply| {
            found.check(args.len())?;
            if self.is_void {
                return Err(LOADING);
            }
            if self.has_opaque && self.is_opaque_to(ask, args) {
                return Err(CommandError::OPAQUE);
            }
            run(&cx, args, reply)
        })
    }

    /// Whether there is something to tell a client that waits.
    #[must_use]
    pub fn is_served(&self, ask: Ask, waiting: &WaitingRead) -> bool {
        waiting.is_served(&self.reader(ask))
    }

    /// Tells a client what it has waited for; that there is nothing, if so.
    pub fn serve(&self, ask: Ask, waiting: &WaitingRead, out: &mut Vec<u8>) {
        waiting.tell(&self.reader(ask), &mut Reply::new(out, ask.version, self.dialect));
    }

    /// How a client waits that asks so, if there is nothing to tell it yet.
    #[must_use]
    pub fn waiting_read(&self, ask: Ask, args: &[&[u8]]) -> Option<WaitingRead> {
        let is_one = args.first().is_some_and(|name| name.eq_ignore_ascii_case(b"XREAD"));
        // A store that waits for its data refuses the read instead.
        (is_one && !self.is_void).then(|| WaitingRead::of(&self.reader(ask), args)).flatten()
    }

    /// Runs any command for a client.
    pub fn write(&mut self, ask: Ask, args: &[&[u8]], out: &mut Vec<u8>) -> Outcome {
        self.run(ask, false, args, out)
    }

    /// Runs a command of the replication stream: what has expired is there until the master
    /// deletes it.
    pub fn apply(&mut self, ask: Ask, args: &[&[u8]], out: &mut Vec<u8>) -> Outcome {
        if self.has_opaque && self.concerns_opaque(ask, args) {
            return self.apply_to_opaque(ask, args, |store| store.run(ask, true, args, out));
        }
        self.run(ask, true, args, out)
    }

    fn run(&mut self, ask: Ask, from_master: bool, args: &[&[u8]], out: &mut Vec<u8>) -> Outcome {
        let (version, dialect) = (ask.version, self.dialect);
        let name = args.first().copied().unwrap_or_default();
        let found = if from_master { self.commands.find(name) } else { self.found(args) };
        let Some(found) = found else { return Outcome::Unknown };
        let (Run::Write(run) | Run::Both(_, run)) = found.run else {
            return self.read_found(found, ask, None, args, out);
        };
        let is_refused = self.is_void && !from_master;
        let mut cx = WriteCx { store: self, db: ask.db, now: ask.now_ms, from_master };
        let outcome = replied(out, (version, dialect, Limits::default()), |reply| {
            found.check(args.len())?;
            if is_refused {
                return Err(LOADING);
            }
            run(&mut cx, args, reply)
        });
        self.collect(ask.db);
        outcome
    }

    /// Takes over what a database has to be freed.
    fn collect(&mut self, db: usize) {
        let index = if db < self.databases.len() { db } else { 0 };
        let former = self.databases[index].former();
        if !former.is_empty() {
            self.former.append(former);
        }
    }

    /// What was removed since this was asked last and takes a while to be freed: to be dropped
    /// where nothing waits for it.
    pub fn take_former(&mut self) -> Former {
        if self.former.is_empty() { Former::default() } else { std::mem::take(&mut self.former) }
    }

    /// Whether a command of the replication stream is one of data.
    #[must_use]
    pub fn has(&self, args: &[&[u8]]) -> bool {
        args.first().is_some_and(|name| self.commands.find(name).is_some())
    }

    fn reader(&self, ask: Ask) -> ReadCx<'_> {
        ReadCx { store: self, db: ask.db, now: ask.now_ms, budget: None }
    }

    /// What runs a client's command.
    fn found(&self, args: &[&[u8]]) -> Option<Found> {
        self.commands.find_of(args.first()?, self.dialect)
    }

    /// The database of this number, or the first one.
    fn database(&self, index: usize) -> &Database {
        self.databases.get(index).unwrap_or(&self.databases[0])
    }

    fn database_mut(&mut self, index: usize) -> &mut Database {
        let index = if index < self.databases.len() { index } else { 0 };
        &mut self.databases[index]
    }
}

/// Writes a reply, or the error instead of all that was written before it.
fn replied(
    out: &mut Vec<u8>,
    (version, dialect, limits): (RespVersion, Dialect, Limits<'_>),
    run: impl FnOnce(&mut Reply<'_>) -> context::Done,
) -> Outcome {
    let start = out.len();
    let mut reply = Reply::new(out, version, dialect).within(limits);
    let done = run(&mut reply);
    let done = if reply.is_over() { Err(TOO_MUCH) } else { done };
    match done {
        Err(why)
            if limits.budget.is_some() && (why == TOO_MUCH || why == CommandError::EXCESSIVE) =>
        {
            out.truncate(start);
            Outcome::Excessive
        }
        Ok(()) => Outcome::Replied,
        Err(error) => {
            out.truncate(start);
            error.write(out);
            if error == CommandError::OPAQUE { Outcome::Opaque } else { Outcome::Refused }
        }
    }
}

#[cfg(test)]
mod tests;
