//! Counts the content of an RDB file.

use std::collections::BTreeMap;

use tidegate_rdb::{ChecksumState, Entry, Header, Item, Value, module};

/// How many of the largest keys are kept.
const LARGEST: usize = 10;

/// The most names of modules, and of auxiliary fields, that are kept.
const NAMES: usize = 1000;

/// The counts of one file.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// The length of the file in bytes, if it is known.
    pub(super) len: Option<u64>,
    /// The bytes that were read.
    pub(super) read: u64,
    /// The data after the end of the RDB data.
    pub(super) trailing: Trailing,
    pub(super) header: Option<Header>,
    pub(super) checksum: Option<ChecksumState>,
    pub(super) aux: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) databases: BTreeMap<u64, Database>,
    pub(super) kinds: BTreeMap<(&'static str, &'static str), Kind>,
    /// The largest keys, the largest first.
    pub(super) largest: Vec<Large>,
    pub(super) functions: u64,
    /// By module type: the number of values, and of auxiliary data.
    pub(super) modules: BTreeMap<String, (u64, u64)>,
    /// The number of empty collections, streams not included.
    pub(super) empty: u64,
    pub(super) slots: u64,
    db: u64,
}

/// The data after the end of the RDB data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Trailing {
    /// No data, or the end was not reached.
    #[default]
    Nothing,
    /// The 40 bytes with which a master ends a payload for a replica.
    Mark,
    /// Other data.
    More,
}

impl Trailing {
    /// The number of bytes that [`Trailing::of`] needs.
    pub(super) const LOOK: usize = 41;

    /// The kind of the data that begins with `bytes`.
    pub(super) fn of(bytes: &[u8]) -> Self {
        match bytes.len() {
            0 => Self::Nothing,
            40 if bytes.iter().all(u8::is_ascii_hexdigit) => Self::Mark,
            _ => Self::More,
        }
    }
}

/// The counts of one database.
#[derive(Debug, Default)]
pub(super) struct Database {
    pub(super) keys: u64,
    pub(super) expires: u64,
}

/// The counts of the keys of one type and encoding.
#[derive(Debug, Default)]
pub(super) struct Kind {
    pub(super) keys: u64,
    pub(super) elements: u64,
    pub(super) bytes: u64,
    pub(super) largest: u64,
}

/// One of the largest keys of the file.
#[derive(Debug)]
pub(super) struct Large {
    pub(super) bytes: u64,
    pub(super) elements: u64,
    pub(super) kind: &'static str,
    pub(super) db: u64,
    pub(super) key: Vec<u8>,
}

impl Tally {
    pub(super) fn new(len: Option<u64>) -> Self {
        Self { len, ..Self::default() }
    }

    /// The number of the database of the next keys.
    pub(super) const fn db(&self) -> u64 {
        self.db
    }

    /// Counts an item that takes `bytes` of the file.
    pub(super) fn add(&mut self, item: &Item, bytes: u64) {
        match item {
            Item::Header(header) => self.header = Some(*header),
            Item::Aux { key, value } if self.aux.len() < NAMES => {
                self.aux.push((key.clone(), value.clone()));
            }
            Item::SelectDb(db) => self.db = *db,
            Item::SlotInfo { .. } => self.slots += 1,
            Item::Function(_) => self.functions += 1,
            Item::ModuleAux(aux) => self.module(module::type_name(aux.id)).1 += 1,
            Item::Key(entry) => self.key(entry, bytes),
            Item::End(checksum) => self.checksum = Some(*checksum),
            Item::Aux { .. } | Item::ResizeDb { .. } | Item::SlotImport { .. } => {}
        }
    }

    fn module(&mut self, name: String) -> &mut (u64, u64) {
        let name = if self.modules.len() < NAMES { name } else { "others".to_owned() };
        self.modules.entry(name).or_default()
    }

    fn key(&mut self, entry: &Entry, bytes: u64) {
        let (kind, elements) = (entry.value.kind(), entry.value.len());
        let database = self.databases.entry(self.db).or_default();
        database.keys += 1;
        database.expires += u64::from(entry.expires_ms.is_some());
        let of_kind = self.kinds.entry((kind, entry.value.encoding())).or_default();
        of_kind.keys += 1;
        of_kind.elements += elements;
        of_kind.bytes += bytes;
        of_kind.largest = of_kind.largest.max(bytes);
        if let Value::Module(value) = &entry.value {
            self.module(value.type_name()).0 += 1;
        }
        self.empty += u64::from(elements == 0 && kind != "stream");
        let smallest = self.largest.last().map_or(0, |large| large.bytes);
        if self.largest.len() < LARGEST || bytes > smallest {
            self.largest.truncate(LARGEST - 1);
            let at = self.largest.partition_point(|large| large.bytes >= bytes);
            let large = Large { bytes, elements, kind, db: self.db, key: entry.key.clone() };
            self.largest.insert(at, large);
        }
    }
}
