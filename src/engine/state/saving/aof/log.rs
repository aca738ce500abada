//! The append-only file, as the engine's threads share it: one appends the stream, one writes it,
//! one syncs it, and others wait until that is done.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::Thread;

use super::durable::Durable;
use super::pending::{Ahead, History, Pending, Start};
use super::writer::Writer;
use crate::config::AppendFsync;
use tidegate_replication::Position;
use tidegate_replication::aof::Second;
use tidegate_wire::units::ReplOffset;

/// How many bytes may wait before the thread that appends writes them itself.
const WAITING_MAX: usize = 64 << 20;

/// Whether the file has the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum AofState {
    /// There is no file, as configured.
    Off,
    /// The data are not in the file yet; a rewrite is due.
    Waiting,
    /// Every change goes to the file.
    On,
}

/// The append-only file.
#[derive(Debug, Default)]
pub(in crate::engine) struct Aof {
    /// Whether there is a file, or is to be one.
    is_on: AtomicBool,
    /// Whether the data of the last run are loaded, or there were none.
    is_restored: AtomicBool,
    pending: Mutex<Pending>,
    writer: Mutex<Writer>,
    /// The numbers of bytes of the stream that were appended, written and synced.
    appended: AtomicU64,
    written: AtomicU64,
    synced: AtomicU64,
    /// Which part of the stream a start finds for sure.
    durable: Mutex<Durable>,
    /// Whether `appendfsync` is `always`.
    is_strict: AtomicBool,
    /// Whether syncing is suspended (`no-appendfsync-on-rewrite`).
    is_lax: AtomicBool,
    /// Why the last write or sync failed.
    failure: Mutex<Option<io::Error>>,
    has_failed: AtomicBool,
    /// Whether it was a sync that failed.
    has_failed_sync: AtomicBool,
    /// The tasks whose replies have to wait.
    waiting: Mutex<Vec<Waker>>,
    /// Whether replies wait for the first base: a master begins with an append-only file.
    must_begin: AtomicBool,
    /// The thread that writes and syncs.
    keeper: OnceLock<Thread>,
    /// The size of the base, and of all files after the last rewrite.
    base_size: AtomicU64,
    rewritten_size: AtomicU64,
    /// The size of the files behind the base.
    commands_size: AtomicU64,
}

impl Aof {
    /// Whether there is a file, or is to be one.
    pub(in crate::engine) fn is_on(&self) -> bool {
        self.is_on.load(SeqCst)
    }

    /// Whether the file has the data.
    pub(in crate::engine) fn state(&self) -> AofState {
        match (self.is_on(), self.pending().follows()) {
            (false, _) => AofState::Off,
            (true, false) => AofState::Waiting,
            (true, true) => AofState::On,
        }
    }

    /// Notes that the data of the last run are loaded, or that there were none.
    pub(in crate::engine) fn restored(&self) {
        self.is_restored.store(true, SeqCst);
        self.wake();
    }

    /// Whether the data of the last run are loaded, or there were none.
    pub(in crate::engine) fn is_restored(&self) -> bool {
        self.is_restored.load(SeqCst)
    }

    /// Sets the thread that writes and syncs.
    pub(in crate::engine) fn kept_by(&self, keeper: Thread) {
        // Only the thread itself calls it, once.
        let _ = self.keeper.set(keeper);
    }

    /// Adopts the configuration.
    pub(in crate::engine) fn set_policy(&self, policy: AppendFsync, is_lax: bool) {
        let is_strict = policy == AppendFsync::Always;
        let was_strict = self.is_strict.swap(is_strict, SeqCst);
        if self.is_lax.swap(is_lax, SeqCst) != is_lax || was_strict != is_strict {
            self.wake_waiting();
        }
    }

    /// Turns the file on. It does not have the data yet.
    pub(in crate::engine) fn turn_on(&self) {
        self.is_on.store(true, SeqCst);
    }

    /// Turns the file off, after all bytes are written and synced.
    pub(in crate::engine) fn turn_off(&self) {
        self.is_on.store(false, SeqCst);
        self.flush();
        self.sync();
        self.pending().clear();
        self.writer().close();
        self.durable().clear();
        self.note(Ok(()));
        self.wake_waiting();
    }

