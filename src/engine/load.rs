//! A snapshot becomes a store, on a thread of its own, beside the data that is being read.

use std::io::Read;

use super::fault::Remedy;
use crate::rdb::{Item, Limits, RdbError, Reader};
use crate::store::{Dialect, InsertError, Store, Vendor};

/// Why a snapshot could not be loaded.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadError {
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] RdbError),
    /// A key is not what it says.
    #[error("key {key:?}: {error}")]
    Key {
        /// Its name, shortened.
        key: String,
        /// Why not.
        error: InsertError,
    },
    /// Not so many databases.
    #[error("it has a database {0}, and `databases` is less")]
    Database(u64),
    /// `maxmemory` is reached.
    #[error("maxmemory is reached: {used} of {limit} bytes")]
    Memory {
        /// Bytes.
        used: u64,
        /// Bytes.
        limit: u64,
    },
}

impl LoadError {
    pub(super) fn remedy(&self) -> Remedy {
        match self {
            Self::Read(error)
                if matches!(
                    error.fault,
                    crate::rdb::Fault::Io(_) | crate::rdb::Fault::Truncated
                ) =>
            {
                Remedy::Soon
            }
            _ => Remedy::Halt,
        }
    }
}

/// What was loaded.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) store: Store,
    /// `repl-id`, `repl-offset` and `repl-stream-db` of the file.
    pub(super) replid: Option<String>,
    pub(super) offset: Option<u64>,
    pub(super) db: Option<usize>,
}

/// Reads a whole snapshot.
pub(super) fn load(source: impl Read, databases: usize) -> Result<Loaded, LoadError> {
    let mut reader = Reader::new(source, Limits::default());
    let store = Store::new(databases, Dialect::default(), fastrand::u64(..));
    let mut loaded = Loaded { store, replid: None, offset: None, db: None };
    let mut db = 0;
    while let Some(item) = reader.next_item()? {
        match item {
            Item::Key(entry) => {
                let name = entry.key.iter().take(64).copied().collect::<Vec<_>>();
                loaded.store.insert(db, entry).map_err(|error| LoadError::Key {
                    key: name.escape_ascii().to_string(),
                    error,
                })?;
            }
            Item::SelectDb(number) => {
                let found = usize::try_from(number).ok().filter(|at| *at < databases);
                db = found.ok_or(LoadError::Database(number))?;
            }
            Item::ResizeDb { keys, .. } => loaded.store.reserve(db, keys),
            Item::Aux { key, value } => aux(&mut loaded, &key, &value),
            Item::Function(source) => loaded.store.add_function(source),
            Item::ModuleAux(aux) => loaded.store.add_module_aux(aux),
            Item::Header(_) | Item::SlotInfo { .. } | Item::SlotImport { .. } | Item::End(_) => {}
        }
    }
    Ok(loaded)
}

fn aux(loaded: &mut Loaded, key: &[u8], value: &[u8]) {
    let text = String::from_utf8_lossy(value);
    match key {
        b"redis-ver" => loaded.store.set_dialect(Dialect::new(Vendor::Redis, &text)),
        b"valkey-ver" => loaded.store.set_dialect(Dialect::new(Vendor::Valkey, &text)),
        b"repl-id" => loaded.replid = Some(text.into_owned()),
        b"repl-offset" => loaded.offset = text.parse().ok(),
        b"repl-stream-db" => loaded.db = text.parse().ok(),
        _ => {}
    }
}
