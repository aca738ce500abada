//! What a snapshot brings becomes keys.

use super::library::Library;
use super::slot::Slot;
use super::value::Value;
use super::{Dialect, Packing, Store};
use crate::rdb;

/// Why a key of a snapshot cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InsertError {
    /// It was there before.
    #[error("comes twice")]
    Duplicate,
    /// Its value contradicts itself.
    #[error("{0}")]
    Value(String),
}

impl Store {
    /// Adds a key of a snapshot to a database. A collection without elements, which servers once
    /// wrote by mistake, is passed over, as they do.
    ///
    /// # Errors
    /// The key and [`InsertError`]; nothing is added then.
    pub fn insert(&mut self, db: usize, entry: rdb::Entry) -> Result<(), (Vec<u8>, InsertError)> {
        let rdb::Entry { key, expires_ms, value, .. } = entry;
        let (packing, dialect, hasher) = (self.packing, self.dialect, self.hasher);
        let database = self.database_mut(db);
        if value.is_empty() && !matches!(value, rdb::Value::Stream(_)) {
            return Ok(());
        }
        let value = match Value::from_snapshot(value, &packing, dialect, hasher) {
            Ok(value) => value,
            Err(error) => return Err((key, error)),
        };
        let is_new = database.add(&key, expires_ms, || Slot::new(&key, expires_ms, value));
        if is_new { Ok(()) } else { Err((key, InsertError::Duplicate)) }
    }

    /// Keeps the source of a library of functions.
    pub fn add_function(&mut self, source: Vec<u8>) {
        self.libraries.add(Library::kept(source));
    }

    /// Keeps what a module saved besides its values.
    pub fn add_module_aux(&mut self, aux: rdb::ModuleAux) {
        self.module_aux.push(aux);
    }

    /// Becomes the data of a server of this dialect. To be said before there are keys.
    pub fn set_dialect(&mut self, dialect: Dialect) {
        self.dialect = dialect;
        self.packing = Packing::of(dialect);
    }

    /// Makes room for as many keys as a snapshot promises; never for more than a few million at
    /// once, since it may promise what it does not have.
    pub fn reserve(&mut self, db: usize, keys: u64) {
        const MOST: u64 = 1 << 23;
        let keys = usize::try_from(keys.min(MOST)).unwrap_or_default();
        self.database_mut(db).reserve(keys);
    }
}
