//! The store: all data of a server, and the way from a request to the command that answers it.

use std::sync::Arc;

use crate::call::{
    Budget, CallContext, CommandError, Effects, Keyspace, LazyFree, Limits, Outcome, Reply,
};
use crate::commands::{Commands, WaitingRead, readable};
use crate::dialect::Dialect;
use crate::execution::{Done, Found, ReadCx, Recorder, Run, WriteCx};
use crate::keyspace::{Awaited, Database, Dataset, EvictionPool, ExpireCursor, Former, Slot};
use crate::primitives::Hasher;

use tidegate_wire::resp::RespVersion;

/// All data of a server.
#[derive(Debug)]
pub struct Store {
    pub(crate) data: Dataset,
    commands: Arc<Commands>,
    /// Whether the store waits for its data; see [`Self::void`].
    is_void: bool,
    /// Which removals are propagated as UNLINK.
    lazy_free: LazyFree,
    /// Where the active expiry goes on.
    expire_cursor: ExpireCursor,
    /// The best keys to evict.
    pool: EvictionPool,
    /// The database of the last key that was evicted by chance.
    next_evicted_db: usize,
}

/// The longest reply to a command that only reads, in bytes: twice the longest value, by default.
const READ_MAX: usize = 1 << 30;
const LOADING: CommandError = CommandError::new("LOADING Redis is loading the dataset in memory");
const TOO_MUCH: CommandError = CommandError::new("ERR reply would be longer than 1 GB");

impl Store {
    /// Returns an empty store of `databases`. `seed` selects its hash function: a client that has
    /// it can make keys collide.
    #[must_use]
    pub fn new(databases: usize, dialect: Dialect, seed: u64) -> Self {
        Self::empty(databases, dialect, Hasher::new(seed))
    }

    pub(crate) fn empty(databases: usize, dialect: Dialect, hasher: Hasher) -> Self {
        let data = Dataset::new(databases, dialect, hasher);
        let commands = Arc::new(Commands::new());
        let (lazy_free, expire_cursor) = (LazyFree::of(dialect), ExpireCursor::default());
        let (pool, next_evicted_db) = (EvictionPool::default(), 0);
        Self { data, commands, is_void: false, lazy_free, expire_cursor, pool, next_evicted_db }
    }

    /// Returns an empty store of the same dialect and with as many databases that waits for its
    /// data: it refuses reads, as a server does that loads (`shared.loadingerr`).
    #[must_use]
    pub fn void(&self) -> Self {
        Self { is_void: true, ..Self::empty(self.databases(), self.dialect(), self.data.hasher) }
    }

    /// Whether the store waits for its data; see [`Self::void`].
    #[must_use]
    pub const fn is_void(&self) -> bool {
        self.is_void
    }