    /// Goes on in a file that was loaded. `before` bytes are in the command files before it.
    pub(in crate::engine) fn resume(
        &self,
        file: File,
        sizes: (u64, u64),
        position: Position,
        second: Second,
    ) {
        let (size, before) = sizes;
        self.writer().open(file, size, before);
        self.pending().resume(position, second);
        self.turn_on();
        self.flush();
        // The run before may have been killed in front of its last sync.
        if self.sync() {
            self.durable().begin(position);
        }
    }

    /// Appends bytes of the stream, which begin behind the offset `before`. The calls come in the
    /// order of the stream.
    pub(in crate::engine) fn append(&self, history: History, before: ReplOffset, bytes: &[u8]) {
        let mut pending = self.pending();
        pending.append(history, before, bytes);
        let waiting = pending.len();
        self.appended.fetch_add(bytes.len() as u64, SeqCst);
        drop(pending);
        if waiting > WAITING_MAX {
            self.flush();
        }
    }

    /// Writes the name that the history has from the end of the file on.
    pub(in crate::engine) fn rename(&self, history: History) {
        if self.pending().rename(history) {
            self.flush();
        }
    }

    /// Wakes the thread that writes.
    pub(in crate::engine) fn wake(&self) {
        if let Some(keeper) = self.keeper.get() {
            keeper.unpark();
        }
    }

    /// Writes all bytes that wait. Under `appendfsync always` the keeper's thread then syncs them.
    pub(in crate::engine) fn flush(&self) {
        let mut writer = self.writer();
        let (batch, appended, at) = {
            let mut pending = self.pending();
            (pending.take(), self.appended.load(SeqCst), pending.at())
        };
        writer.take(batch);
        let outcome = writer.write();
        let is_written = outcome.is_ok();
        if writer.waiting() > WAITING_MAX {
            // The data must not be held twice. When the disk is well again, a rewrite follows.
            writer.close();
            self.pending().lose();
        }
        self.commands_size.store(writer.size(), SeqCst);
        drop(writer);
        if is_written {
            self.written.fetch_max(appended, SeqCst);
            self.durable().wrote(at);
        }
        if is_written && self.has_failed_sync.load(SeqCst) {
            self.settle();
        } else {
            self.note(outcome);
        }
    }

    /// Lets replies leave, or has their bytes synced first.
    fn settle(&self) {
        if self.needs_sync() {
            if self.is_behind() {
                self.wake();
            }
        } else {
            self.wake_waiting();
        }
    }

    /// Notes how a write or a sync has ended.
    fn note(&self, outcome: io::Result<()>) {
        let mut failure = self.failure();
        match outcome {
            Ok(()) if self.has_failed.swap(false, SeqCst) => {
                *failure = None;
                tracing::warn!("the append-only file can be written again");
            }
            Ok(()) => {}
            Err(error) => {
                if !self.has_failed.swap(true, SeqCst) {
                    tracing::error!("the append-only file cannot be written: {error}");
                }
                *failure = Some(error);
            }
        }
        drop(failure);
        self.settle();
    }

    /// Whether replies wait until their bytes are synced.
    fn needs_sync(&self) -> bool {
        self.is_strict.load(SeqCst) && !self.is_lax.load(SeqCst)
    }

    /// Whether bytes are written and not synced.
    pub(in crate::engine) fn is_behind(&self) -> bool {
        self.synced.load(SeqCst) < self.written.load(SeqCst)
    }

    /// Whether bytes wait to be written.
    pub(in crate::engine) fn is_waiting(&self) -> bool {
        self.written.load(SeqCst) < self.appended.load(SeqCst)
    }

