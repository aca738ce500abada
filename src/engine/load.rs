//! A snapshot becomes a store, on a thread of its own, beside the data that is being read.

use std::io::Read;

use super::fault::Remedy;
use super::memory;
use crate::rdb::{Entry, Item, Limits, RdbError, Reader};
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

/// How many keys are loaded between two looks at the memory in use.
const KEYS_PER_LOOK: u64 = 4096;

/// Reads a whole snapshot. `seed` is [`Store::new`]'s; `limit` is the most bytes that may be in use meanwhile (`maxmemory`).
pub(super) fn load(
    source: impl Read,
    databases: usize,
    seed: u64,
    limit: Option<u64>,
) -> Result<Loaded, LoadError> {
    let mut reader = Reader::new(source, Limits::default());
    let store = Store::new(databases, Dialect::default(), seed);
    let mut loaded = Loaded { store, replid: None, offset: None, db: None };
    let (mut db, mut keys) = (0, 0_u64);
    while let Some(item) = reader.next_item()? {
        match item {
            Item::Key(entry) => {
                insert(&mut loaded.store, db, entry)?;
                keys += 1;
                if keys.is_multiple_of(KEYS_PER_LOOK)
                    && let Some((used, limit)) = memory::beyond(limit)
                {
                    return Err(LoadError::Memory { used, limit });
                }
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

fn insert(store: &mut Store, db: usize, entry: Entry) -> Result<(), LoadError> {
    store.insert(db, entry).map_err(|(key, error)| {
        let short = key.get(..64).unwrap_or(&key);
        LoadError::Key { key: short.escape_ascii().to_string(), error }
    })
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
