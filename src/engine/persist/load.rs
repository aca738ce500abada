//! Loads a snapshot into a store. For a full resync a thread of its own does so, beside the data
//! that are being read.

use std::io::Read;

use super::kept_stream::KeptStream;
use crate::engine::state::{log_opaque, memory, server};
use crate::topology::ServerVersion;
use tidegate_rdb::{Item, Limits, PlainString, RdbError, Reader};
use tidegate_replication::Setting;
use tidegate_store::{Dialect, InsertError, Loader, Refused, Store};

/// Why a snapshot could not be loaded.
#[derive(Debug, thiserror::Error)]
pub(in crate::engine) enum LoadError {
    /// The snapshot could not be read.
    #[error(transparent)]
    Read(#[from] RdbError),
    /// A key does not hold what its type says.
    #[error("key {key:?}: {error}")]
    Key {
        /// The key, shortened.
        key: String,
        /// The error of its value.
        error: InsertError,
    },
    /// The snapshot has more databases than the engine.
    #[error("it has a database {0}, and `databases` is less")]
    Database(u64),
    /// `maxmemory` is reached.
    #[error(transparent)]
    Memory(#[from] memory::Full),
}

/// A store, and where its snapshot comes from.
#[derive(Debug)]
pub(in crate::engine) struct Loaded {
    pub(in crate::engine) store: Store,
    pub(in crate::engine) origin: Origin,
}

/// The origin of a snapshot, as its fields report it.
#[derive(Debug, Default)]
pub(in crate::engine) struct Origin {
    /// The id of its history: `repl-id`.
    pub(super) replid: Option<String>,
    /// Its offset in the history: `repl-offset`.
    pub(super) offset: Option<u64>,
    /// The database that the stream had selected: `repl-stream-db`.
    pub(super) db: Option<usize>,
    /// The server that wrote it.
    pub(in crate::engine) server: Option<ServerVersion>,
    /// The end of the stream, and the history before.
    pub(super) stream: KeptStream,
    /// The version of the file's format.
    rdb: u16,
    /// The number of bytes of the snapshot.
    pub(super) len: u64,
}

/// How many bytes are loaded between two checks of the memory in use.
const BYTES_PER_LOOK: u64 = 256 * 1024;

/// Reads a whole snapshot. `seed` is that of [`Store::new`]. `room` checks now and then that there
/// is memory. `settings` are the master's.
pub(in crate::engine) fn load(
    source: impl Read,
    databases: usize,
    seed: u64,
    room: impl Fn() -> Result<(), memory::Full>,
    settings: &[Setting],
) -> Result<Loaded, LoadError> {
    let mut looked = 0;
    let mut look = |offset: u64| {
        if offset - looked < BYTES_PER_LOOK {
            return Ok(());
        }
        looked = offset;
        room()
    };
    let mut reader = Reader::new(source, Limits::default()).keeping_opaque();
    let mut loader = Loader::new(Store::new(databases, Dialect::default(), seed));
    let mut origin = Origin::default();
    loop {
        while let Some(PlainString { key, expires_ms, value }) = reader.plain_string() {
            loader.string(key, expires_ms, value);
            look(reader.offset())?;
        }
        let Some(item) = reader.next_item()? else { break };
        look(reader.offset())?;
        match item {
            Item::Key(entry) => {
                let expires_ms = entry.expires_ms;
                if let Err((key, error)) = loader.entry(entry) {
                    // Servers accept values whose parts contradict each other, because they do not
                    // look.
                    match reader.opaque(error.to_string()) {
                        Some(value) => loader.opaque(&key, expires_ms, value),
                        None => return Err(refused((key, error))),
                    }
                }
            }
            Item::SelectDb(number) => {
                let found = usize::try_from(number).ok().filter(|at| *at < databases);
                loader.select(found.ok_or(LoadError::Database(number))?);
            }
            Item::ResizeDb { keys, .. } => loader.reserve(keys),
            Item::Aux { key, value } => {
                let told = origin.hear(&key, &value);
                let store = loader.store();
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let packing = match told {
                    Some(dialect) => {
                        store.set_dialect(dialect);
                        store.packing().with(settings)
                    }
                    // The engine's own files contain the master's settings; other files have no
                    // such fields.
                    None => store.packing().with(&[(text(&key), text(&value))]),
                };
                store.set_packing(packing);
            }
            Item::Function(source) => loader.store().add_function(source),
            Item::ModuleAux(aux) => loader.store().add_module_aux(aux),
            Item::Header(header) => origin.rdb = header.version,
            Item::SlotInfo { .. } | Item::SlotImport { .. } | Item::End(_) => {}
        }
    }
    room()?;
    origin.len = reader.offset();
    let mut store = loader.finish().map_err(refused)?;
    log_opaque(&store.take_opaque_news());
    let keys = store.opaque_keys();
    if keys > 0 {
        tracing::warn!(keys, "the snapshot has values that the engine cannot read");
    }
    Ok(Loaded { store, origin })
}

fn refused((key, error): Refused) -> LoadError {
    let short = key.get(..64).unwrap_or(&key);
    LoadError::Key { key: short.escape_ascii().to_string(), error }
}

impl Origin {
    /// Returns the database that the stream had selected.
    ///
    /// # Errors
    /// The engine does not have it: it has fewer than `databases`.
    pub(in crate::engine) fn db(&self, databases: usize) -> Result<usize, LoadError> {
        let db = self.db.unwrap_or(0);
        let found = (db < databases).then_some(db);
        found.ok_or_else(|| LoadError::Database(u64::try_from(db).unwrap_or(u64::MAX)))
    }

    /// Returns the dialect of the server that wrote the file. Where the server's version does not
    /// tell, the version of the file does.
    fn dialect(&mut self, server: ServerVersion) -> Dialect {
        let of_version = server.dialect();
        let is_unreleased = Dialect::is_unreleased(&server.version);
        self.server = Some(server);
        if is_unreleased { Dialect::of_rdb(of_version.vendor(), self.rdb) } else { of_version }
    }

    /// Takes a field of the file. Returns the dialect, if this field names the server.
    fn hear(&mut self, key: &[u8], value: &[u8]) -> Option<Dialect> {
        let text = String::from_utf8_lossy(value);
        match key {
            b"redis-ver" => {
                return Some(self.dialect(server("redis", &text)));
            }
            b"valkey-ver" => {
                return Some(self.dialect(server("valkey", &text)));
            }
            b"repl-id" => self.replid = Some(text.into_owned()),
            b"repl-offset" => self.offset = text.parse().ok(),
            b"repl-stream-db" => self.db = text.parse().ok(),
            _ => self.stream.hear(key, value),
        }
        None
    }
}