    /// Syncs what is written. Returns whether that succeeded.
    pub(in crate::engine) fn sync(&self) -> bool {
        let (file, written, at) = {
            let writer = self.writer();
            (writer.file(), self.written.load(SeqCst), self.durable().written())
        };
        let outcome = file.map_or(Ok(()), |file| file.sync_data());
        let is_synced = outcome.is_ok();
        if is_synced {
            self.synced.fetch_max(written, SeqCst);
            self.durable().synced_to(at);
        }
        if self.has_failed_sync.swap(!is_synced, SeqCst) || !is_synced {
            self.note(outcome);
        }
        self.wake_waiting();
        is_synced
    }

    /// The place up to which the stream is appended, for [`Self::is_settled`].
    pub(in crate::engine) fn mark(&self) -> u64 {
        self.appended.load(SeqCst)
    }

    /// Whether replies may leave that depend on all bytes before this mark: under `appendfsync
    /// always` they are synced, else they are written, or cannot be.
    pub(in crate::engine) fn is_settled(&self, mark: u64) -> bool {
        if !self.is_on() {
            return true;
        }
        if self.must_begin.load(SeqCst) {
            return false;
        }
        if self.needs_sync() {
            return self.synced.load(SeqCst) >= mark;
        }
        self.written.load(SeqCst) >= mark || self.has_failed.load(SeqCst)
    }

    /// Is ready when [`Self::is_settled`].
    pub(in crate::engine) fn poll_settled(&self, cx: &Context<'_>, mark: u64) -> Poll<()> {
        if self.is_settled(mark) {
            return Poll::Ready(());
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(cx.waker().clone());
        drop(waiting);
        // It may have been settled before the waker was there.
        if self.is_settled(mark) { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Wakes the tasks whose replies wait.
    fn wake_waiting(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let wakers = std::mem::take(&mut *waiting);
        drop(waiting);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Makes replies wait for the first base: a start before it finds nothing.
    pub(in crate::engine) fn must_begin(&self) {
        self.must_begin.store(true, SeqCst);
    }

    /// Notes that a base could not be written. Replies wait for it no longer, unless `appendfsync` is
    /// `always`.
    pub(in crate::engine) fn could_not_begin(&self) {
        if !self.is_strict.load(SeqCst) {
            self.must_begin.store(false, SeqCst);
            self.wake_waiting();
        }
    }

    /// Why the last write or sync failed, as servers say it; `None` if it succeeded.
    pub(in crate::engine) fn failure(&self) -> MutexGuard<'_, Option<io::Error>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the last write or sync failed.
    pub(in crate::engine) fn has_failed(&self) -> bool {
        self.has_failed.load(SeqCst)
    }

    /// Makes the next file begin where the stream is at `start`.
    ///
    /// # Errors
    /// [`Ahead`]: the data of the base would be older than what is written.
    pub(in crate::engine) fn arm(&self, file: File, start: Start) -> Result<(), Ahead> {
        let mut writer = self.writer();
        let mut pending = self.pending();
        let is_new = !pending.follows();
        pending.arm(start)?;
        drop(pending);
        if is_new {
            // What was written before is not of these data.
            writer.close();
            writer.open(file, 0, 0);
            self.durable().clear();
        } else {
            writer.set_next(Some(file));
        }
        self.durable().begin(start.position);
        Ok(())
    }

    /// Whether the next file has begun.
    pub(in crate::engine) fn has_begun(&self) -> bool {
        self.flush();
        !self.writer().has_next()
    }

    /// Gives the next file up, if it has not begun.
    pub(in crate::engine) fn disarm(&self) {
        let mut writer = self.writer();
        let mut pending = self.pending();
        pending.disarm();
        writer.set_next(None);
    }

    /// Notes that the file does not have the data any more.
    pub(in crate::engine) fn lose(&self) {
        self.pending().lose();
    }

    /// Notes that a new base is in force.
    pub(in crate::engine) fn rewritten(&self, base_size: u64) {
        let mut writer = self.writer();
        writer.forget_before();
        let size = writer.size();
        drop(writer);
        self.commands_size.store(size, SeqCst);
        self.loaded(base_size);
        self.must_begin.store(false, SeqCst);
        self.wake_waiting();
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locked before [`Self::pending`] where both are.
    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

mod extent;
#[cfg(test)]
mod tests;
