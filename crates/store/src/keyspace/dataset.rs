//! All data of a server: its databases, the libraries of functions, and what modules saved.

use super::database::Database;
use super::former::Former;
use super::opaque::OpaqueNews;
use crate::call::Eviction;
use crate::dialect::Dialect;
use crate::library::Libraries;
use crate::packing::Packing;
use crate::primitives::{Digest, Hasher};
use tidegate_rdb::ModuleAux;

/// How many keys are remembered for [`Dataset::take_opaque_news`].
const NEWS_MAX: usize = 16;

/// All data of a server, and the limits by which it is packed.
#[derive(Debug)]
pub(crate) struct Dataset {
    pub(crate) databases: Vec<Database>,
    pub(crate) dialect: Dialect,
    pub(crate) packing: Packing,
    pub(crate) hasher: Hasher,
    /// The libraries of functions. They are kept and never run.
    pub(crate) libraries: Libraries,
    /// The data that modules saved besides their values.
    pub(crate) module_aux: Vec<ModuleAux>,
    /// The number of changes so far.
    pub(crate) dirty: u64,
    /// Removed values that the caller has not freed yet.
    pub(crate) former: Former,
    /// Whether there may be keys whose values cannot be read here.
    pub(crate) has_opaque: bool,
    /// The first few of those keys that the caller has not taken yet.
    opaque_news: Vec<OpaqueNews>,
    /// How keys are evicted.
    pub(crate) eviction: Eviction,
}

impl Dataset {
    /// Returns `databases` empty databases, at least one.
    pub(crate) fn new(databases: usize, dialect: Dialect, hasher: Hasher) -> Self {
        Self {
            databases: (0..databases.max(1)).map(|_| Database::new(hasher)).collect(),
            dialect,
            packing: Packing::of(dialect),
            hasher,
            libraries: Libraries::default(),
            module_aux: Vec::new(),
            dirty: 0,
            former: Former::default(),
            has_opaque: false,
            opaque_news: Vec::new(),
            eviction: Eviction::default(),
        }
    }

    /// Returns the database of this number, or the first one if there is none.
    #[inline]
    pub(crate) fn database(&self, index: usize) -> &Database {
        self.databases.get(index).unwrap_or(&self.databases[0])
    }

    /// Returns the database of this number to be changed, or the first one if there is none.
    #[inline]
    pub(crate) fn database_mut(&mut self, index: usize) -> &mut Database {
        let index = if index < self.databases.len() { index } else { 0 };
        &mut self.databases[index]
    }

    /// Takes over the removed values that a database keeps.
    #[inline]
    pub(crate) fn collect(&mut self, db: usize) {
        let index = if db < self.databases.len() { db } else { 0 };
        let former = self.databases[index].former();
        if !former.is_empty() {
            self.former.append(former);
        }
    }

    /// Notes that a key cannot be read from now on.
    pub(crate) fn note_opaque(&mut self, db: usize, key: &[u8], why: &str) {
        self.has_opaque = true;
        if self.opaque_news.len() < NEWS_MAX {
            self.opaque_news.push(OpaqueNews { db, key: key.to_vec(), why: why.to_owned() });
        }
    }

    /// Returns the noted keys since the last call, the first few of many.
    pub(crate) fn take_opaque_news(&mut self) -> Vec<OpaqueNews> {
        std::mem::take(&mut self.opaque_news)
    }

    /// Returns the digest of all databases, as `DEBUG DIGEST` shows it
    /// (`computeDatasetDigest`): forty hexadecimal digits. `now_ms` is for fields that expire;
    /// expired keys count.
    pub(crate) fn digest(&self, now_ms: i64) -> String {
        let mut all = Digest::default();
        let numbered = (0_u32..).zip(&self.databases);
        for (number, database) in numbered.filter(|(_, database)| database.len() > 0) {
            all.mix(&number.to_be_bytes());
            for slot in database.iter() {
                let mut digest = Digest::default();
                digest.mix(slot.key());
                slot.digest(self.dialect, now_ms, &mut digest);
                all.xor(digest.bytes());
            }
        }
        all.hex()
    }
}
