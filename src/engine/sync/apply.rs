//! Applies the replication stream to the store.

use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use super::control::{Control, name_of};
use super::fault::{ApplyError, LinkFault};
use crate::engine::Engine;
use crate::engine::state::{log_opaque, unix_ms};
use tidegate_replication::{ArgsPool, Offsets, StreamReader, Unit};
use tidegate_store::{CallContext, Effects, Outcome, Store, Wanted};
use tidegate_wire::resp::RespVersion;

/// The longest time that the link holds the lock of the store, but for a single command or
/// transaction.
const SLICE: Duration = Duration::from_micros(200);
/// How long the link waits for the end of a long read before it serves its connection again.
const PATIENCE: Duration = Duration::from_millis(100);
/// How many units the link applies between two looks at the clock.
const UNITS_PER_LOOK: u32 = 32;
/// How often the link checks the memory in use.
const MEMORY_PERIOD: Duration = Duration::from_millis(100);
/// The longest unit. A transaction is kept until it is complete.
const UNIT_MAX: usize = 4 << 30;

/// Applies the stream, unit by unit.
#[derive(Debug)]
pub(super) struct Applier {
    reader: StreamReader,
    pool: ArgsPool,
    /// The database that the stream has selected.
    db: usize,
    /// Replies, which are not sent.
    replies: Vec<u8>,
    /// The keys that a command has changed, for clients that track.
    effects: Effects,
    /// Whether the master has asked for an ack.
    ack_wanted: bool,
    /// The master's name for monitors, while there are any.
    master: Option<String>,
    /// The time of the last check of the memory in use.
    looked: Option<Instant>,
    /// How often the engine's role had changed when the link began.
    role_changes: u64,
}

/// How much a slice has applied.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    /// The number of bytes applied.
    pub(super) consumed: usize,
    /// Whether the same bytes may contain more to apply.
    pub(super) more: bool,
}

impl Applier {
    /// Returns an applier that continues in database `db`.
    pub(super) fn new(db: usize) -> Self {
        Self {
            reader: StreamReader::new(UNIT_MAX),
            pool: ArgsPool::default(),
            db,
            replies: Vec::new(),
            effects: Effects::default(),
            ack_wanted: false,
            master: None,
            looked: None,
            role_changes: 0,
        }
    }

    /// Begins a link in the role that the engine has now.
    pub(super) fn begin(&mut self, engine: &Engine) {
        self.role_changes = engine.role.changes();
    }

    /// Whether the engine still has the role in which the link began. The caller holds the lock of
    /// the store: the data are another link's, or the engine's own, where it has not.
    pub(super) fn check_role(&self, engine: &Engine) -> Result<(), LinkFault> {
        let is_same = self.role_changes == engine.role.changes() && !engine.leads();
        if is_same { Ok(()) } else { Err(LinkFault::Retarget) }
    }

    /// Begins a new stream in this database, with a whole command.
    pub(super) fn restart(&mut self, db: usize) {
        self.db = db;
        self.resume();
    }

    /// Continues the stream, with a whole command.
    pub(super) fn resume(&mut self) {
        self.reader = StreamReader::new(UNIT_MAX);
        self.ack_wanted = false;
    }

    /// Whether the master has asked for an ack since the last call.
    pub(super) fn take_ack_wanted(&mut self) -> bool {
        std::mem::take(&mut self.ack_wanted)
    }

