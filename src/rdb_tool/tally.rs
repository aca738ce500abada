//! Counts what is in an RDB file. Prints nothing.

use std::collections::BTreeMap;

use tidegate_rdb::{ChecksumState, Entry, Header, Item, Value, module};

/// How many of the largest keys are remembered.
const LARGEST: usize = 10;

/// How many of a module's names are remembered, and of things about the file.
const NAMES: usize = 1000;

/// What was found in a file.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// How long the file is, if that is known.
    pub(super) len: Option<u64>,
    /// How much of it was read.
    pub(super) read: u64,
    /// What follows its end.
    pub(super) behind: Behind,
    pub(super) header: Option<Header>,
    pub(super) checksum: Option<ChecksumState>,
    pub(super) aux: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) databases: BTreeMap<u64, Database>,
    pub(super) kinds: BTreeMap<(&'static str, &'static str), Kind>,
    /// The largest keys, the largest first.
    pub(super) largest: Vec<Large>,
    pub(super) functions: u64,
    /// How many values and other data each module's type has.
    pub(super) modules: BTreeMap<String, (u64, u64)>,
    /// Collections without elements that are not streams.
    pub(super) empty: u64,
    pub(super) slots: u64,
    db: u64,
}

/// What follows the end of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Behind {
    /// Nothing, or the end was not reached.
    #[default]
    Nothing,
    /// The mark that a master puts behind what it sends to a replica.
    Mark,
    /// Something else.
    More,
}

impl Behind {
    /// As much of it as has to be seen.
    pub(super) const LOOK: usize = 41;

    /// Of so many of its first bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        match bytes.len() {
            0 => Self::Nothing,
            40 if bytes.iter().all(u8::is_ascii_hexdigit) => Self::Mark,
            _ => Self::More,
        }
    }
}

/// The keys of a database.
#[derive(Debug, Default)]
pub(super) struct Database {
    pub(super) keys: u64,
    pub(super) expires: u64,
}

/// The keys of one type in one form.
#[derive(Debug, Default)]
pub(super) struct Kind {
    pub(super) keys: u64,
    pub(super) elements: u64,
    pub(super) bytes: u64,
    pub(super) largest: u64,
}

/// One of the largest keys.
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

    /// The number of the database whose keys come.
    pub(super) const fn db(&self) -> u64 {
        self.db
    }

    /// Counts an item that takes so many bytes of the file.
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
