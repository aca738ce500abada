//! A snapshot view of the data, and how it is written: piece by piece, while readers and the stream
//! go on. A save writes it to a file, and a full resync of a sub-replica to that sub-replica.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::kept_stream;
use super::snapshot::SaveError;
use crate::engine::Engine;
use crate::engine::state::{Changes, LinkInfo, memory, unix_ms};
use tidegate_rdb::{Form, Writer};
use tidegate_replication::{Filter, Position};
use tidegate_store::SaveCursor;
use tidegate_wire::units::ReplId;

/// The most keys that are written before the lock is released for others.
const PIECE_MAX: usize = 1000;
/// How long a piece should take. The link waits at the lock meanwhile.
const PIECE_TIME: Duration = Duration::from_millis(1);

/// The destination of a file's bytes.
pub(in crate::engine) type Sink<'s> = dyn FnMut(&[u8]) -> Result<(), SaveError> + 's;

/// A view of the data as they were when it began. It ends when it is dropped. The store has one at
/// most: the caller has claimed it (`Saves::claim`).
#[derive(Debug)]
pub(in crate::engine) struct View<'e> {
    engine: &'e Engine,
    position: Position,
    /// The database that the stream had selected.
    db: usize,
    /// The changes that the view has.
    changes: Changes,
    /// Whether the file gets the end of the stream as well.
    keeps_stream: bool,
    /// The keys of the next piece.
    piece: usize,
}

impl Engine {
    /// Begins a view of the data as they are now. Calls `begun` at that moment, while the stream
    /// stands still.
    ///
    /// # Errors
    /// There are no data of a master, or they may differ from the master's.
    pub(in crate::engine) fn begin_view(
        &self,
        begun: impl FnOnce(&mut LinkInfo, Position),
    ) -> Result<View<'_>, SaveError> {
        // The link applies nothing under this lock, so history and offset are those of the data.
        let mut store = self.store_mut();
        let mut info = self.link_info();
        let replid = info.identity.replid();
        if !info.has_data || replid == ReplId::ZERO {
            return Err(SaveError::NoData);
        }
        if !self.leads() && !info.identity.is_resumable() {
            return Err(SaveError::Distrusted);
        }
        let position = Position { replid, offset: self.applied() };
        store.begin_snapshot_view();
        begun(&mut info, position);
        let changes = Changes { epoch: self.data_epoch(), count: store.dirty() };
        let db = self.stream_db.load(Relaxed);
        Ok(View { engine: self, position, db, changes, keeps_stream: false, piece: 1 })
    }
}

impl View<'_> {
    /// The changes that the view has.
    pub(super) const fn changes(&self) -> Changes {
        self.changes
    }

    /// Makes the file contain the end of the stream: sub-replicas continue after a restart.
    pub(super) const fn keep_stream(&mut self) {
        self.keeps_stream = true;
    }

    /// Writes a file of this form, without what `filter` leaves out.
    ///
    /// # Errors
    /// [`SaveError`]; the file is of no use then.
    pub(in crate::engine) fn write(
        &mut self,
        form: Form,
        filter: Filter,
        sink: &mut Sink<'_>,
    ) -> Result<(), SaveError> {
        let mut writer = self.head(form, filter)?;
        if self.keeps_stream {
            kept_stream::write(self.engine, self.position, &mut writer)?;
        }
        drain(&mut writer, sink)?;
        if !filter.without_data {
            let mut next = Some(SaveCursor::default());
            while let Some(cursor) = next {
                next = self.part(cursor, &mut writer)?;
                self.engine.store_mut().advance_snapshot_view(cursor, next);
                drain(&mut writer, sink)?;
            }
            self.engine.store().save_tail(&mut writer)?;
        }
        sink(&writer.finish()?)
    }

    /// Writes one piece. Small keys come by the thousand, and large ones a few at a time.
    fn part(
        &mut self,
        cursor: SaveCursor,
        writer: &mut Writer<Vec<u8>>,
    ) -> Result<Option<SaveCursor>, SaveError> {
        let _turn = self.engine.turns.begin();
        let store = self.engine.store();
        if !store.has_snapshot_view() {
            return Err(SaveError::Replaced);
        }
        let began = Instant::now();
        let next = store.save_part(cursor, self.piece, writer)?;
        let is_short = began.elapsed() < PIECE_TIME;
        let piece = if is_short { self.piece * 2 } else { self.piece / 2 };
        self.piece = piece.clamp(1, PIECE_MAX);
        Ok(next)
    }

    /// Begins a file with the fields that `rdbSaveInfoAuxFields` writes.
    fn head(&self, form: Form, filter: Filter) -> Result<Writer<Vec<u8>>, SaveError> {
        let store = self.engine.store();
        let dialect = store.dialect();
        let (seconds, used) = (unix_ms() / 1000, memory::used().unwrap_or_default());
        let (seconds, used) = (seconds.to_string(), used.to_string());
        let (db, offset) = (self.db.to_string(), self.position.offset.to_string());
        let version = self.engine.link_info().server.version.clone();
        let mut aux: Vec<(&[u8], &[u8])> = vec![
            (dialect.version_field().as_bytes(), version.as_bytes()),
            (b"redis-bits", b"64"),
            (b"ctime", seconds.as_bytes()),
            (b"used-mem", used.as_bytes()),
            (b"repl-stream-db", db.as_bytes()),
            (b"repl-id", self.position.replid.as_str().as_bytes()),
            (b"repl-offset", offset.as_bytes()),
        ];
        // Servers skip fields that they do not know.
        let settings = store.packing().settings(dialect);
        aux.extend(settings.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
        let mut writer = Writer::new(Vec::new(), form)?;
        if !filter.leaves_out() {
            store.save_head(&mut writer, &aux)?;
            return Ok(writer);
        }
        aux.iter().try_for_each(|(key, value)| writer.aux(key, value))?;
        if !filter.without_functions {
            store.save_functions(&mut writer)?;
        }
        Ok(writer)
    }
}

impl Drop for View<'_> {
    fn drop(&mut self) {
        self.engine.store_mut().end_snapshot_view();
    }
}

/// Hands on the bytes that are written.
fn drain(writer: &mut Writer<Vec<u8>>, sink: &mut Sink<'_>) -> Result<(), SaveError> {
    writer.flush()?;
    let written = writer.get_mut();
    sink(written)?;
    written.clear();
    Ok(())
}
