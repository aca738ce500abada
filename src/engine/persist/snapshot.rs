//! The snapshot on the disk. A save writes all of it or nothing, with the history and the offset of
//! the data, so that a restart resumes where the last run ended.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use super::load::{LoadError, Loaded, load};
use super::temporary::{self, Use};
use crate::config::ReplicaOf;
use crate::engine::Engine;
use crate::engine::state::random_id;
use crate::tasks::Kind;
use tidegate_rdb::WriteError;
use tidegate_replication::{Filter, Identity, Offsets};
use tidegate_wire::units::{ReplId, ReplOffset};

/// The size of the buffer for reading the file.
const BUFFER: usize = 1 << 20;

/// Why the data could not be saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The file could not be written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A value could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Another save is under way (`bgsaveCommand`).
    #[error("Background save already in progress")]
    InProgress,
    /// A rewrite of the append-only file is being written.
    #[error(
        "Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in \
         order to schedule a BGSAVE whenever possible."
    )]
    Busy,
    /// A full resync has replaced the data during the save.
    #[error("the data were replaced by a full resync meanwhile")]
    Replaced,
    /// No replica waits for the snapshot any more.
    #[error("no replica waits for it any more")]
    Unwanted,
    /// The saving thread panicked.
    #[error("the writing panicked")]
    Panicked,
    /// The engine has no data of a master yet.
    #[error("there is no data yet")]
    NoData,
    /// The engine could not follow the stream, and no full resync came since. A restart would
    /// resume from such data as if they were right.
    #[error("the data may differ from the master's")]
    Distrusted,
}

impl Engine {
    /// Writes `dbfilename` in `dir`: a temporary file, synced, then renamed. Readers and the stream
    /// go on meanwhile, with short pauses.
    ///
    /// # Errors
    /// [`SaveError`]; the file that was there is still there.
    pub fn save(&self) -> Result<(), SaveError> {
        if !self.saves.claim() {
            return Err(SaveError::InProgress);
        }
        self.payload_save.wait();
        self.schedule.save_begins();
        let started = Instant::now();
        self.saves.begin();
        // A panic must not leave the claim behind: no save could begin any more.
        let written = catch_unwind(AssertUnwindSafe(|| self.write_snapshot()));
        let saved = written.unwrap_or_else(|_| {
            self.tasks.count_panic(Kind::ReplicaSave);
            Err(SaveError::Panicked)
        });
        self.saves.end(saved.is_ok());
        match &saved {
            Ok(path) => tracing::info!(%path, took = ?started.elapsed(), "the data is saved"),
            Err(error) => tracing::error!("the data could not be saved: {error}"),
        }
        saved.map(drop)
    }

    /// As [`Self::save`], on a thread of its own (`BGSAVE`).
    ///
    /// # Errors
    /// [`SaveError::InProgress`], or that the system refuses a thread.
    pub fn save_in_background(self: &Arc<Self>) -> Result<(), SaveError> {
        if self.saves.running() >= 0 {
            return Err(SaveError::InProgress);
        }
        if self.saves.go_on() {
            // A snapshot for replicas counts as a save, as in servers.
            let is_rewrite = self.rewrites.running() >= 0;
            return Err(if is_rewrite { SaveError::Busy } else { SaveError::InProgress });
        }
        let engine = Arc::clone(self);
        let work = move || {
            // `save` has logged the outcome, and INFO reports it.
            drop(engine.save());
        };
        std::thread::Builder::new().name("replica-save".into()).spawn(work)?;
        Ok(())
    }

    fn write_snapshot(&self) -> Result<String, SaveError> {
        let (dir, path) = (self.dir(), self.snapshot_path());
        let mut file = temporary::create(&dir, Use::Save)?;
        let mut view = self.begin_view(|_, _| {})?;
        let changes = view.changes();
        view.keep_stream();
        let form = self.store().dialect().form();
        view.write(form, Filter::default(), &mut |bytes| {
            Ok(file.as_file_mut().write_all(bytes)?)
        })?;
        drop(view);
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        // The new name has to be on the disk as well.
        File::open(&dir)?.sync_all()?;
        self.schedule.saved(changes);
        Ok(path.display().to_string())
    }

    /// Loads the data of an earlier run, if there are any: the append-only file, else the snapshot.
    pub(in crate::engine) fn restore(&self) {
        if !self.restore_log() {
            self.restore_snapshot();
        }
        // Files that a master could not load stay as they are.
        if !self.ending.has_begun() {
            self.aof.restored();
        }
    }

    fn restore_snapshot(&self) {
        let path = self.snapshot_path();
        match File::open(&path) {
            Ok(file) => self.restore_from(file, &path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::error!(path = %path.display(), "the snapshot cannot be read: {error}")
            }
        }
    }

    fn restore_from(&self, file: File, path: &Path) {
        let started = Instant::now();
        let source = BufReader::with_capacity(BUFFER, file);
        let loaded = load(source, self.databases, self.seed, || self.check_memory(), &[]);
        match loaded {
            Ok(Loaded { store: new, origin }) => {
                let replid = origin.replid.as_deref().and_then(|text| text.parse::<ReplId>().ok());
                let leads = self.config.load().replica.replicaof == ReplicaOf::NoOne;
                let (replid, offset) = match (replid.zip(origin.offset), leads) {
                    (Some(history), _) => history,
                    // A master begins a history of its own.
                    (None, true) => (random_id(), 0),
                    (None, false) => {
                        let why = "the snapshot names no history: a full resync will replace it";
                        return tracing::warn!(path = %path.display(), "{why}");
                    }
                };
                let db = match origin.db(self.databases) {
                    Ok(db) => db,
                    Err(error) => return log_unusable(path, &error),
                };
                let offset = ReplOffset::new(offset);
                let mut store = self.store_mut();
                store.replace(new);
                self.set_dialect(store.dialect());
                self.stream_db.store(db, Relaxed);
                self.publish(&Offsets::at(offset));
                let mut info = self.link_info();
                info.identity = Identity::restored(replid).after(origin.stream.second());
                self.begin_data_epoch(&info);
                let size = self.config.load().replica.repl_backlog_size;
                info.source.resume(origin.stream.backlog(size, offset));
                info.server = origin.server.unwrap_or_default();
                info.has_data = true;
                drop(info);
                drop(store);
                tracing::info!(%offset, took = ?started.elapsed(), "loaded the data of the last run");
            }
            Err(error) => log_unusable(path, &error),
        }
    }
}

fn log_unusable(path: &Path, error: &LoadError) {
    tracing::error!(path = %path.display(), "the snapshot cannot be loaded, so a full resync follows: {error}");
}
