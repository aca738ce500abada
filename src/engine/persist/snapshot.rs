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
use crate::engine::Engine;
use crate::engine::state::{memory, unix_ms};
use crate::tasks::Kind;
use tidegate_rdb::{WriteError, Writer};
use tidegate_replication::{Identity, Offsets};
use tidegate_store::SaveCursor;
use tidegate_wire::units::{ReplId, ReplOffset};

/// The size of the buffer for reading the file.
const BUFFER: usize = 1 << 20;
/// The keys that a save writes before it releases the lock for others.
const PIECE: usize = 1000;

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
    /// A full resync has replaced the data during the save.
    #[error("the data were replaced by a full resync meanwhile")]
    Replaced,
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
        if self.saves.go_on() {
            return Err(SaveError::InProgress);
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
        let position = self.begin_snapshot_view()?;
        let written = self.write_snapshot_view(&position, file.as_file_mut());
        self.store_mut().end_snapshot_view();
        written?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        // The new name has to be on the disk as well.
        File::open(&dir)?.sync_all()?;
        Ok(path.display().to_string())
    }

    /// Loads the snapshot of an earlier run, if there is one.
    pub(in crate::engine) fn restore(&self) {
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
                let (Some(replid), Some(offset)) = (replid, origin.offset) else {
                    let why = "the snapshot names no history: a full resync will replace it";
                    return tracing::warn!(path = %path.display(), "{why}");
                };
                let db = origin.db.unwrap_or(0);
                if db >= self.databases {
                    // The engine lacks the database that the stream has selected.
                    return log_unusable(
                        path,
                        &LoadError::Database(u64::try_from(db).unwrap_or(u64::MAX)),
                    );
                }
                let offset = ReplOffset::new(offset);
                let mut store = self.store_mut();
                store.replace(new);
                self.set_dialect(store.dialect());
                self.stream_db.store(db, Relaxed);
                self.publish(&Offsets::at(offset));
                let mut info = self.link_info();
                info.identity = Identity::restored(replid);
                self.begin_data_epoch(&info);
                info.backlog.restart(offset);
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

/// The history and the offset of the data.
struct Position {
    replid: ReplId,
    applied: ReplOffset,
    db: usize,
}

impl Engine {
    /// Begins a snapshot view of the data as they are now.
    fn begin_snapshot_view(&self) -> Result<Position, SaveError> {
        // The link applies nothing under this lock, so history and offset are those of the data.
        let mut store = self.store_mut();
        let info = self.link_info();
        if !info.has_data || info.identity.replid() == ReplId::ZERO {
            return Err(SaveError::NoData);
        }
        if !info.identity.is_resumable() {
            return Err(SaveError::Distrusted);
        }
        let (replid, applied) = (info.identity.replid(), self.applied());
        store.begin_snapshot_view();
        Ok(Position { replid, applied, db: self.stream_db.load(Relaxed) })
    }

    /// Writes the snapshot view piece by piece. The stream goes on between two pieces.
    fn write_snapshot_view(&self, position: &Position, file: &mut File) -> Result<(), SaveError> {
        let mut writer = self.write_head(position)?;
        let mut next = Some(SaveCursor::default());
        while let Some(cursor) = next {
            {
                let _turn = self.turns.begin();
                let store = self.store();
                if !store.has_snapshot_view() {
                    return Err(SaveError::Replaced);
                }
                next = store.save_part(cursor, PIECE, &mut writer)?;
            }
            self.store_mut().advance_snapshot_view(cursor, next);
            drain(&mut writer, file)?;
        }
        self.store().save_tail(&mut writer)?;
        file.write_all(&writer.finish()?)?;
        Ok(())
    }

    /// Begins a file with the fields that `rdbSaveInfoAuxFields` writes.
    fn write_head(&self, position: &Position) -> Result<Writer<Vec<u8>>, SaveError> {
        let store = self.store();
        let dialect = store.dialect();
        let (seconds, used) = (unix_ms() / 1000, memory::used().unwrap_or_default());
        let (seconds, used) = (seconds.to_string(), used.to_string());
        let (db, offset) = (position.db.to_string(), position.applied.to_string());
        let version = self.link_info().server.version.clone();
        let mut aux: Vec<(&[u8], &[u8])> = vec![
            (dialect.version_field().as_bytes(), version.as_bytes()),
            (b"redis-bits", b"64"),
            (b"ctime", seconds.as_bytes()),
            (b"used-mem", used.as_bytes()),
            (b"repl-stream-db", db.as_bytes()),
            (b"repl-id", position.replid.as_str().as_bytes()),
            (b"repl-offset", offset.as_bytes()),
        ];
        // Servers skip fields that they do not know.
        let settings = store.packing().settings(dialect);
        aux.extend(settings.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
        let mut writer = Writer::new(Vec::new(), dialect.form())?;
        store.save_head(&mut writer, &aux)?;
        Ok(writer)
    }
}

/// Moves the written bytes to the file.
fn drain(writer: &mut Writer<Vec<u8>>, file: &mut File) -> Result<(), SaveError> {
    writer.flush()?;
    let written = writer.get_mut();
    file.write_all(written)?;
    written.clear();
    Ok(())
}