    /// Returns the names of the commands that [`Self::read`] answers.
    pub fn readable() -> impl Iterator<Item = &'static str> {
        readable()
    }

    /// Returns the dialect of the server whose data these are.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.data.dialect
    }

    /// The number of databases.
    #[must_use]
    pub fn databases(&self) -> usize {
        self.data.databases.len()
    }

    /// The number of changes since the store was made.
    #[must_use]
    pub fn dirty(&self) -> u64 {
        self.data.dirty
    }

    /// Returns the digest of all databases, as `DEBUG DIGEST` shows it: forty hexadecimal digits.
    /// `now_ms` is for fields that expire; expired keys count.
    #[must_use]
    pub fn digest(&self, now_ms: i64) -> String {
        self.data.digest(now_ms)
    }

    /// Returns the size of every database that has keys (`INFO keyspace`).
    #[must_use]
    pub fn keyspace(&self) -> Vec<Keyspace> {
        let all = self.data.databases.iter().enumerate();
        let count = |(db, it): (usize, &Database)| {
            let (keys, expires) = (it.len(), it.volatile());
            let volatile_hashes = it.volatile_hashes();
            (keys > 0).then_some(Keyspace { db, keys, expires, volatile_hashes })
        };
        all.filter_map(count).collect()
    }

    /// Runs a command that only reads.
    pub fn read(&self, context: CallContext, args: &[&[u8]], out: &mut Vec<u8>) -> Outcome {
        match self.found(args) {
            Some(found) => self.read_found(found, context, None, args, out),
            None => Outcome::Unknown,
        }
    }

    /// Runs a command that only reads, unless it costs more than `budget` has. The outcome is
    /// [`Outcome::Excessive`] then, which is noticed before the work or during it.
    pub fn read_within(
        &self,
        budget: &Budget,
        context: CallContext,
        args: &[&[u8]],
        out: &mut Vec<u8>,
    ) -> Outcome {
        match self.found(args) {
            Some(found) => self.read_found(found, context, Some(budget), args, out),
            None => Outcome::Unknown,
        }
    }

    pub(crate) fn read_found(
        &self,
        found: Found,
        context: CallContext,
        budget: Option<&Budget>,
        args: &[&[u8]],
        out: &mut Vec<u8>,
    ) -> Outcome {
        self.read_recording(found, context, (budget, None), args, out)
    }

    fn read_recording(
        &self,
        found: Found,
        context: CallContext,
        (budget, recorder): (Option<&Budget>, Option<&Recorder>),
        args: &[&[u8]],
        out: &mut Vec<u8>,
    ) -> Outcome {
        let (Run::Read(run) | Run::Both(run, _)) = found.run else { return Outcome::Unknown };
        if budget.is_some_and(|budget| !budget.spend_on_request(args.len())) {
            return Outcome::Excessive;
        }
        let cx = ReadCx { budget, recorder, ..self.reader(context) };
        let max = budget.map_or(READ_MAX, |budget| budget.bytes().min(READ_MAX));
        let limits = Limits { max, budget };
        replied(out, (context.version, self.data.dialect, limits), |reply| {
            found.check(args.len())?;
            if self.is_void {
                return Err(LOADING);
            }
            if self.data.has_opaque && self.is_opaque_to(context, args) {
                return Err(CommandError::OPAQUE);
            }
            run(&cx, args, reply)
        })
    }

    /// Whether there are entries for a client that waits.
    #[must_use]
    pub fn is_served(&self, context: CallContext, waiting: &WaitingRead) -> bool {
        waiting.is_served(&self.reader(context))
    }

    /// Writes the entries for a client that waits, or that there are none.
    pub fn serve(&self, context: CallContext, waiting: &WaitingRead, out: &mut Vec<u8>) {
        waiting
            .write(&self.reader(context), &mut Reply::new(out, context.version, self.data.dialect));
    }

    /// Returns how the client of this request waits, if there are no entries for it yet.
    #[must_use]
    pub fn waiting_read(&self, context: CallContext, args: &[&[u8]]) -> Option<WaitingRead> {
        let is_one = args.first().is_some_and(|name| name.eq_ignore_ascii_case(b"XREAD"));
        // A store that waits for its data refuses the read instead.
        (is_one && !self.is_void).then(|| WaitingRead::of(&self.reader(context), args)).flatten()
    }

    /// Runs any command for a client.
    pub fn write(&mut self, context: CallContext, args: &[&[u8]], out: &mut Vec<u8>) -> Outcome {
        self.run(context, false, None, args, out)
    }

    /// Runs any command for a client of a master, and appends to `effects` what it does beside the
    /// reply. Expired keys that it meets are deleted.
    ///
    /// A command that would block replies as if its time were up.
    pub fn execute(
        &mut self,
        context: CallContext,
        args: &[&[u8]],
        out: &mut Vec<u8>,
        effects: &mut Effects,
    ) -> Outcome {
        let before = self.data.dirty;
        let recorder = Recorder::new(std::mem::take(effects), self.lazy_free);
        let outcome = self.run(context, false, Some(&recorder), args, out);
        if recorder.has_expired() {
            self.remove_expired(context.now_ms, recorder.take_expired());
        }
        if self.data.eviction.policy.tracks() {
            self.note_use(context, args);
        }
        *effects = recorder.finish(context.db, self.data.dirty != before);
        outcome
    }

    /// Removes keys that a command has found expired.
    #[cold]
    fn remove_expired(&mut self, now_ms: i64, expired: Vec<(usize, Box<[u8]>)>) {
        for (db, key) in expired {
            let database = self.data.database_mut(db);
            if database.get(&key).is_some_and(|slot| slot.is_expired(now_ms)) {
                database.discard(&key);
                self.data.collect(db);
            }
        }
    }

    /// Sets which removals are propagated as UNLINK. The default is that of the dialect.
    pub fn set_lazy_free(&mut self, lazy_free: LazyFree) {
        self.lazy_free = lazy_free;
    }

    /// Runs a command of the replication stream. Expired keys exist for it until the master deletes
    /// them.
    pub fn apply(&mut self, context: CallContext, args: &[&[u8]], out: &mut Vec<u8>) -> Outcome {
        if self.data.has_opaque && self.concerns_opaque(context, args) {
            return self
                .apply_to_opaque(context, args, |store| store.run(context, true, None, args, out));
        }
        self.run(context, true, None, args, out)
    }

    /// As [`Self::apply`], and appends to `effects` which keys the command has changed. The rest of
    /// the effects means nothing.
    pub fn apply_noting(
        &mut self,
        context: CallContext,
        args: &[&[u8]],
        out: &mut Vec<u8>,
        effects: &mut Effects,
    ) -> Outcome {
        if self.data.has_opaque && self.concerns_opaque(context, args) {
            // Whatever it names may have changed.
            self.note_named(context.db, args, effects);
            return self.apply(context, args, out);
        }
        let recorder = Recorder::new(std::mem::take(effects), self.lazy_free);
        let outcome = self.run(context, true, Some(&recorder), args, out);
        *effects = recorder.finish(context.db, false);
        outcome
    }

    pub(crate) fn run(
        &mut self,
        context: CallContext,
        from_master: bool,
        recorder: Option<&Recorder>,
        args: &[&[u8]],
        out: &mut Vec<u8>,
    ) -> Outcome {
        let (version, dialect) = (context.version, self.data.dialect);
        let name = args.first().copied().unwrap_or_default();
        let found = if from_master { self.commands.find(name) } else { self.found(args) };
        let Some(found) = found else { return Outcome::Unknown };
        let (Run::Write(run) | Run::Both(_, run)) = found.run else {
            return self.read_recording(found, context, (None, recorder), args, out);
        };
        let is_refused = self.is_void && !from_master;
        let (db, now) = (context.db, context.now_ms);
        let data = &mut self.data;
        let mut cx = WriteCx { data, db, now, from_master, recorder, has_emptied: false };
        let outcome = replied(out, (version, dialect, Limits::default()), |reply| {
            found.check(args.len())?;
            if is_refused {
                return Err(LOADING);
            }
            run(&mut cx, args, reply)
        });
        self.data.collect(context.db);
        outcome
    }

    /// Returns the type of a key's value, if clients may wait for it.
    pub(crate) fn awaited(&self, context: CallContext, key: &[u8]) -> Option<Awaited> {
        self.reader(context).slot_quietly(key).and_then(Slot::awaited)
    }

    /// Returns the removed values since the last call that take a while to be freed. The caller
    /// drops them where nothing waits for it.
    pub fn take_former(&mut self) -> Former {
        if self.data.former.is_empty() {
            Former::default()
        } else {
            std::mem::take(&mut self.data.former)
        }
    }

    /// Whether the store has the command of a request.
    #[must_use]
    pub fn has(&self, args: &[&[u8]]) -> bool {
        args.first().is_some_and(|name| self.commands.find(name).is_some())
    }

    pub(crate) fn reader(&self, context: CallContext) -> ReadCx<'_> {
        ReadCx {
            data: &self.data,
            db: context.db,
            now: context.now_ms,
            budget: None,
            recorder: None,
        }
    }

    /// Returns the command of a client's request.
    pub(crate) fn found(&self, args: &[&[u8]]) -> Option<Found> {
        self.commands.find_of(args.first()?, self.data.dialect)
    }
}

/// Runs a command and writes its reply, or the error instead of everything written before it.
fn replied(
    out: &mut Vec<u8>,
    (version, dialect, limits): (RespVersion, Dialect, Limits<'_>),
    run: impl FnOnce(&mut Reply<'_>) -> Done,
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

mod evict;
mod expire_cycle;
mod opaque_keys;
mod out_of_memory;
#[cfg(test)]
mod tests;
