//! Saves a store as an RDB file, at once or in pieces. Never opens a file.

use std::io::Write;

use crate::keyspace::{Database, Slot};
use crate::store::Store;
use tidegate_rdb::{Form, KeyFacts, WriteError, Writer};

/// The time of loading of a module's data that comes before the keys.
const BEFORE_KEYS: u64 = 1;

/// The place up to which the keys of a store are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SaveCursor {
    db: usize,
    /// The cursor of [`crate::keyspace::Database::scan`].
    at: u64,
}

impl Store {
    /// Writes all data as an RDB file. `aux` has the facts about the file, `redis-ver` and its
    /// like. Returns the destination.
    ///
    /// # Errors
    /// The error of the destination, and [`WriteError::NotInForm`] if `form` has no place for a
    /// value.
    pub fn save<W: Write>(
        &self,
        out: W,
        form: Form,
        aux: &[(&[u8], &[u8])],
    ) -> Result<W, WriteError> {
        let mut writer = Writer::new(out, form)?;
        self.save_head(&mut writer, aux)?;
        let mut next = Some(SaveCursor::default());
        while let Some(cursor) = next {
            next = self.save_part(cursor, usize::MAX, &mut writer)?;
        }
        self.save_tail(&mut writer)?;
        writer.finish()
    }

    /// Writes the part before the keys. Then come [`Self::save_part`] until there is no more,
    /// [`Self::save_tail`] and [`Writer::finish`].
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn save_head<W: Write>(
        &self,
        writer: &mut Writer<W>,
        aux: &[(&[u8], &[u8])],
    ) -> Result<(), WriteError> {
        aux.iter().try_for_each(|(key, value)| writer.aux(key, value))?;
        let before = self.data.module_aux.iter().filter(|aux| aux.when == BEFORE_KEYS);
        before.into_iter().try_for_each(|aux| writer.module_aux(aux))?;
        self.save_functions(writer)
    }

    /// Writes the libraries of functions alone, for a file that has no more than these.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn save_functions<W: Write>(&self, writer: &mut Writer<W>) -> Result<(), WriteError> {
        self.data.libraries.iter().try_for_each(|library| writer.function(&library.source))
    }

    /// Begins a snapshot view: [`Self::save_part`] writes the present state, whatever changes
    /// meanwhile, until [`Self::end_snapshot_view`].
    pub fn begin_snapshot_view(&mut self) {
        for (db, database) in self.data.databases.iter_mut().enumerate() {
            database.begin_snapshot_view(db);
        }
    }

    /// Whether a snapshot view is being written.
    #[must_use]
    pub fn has_snapshot_view(&self) -> bool {
        self.data.databases.first().is_some_and(|database| database.snapshot_view().is_some())
    }

    /// Notes that the keys before `cursor` are written. Commands that change them need not keep
    /// their former values.
    pub fn advance_snapshot_view(&mut self, before: SaveCursor, cursor: Option<SaveCursor>) {
        let reached = cursor.filter(|cursor| cursor.db == before.db).map_or(0, |cursor| cursor.at);
        let of_view = |database: &&mut Database| {
            database.snapshot_view().is_some_and(|view| view.db() == before.db)
        };
        if let Some(database) = self.data.databases.iter_mut().find(of_view) {
            database.advance_snapshot_view(reached);
        }
    }

    /// Ends the snapshot view, which is written or no longer needed.
    pub fn end_snapshot_view(&mut self) {
        self.data.databases.iter_mut().for_each(Database::end_snapshot_view);
        (0..self.data.databases.len()).for_each(|db| self.data.collect(db));
    }

    /// Writes at least `count` keys of one database from `cursor` on, if it has so many. Returns
    /// the next cursor, or `None` behind the last key. Without [`Self::begin_snapshot_view`] a
    /// change between two pieces may be in the file or not, but a key that is there all the time is
    /// written exactly once.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn save_part<W: Write>(
        &self,
        cursor: SaveCursor,
        count: usize,
        writer: &mut Writer<W>,
    ) -> Result<Option<SaveCursor>, WriteError> {
        let SaveCursor { db, at } = cursor;
        let Some(database) = self.saved_database(db) else { return Ok(None) };
        let (keys, volatile) = match database.snapshot_view() {
            Some(view) => (view.len(), view.volatile()),
            None => (database.len(), database.volatile()),
        };
        let mut next = 0;
        if keys > 0 {
            if at == 0 {
                writer.select_db(db as u64)?;
                writer.resize_db(keys as u64, volatile as u64)?;
            }
            let mut written = Ok(());
            next = database.part(at, count, |slot| {
                if written.is_ok() {
                    written = save_key(slot, writer);
                }
            });
            written?;
        }
        let db = if next == 0 { db + 1 } else { db };
        Ok((db < self.data.databases.len()).then_some(SaveCursor { db, at: next }))
    }

    /// Returns the database of number `db`, or that which had this number when the snapshot view
    /// began.
    fn saved_database(&self, db: usize) -> Option<&Database> {
        let of_view =
            |database: &&Database| database.snapshot_view().is_some_and(|view| view.db() == db);
        self.data.databases.iter().find(of_view).or_else(|| self.data.databases.get(db))
    }

    /// Writes the part behind the keys.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn save_tail<W: Write>(&self, writer: &mut Writer<W>) -> Result<(), WriteError> {
        let behind = self.data.module_aux.iter().filter(|aux| aux.when != BEFORE_KEYS);
        behind.into_iter().try_for_each(|aux| writer.module_aux(aux))
    }
}

fn save_key<W: Write>(slot: &Slot, writer: &mut Writer<W>) -> Result<(), WriteError> {
    let facts = KeyFacts::expiring(slot.expires());
    slot.value().write(writer.key(slot.key(), facts)?)
}