    /// Applies as many whole units from the front of `stream` as a short while allows.
    pub(super) fn slice(
        &mut self,
        engine: &Engine,
        offsets: &mut Offsets,
        stream: &[u8],
    ) -> Result<Slice, LinkFault> {
        let started = Instant::now();
        self.look_at_memory(engine, started)?;
        self.master = None;
        if engine.hub.is_monitored() {
            self.master = engine.link_info().master.as_ref().map(ToString::to_string);
        }
        // A long read (KEYS, DEBUG DIGEST) must not keep the link from its acks.
        let Some(mut store) = engine.try_store_mut(PATIENCE) else {
            return Ok(Slice { consumed: 0, more: true });
        };
        self.check_role(engine)?;
        let now_ms = unix_ms();
        let (mut consumed, mut units) = (0, 0);
        let outcome = loop {
            let rest = &stream[consumed..];
            let unit = match self.reader.next_unit(rest) {
                Ok(unit) => unit,
                Err(error) => break Err(error.into()),
            };
            let (len, outcome) = match unit {
                Unit::NeedMore { .. } => break Ok(false),
                Unit::Discarded { len } => (len, Ok(())),
                Unit::Command { len } => (len, self.unit(engine, &mut store, &rest[..len], now_ms)),
                Unit::Transaction { len, .. } => {
                    let block = &rest[..len];
                    let known = self.check(&store, block);
                    (len, known.and_then(|()| self.unit(engine, &mut store, block, now_ms)))
                }
            };
            if let Err(error) = outcome {
                if matches!(error, ApplyError::Refused { .. }) {
                    // The data differ from the master's, and a part of a transaction may be
                    // applied.
                    store.give_up();
                }
                break Err(error.into());
            }
            consumed += len;
            offsets.advance(len as u64);
            units += 1;
            if units % UNITS_PER_LOOK == 0 && started.elapsed() >= SLICE {
                break Ok(true);
            }
        };
        let opaque = store.take_opaque_news();
        engine.publish(offsets);
        engine.stream_db.store(self.db, Relaxed);
        drop(store);
        engine.hub.tracking.broadcast();
        if matches!(outcome, Ok(true)) {
            // Readers have their turn. Handing the lock to a sleeping reader keeps it from running
            // readers until the sleeper is awake: p99 1.6 instead of 1.0 ms.
            thread::yield_now();
        }
        log_opaque(&opaque);
        let mut info = engine.link_info();
        engine.log_stream(&info, &stream[..consumed]);
        let is_followed = consumed > 0 && !info.source.is_empty();
        if is_followed {
            // After a kill no sub-replica must be ahead of the file.
            engine.log_flush();
        }
        info.source.append(&stream[..consumed]);
        info.counts.commands_applied += u64::from(units);
        drop(info);
        if is_followed {
            engine.feeding.notify();
        }
        outcome.map(|more| Slice { consumed, more })
    }

    /// Checks now and then that memory in use is below `maxmemory`.
    fn look_at_memory(&mut self, engine: &Engine, now: Instant) -> Result<(), ApplyError> {
        if self.looked.is_some_and(|at| now - at < MEMORY_PERIOD) {
            return Ok(());
        }
        self.looked = Some(now);
        Ok(engine.check_memory()?)
    }

    /// Checks that every command of a transaction is known here, so that the link applies all of it
    /// or nothing.
    fn check(&mut self, store: &Store, block: &[u8]) -> Result<(), ApplyError> {
        let mut args = self.pool.take();
        let mut commands = self.reader.commands(block);
        let mut outcome = Ok(());
        while outcome.is_ok() && commands.next_into(&mut args) {
            if !store.has(&args) {
                outcome = Control::of(&args, store.databases()).map(|_| ());
            }
        }
        self.pool.give(args);
        outcome
    }

    fn unit(
        &mut self,
        engine: &Engine,
        store: &mut Store,
        bytes: &[u8],
        now_ms: i64,
    ) -> Result<(), ApplyError> {
        let mut args = self.pool.take();
        let mut commands = self.reader.commands(bytes);
        let mut outcome = Ok(());
        while outcome.is_ok() && commands.next_into(&mut args) {
            self.replies.clear();
            #[cfg(debug_assertions)]
            engine.panic_if_told(&args);
            let context = CallContext { db: self.db, now_ms, version: RespVersion::V2 };
            let notes = (&mut self.replies, &mut self.effects);
            outcome = match apply(engine, store, (context, &args), notes) {
                Outcome::Replied => Ok(()),
                Outcome::Refused | Outcome::Opaque | Outcome::Excessive => {
                    Err(refused(&args, &self.replies))
                }
                Outcome::Unknown => {
                    Control::of(&args, store.databases()).map(|control| match control {
                        Control::Select(db) => self.db = db,
                        Control::GetAck => self.ack_wanted = true,
                        Control::Publish { channel, message, is_sharded } => {
                            engine.hub.publish(channel, message, is_sharded);
                        }
                        Control::Nothing => {}
                    })
                }
            };
            if let Some(master) = &self.master {
                engine.hub.monitor(self.db, master, &args);
            }
        }
        self.pool.give(args);
        outcome
    }
}

/// Applies a command, and tells the clients that track the keys which it changes.
fn apply(
    engine: &Engine,
    store: &mut Store,
    (context, args): (CallContext, &[&[u8]]),
    (replies, effects): (&mut Vec<u8>, &mut Effects),
) -> Outcome {
    let tracking = &engine.hub.tracking;
    if !tracking.is_active() {
        return store.apply(context, args, replies);
    }
    effects.clear();
    effects.want(Wanted { changes: true, ..Wanted::default() });
    let outcome = store.apply_noting(context, args, replies, effects);
    effects.changes().for_each(|change| tracking.note(&change, None));
    outcome
}

fn refused(args: &[&[u8]], reply: &[u8]) -> ApplyError {
    let text = String::from_utf8_lossy(reply);
    let reply = text.trim_start_matches('-').trim_end().to_owned();
    ApplyError::Refused { command: name_of(args), reply }
}
