//! Loads the keys of a snapshot.

use crate::dialect::Dialect;
use crate::keyspace::{Database, Opaque, SMALL, Slot, Value};
use crate::library::Library;
use crate::packing::Packing;
use crate::primitives::{Hasher, InsertError};
use crate::store::Store;
use crate::values::strings::{Str, kind_of};
use tidegate_rdb as rdb;

/// A key that is refused, and why.
pub type Refused = (Vec<u8>, InsertError);

/// Fills an empty store. Keys are put into the tables many at a time, those of one region together:
/// a table is larger than any cache, and a key at a time would wait for memory.
#[derive(Debug)]
pub struct Loader {
    store: Store,
    db: usize,
    /// Keys of database `db` that are not in its table yet, by the top bits of their hashes.
    waiting: Vec<Vec<(u32, Slot)>>,
}

/// The number of regions of a table, as bits of a hash.
const REGION_BITS: u32 = 8;
/// How many keys of one region are put into the table together.
const TOGETHER: usize = 256;

impl Loader {
    /// Returns a loader for an empty store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        let waiting = (0..1 << REGION_BITS).map(|_| Vec::new()).collect();
        Self { store, db: 0, waiting }
    }

    /// The store so far, without the keys that are not in their table yet.
    pub fn store(&mut self) -> &mut Store {
        &mut self.store
    }

    /// Selects the database of the keys that follow, which exists.
    pub fn select(&mut self, db: usize) {
        self.settle_all();
        self.db = db;
    }

    /// Makes room for as many keys as a snapshot promises; at most for a few million at once,
    /// because the promise may be false.
    pub fn reserve(&mut self, keys: u64) {
        const MOST: u64 = 1 << 23;
        let keys = usize::try_from(keys.min(MOST)).unwrap_or_default();
        self.store.data.database_mut(self.db).reserve(keys);
    }

    /// Adds a string.
    pub fn string(&mut self, key: &[u8], expires_ms: Option<i64>, value: &[u8]) {
        let slot = if value.len() > SMALL {
            Slot::new(key, expires_ms, Value::Str(Str::new(value.to_vec())))
        } else {
            Slot::small(key, expires_ms, kind_of(value), value)
        };
        self.add(slot);
    }

    /// Adds a key. A collection without elements, which servers once wrote by mistake, is passed
    /// over, as servers do.
    ///
    /// # Errors
    /// [`Refused`]; nothing is added then.
    pub fn entry(&mut self, entry: rdb::Entry) -> Result<(), Refused> {
        if let rdb::Value::Opaque(value) = entry.value {
            self.opaque(&entry.key, entry.expires_ms, value);
            return Ok(());
        }
        if let Some(slot) = self.store.slot_of(entry)? {
            self.add(slot);
        }
        Ok(())
    }

    /// Adds a key whose value cannot be read here.
    pub fn opaque(&mut self, key: &[u8], expires_ms: Option<i64>, value: rdb::Opaque) {
        let db = self.db;
        self.store.data.note_opaque(db, key, &value.why);
        let value = Value::Opaque(Box::new(Opaque::new(value)));
        self.add(Slot::new(key, expires_ms, value));
    }

    /// Returns the store with all keys.
    ///
    /// # Errors
    /// [`InsertError::Duplicate`] with the first key that comes twice.
    pub fn finish(mut self) -> Result<Store, Refused> {
        self.settle_all();
        let twice = self.store.data.databases.iter().find_map(Database::duplicate);
        match twice {
            Some(slot) => Err((slot.key().to_vec(), InsertError::Duplicate)),
            None => Ok(self.store),
        }
    }

    fn add(&mut self, slot: Slot) {
        let hash = self.store.data.hasher.hash(slot.key());
        let region = usize::try_from(hash >> (u32::BITS - REGION_BITS)).unwrap_or_default();
        let Some(waiting) = self.waiting.get_mut(region) else { return };
        waiting.push((hash, slot));
        if waiting.len() >= TOGETHER {
            self.store.data.database_mut(self.db).add_new(waiting.drain(..));
        }
    }

    fn settle_all(&mut self) {
        let database = self.store.data.database_mut(self.db);
        self.waiting.iter_mut().for_each(|waiting| database.add_new(waiting.drain(..)));
    }
}

/// Checks that a value of a snapshot does not contradict itself, so that an engine can hold it.
///
/// # Errors
/// [`InsertError::Value`].
pub fn judge(value: rdb::Value) -> Result<(), InsertError> {
    let dialect = Dialect::default();
    let hasher = Hasher::new(fastrand::u64(..));
    Value::from_snapshot(value, &Packing::of(dialect), dialect, hasher).map(drop)
}

impl Store {
    /// Adds a key of a snapshot to a database, as [`Loader::entry`] does.
    ///
    /// # Errors
    /// [`Refused`]; nothing is added then.
    pub fn insert(&mut self, db: usize, entry: rdb::Entry) -> Result<(), Refused> {
        let Some(slot) = self.slot_of(entry)? else { return Ok(()) };
        match self.data.database_mut(db).add(slot) {
            Ok(()) => Ok(()),
            Err(slot) => Err((slot.key().to_vec(), InsertError::Duplicate)),
        }
    }

    /// Returns the slot of a key; `None` for an empty collection.
    fn slot_of(&self, entry: rdb::Entry) -> Result<Option<Slot>, Refused> {
        let rdb::Entry { key, expires_ms, value, .. } = entry;
        if value.is_empty() && !matches!(value, rdb::Value::Stream(_)) {
            return Ok(None);
        }
        match Value::from_snapshot(value, &self.data.packing, self.data.dialect, self.data.hasher) {
            Ok(value) => Ok(Some(Slot::new(&key, expires_ms, value))),
            Err(error) => Err((key, error)),
        }
    }

    /// Keeps the source of a library of functions.
    pub fn add_function(&mut self, source: Vec<u8>) {
        self.data.libraries.add(Library::kept(source));
    }

    /// Returns every library of functions: its name and its source.
    pub fn libraries(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.data.libraries.iter().map(|it| (&it.name[..], &it.source[..]))
    }

    /// Keeps the data that a module saved besides its values.
    pub fn add_module_aux(&mut self, aux: rdb::ModuleAux) {
        self.data.module_aux.push(aux);
    }

    /// Changes the dialect of the data. Existing keys stay packed as they are, as in a server whose
    /// master was upgraded.
    pub fn set_dialect(&mut self, dialect: Dialect) {
        self.data.dialect = dialect;
        self.data.packing = Packing::of(dialect);
    }
}
