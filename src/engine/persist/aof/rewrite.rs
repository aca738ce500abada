//! Rewrites the append-only file: a snapshot becomes its base, and replaces all files before it
//! (`rewriteAppendOnlyFileBackground`, `backgroundRewriteDoneHandler`).

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::Engine;
use crate::engine::persist::snapshot::SaveError;
use crate::engine::persist::temporary::{self, Use};
use crate::engine::state::{Ahead, AofState, Directory, DirectoryError, Start};
use crate::tasks::Kind;
use tidegate_replication::Filter;

/// How long the new file may take to begin after the base.
const BEGIN_MAX: Duration = Duration::from_secs(10);
/// How often the rewrite looks whether it has.
const BEGIN_LOOK: Duration = Duration::from_millis(2);

/// Why a rewrite failed.
#[derive(Debug, thiserror::Error)]
pub(in crate::engine) enum RewriteError {
    /// Another one is under way.
    #[error("Background append only file rewriting already in progress")]
    InProgress,
    /// There is no append-only file.
    #[error("the append-only file is off")]
    Off,
    /// The base could not be written.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// The file system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The files that are there cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The file has more than the data.
    #[error(transparent)]
    Ahead(#[from] Ahead),
    /// The stream up to the base was not appended in time.
    #[error("the stream did not come to the place of the base")]
    Late,
    /// The thread panicked.
    #[error("the writing panicked")]
    Panicked,
}

/// How a rewrite begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Begun {
    /// It has begun.
    Started,
    /// It begins after the save that is under way.
    Scheduled,
}

impl Engine {
    /// Begins a rewrite (`BGREWRITEAOF`).
    ///
    /// # Errors
    /// [`RewriteError`], or that the system refuses a thread.
    pub(in crate::engine) fn rewrite_log(self: &Arc<Self>) -> Result<Begun, RewriteError> {
        if self.rewrites.running() >= 0 {
            return Err(RewriteError::InProgress);
        }
        if !self.aof.is_on() {
            return Err(RewriteError::Off);
        }
        // The store has one view at a time.
        if !self.saves.claim() {
            self.schedule.want_rewrite();
            return Ok(Begun::Scheduled);
        }
        self.schedule.rewrite_begins();
        self.rewrites.begin();
        let claim = Claim(Arc::clone(self));
        let work = move || claim.0.run_rewrite();
        let builder = thread::Builder::new().name("replica-rewrite".into());
        builder.spawn(work).inspect_err(|_| self.rewrites.end(false))?;
        Ok(Begun::Started)
    }

    fn run_rewrite(&self) {
        let started = Instant::now();
        let written = catch_unwind(AssertUnwindSafe(|| self.write_base()));
        let written = written.unwrap_or_else(|_| {
            self.tasks.count_panic(Kind::ReplicaSave);
            Err(RewriteError::Panicked)
        });
        self.rewrites.end(written.is_ok());
        self.schedule.rewrite_ended(written.is_ok(), self.now_ms());
        match written {
            Ok(bytes) => {
                tracing::info!(bytes, took = ?started.elapsed(), "the append-only file is rewritten");
            }
            Err(error) => {
                tracing::error!("the append-only file could not be rewritten: {error}");
                self.aof.could_not_begin();
            }
        }
    }

    /// Writes the base and puts it in force. Returns its size.
    fn write_base(&self) -> Result<u64, RewriteError> {
        let directory = Directory::of(&self.config.load().replica);
        directory.make()?;
        temporary::remove_old(directory.path());
        let mut manifest = directory.manifest()?.unwrap_or_default();
        let name = manifest.add_commands(directory.names());
        let follows = self.aof.state() == AofState::On;
        let file = directory.create(&name)?;
        if follows {
            // A start before the base is in force loads the old files, then this one.
            directory.replace(&manifest)?;
        }
        let mut temporary = temporary::create(directory.path(), Use::Rewrite)?;
        let mut armed = Ok(());
        let mut size = 0;
        let written = self.begin_view(|info, position| {
            let (second, db) = (info.identity.second(), self.stream_db.load(Relaxed));
            armed = self.aof.arm(file, Start { position, second, db });
        });
        let written = written.map_err(RewriteError::from).and_then(|mut view| {
            view.keep_stream();
            let form = self.store().dialect().form();
            view.write(form, Filter::default(), &mut |bytes| {
                size += bytes.len() as u64;
                Ok(temporary.as_file_mut().write_all(bytes)?)
            })?;
            Ok(temporary.as_file().sync_all()?)
        });
        let written = armed.map_err(RewriteError::from).and(written);
        if let Err(error) = written.and_then(|()| self.await_begin()) {
            if follows {
                self.aof.disarm();
            } else {
                // The new file has no base, so no start would load it.
                self.aof.lose();
            }
            return Err(error);
        }
        let base = manifest.add_base(directory.names());
        temporary.persist(directory.file(&base)).map_err(|error| error.error)?;
        directory.sync()?;
        directory.replace(&manifest)?;
        self.aof.rewritten(size);
        self.feeding.acks.notify_one();
        if let Err(error) = directory.remove_history(&mut manifest) {
            tracing::warn!("old parts of the append-only file cannot be removed: {error}");
        }
        Ok(size)
    }

    /// Waits until the new file has begun.
    fn await_begin(&self) -> Result<(), RewriteError> {
        let began = Instant::now();
        while !self.aof.has_begun() {
            if began.elapsed() > BEGIN_MAX {
                return Err(RewriteError::Late);
            }
            thread::park_timeout(BEGIN_LOOK);
        }
        if self.aof.is_on() { Ok(()) } else { Err(RewriteError::Off) }
    }
}

/// The claim on the store's only view.
struct Claim(Arc<Engine>);

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.saves.release();
    }
}
