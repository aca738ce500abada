//! The inside of a value, for tests that compare it with a real server's. No command.

use crate::packing::Packing;
use crate::primitives::Digest;
use crate::store::Store;
use tidegate_rdb::{Form, dump};

/// The inside of a value.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peek {
    /// The encoding of `OBJECT ENCODING`.
    pub encoding: &'static str,
    /// The digest of `DEBUG DIGEST-VALUE`.
    pub digest: String,
    /// The payload of `DUMP`.
    pub dump: Vec<u8>,
}

impl Store {
    /// Fetches into the processor's cache what requests will look up, for the first sixteen: of each
    /// its key, and the word behind it, which may name a member or a field. Many lie in memory that
    /// the processor has to wait for, and it waits for several at once.
    pub fn warm(&self, db: usize, requests: &[[&[u8]; 2]]) {
        std::hint::black_box(self.data.database(db).warm(requests));
    }

    /// The limits by which values are packed.
    #[must_use]
    pub fn packing(&self) -> &Packing {
        &self.data.packing
    }

    /// Changes the limits by which values are packed from now on.
    pub fn set_packing(&mut self, packing: Packing) {
        self.data.packing = packing;
    }

    /// Returns the inside of a key's value, its `DUMP` in the form of `version`; `None` without the
    /// key.
    #[doc(hidden)]
    #[must_use]
    pub fn peek(&self, db: usize, key: &[u8], version: u16, now_ms: i64) -> Option<Peek> {
        let slot = self.data.database(db).get(key)?;
        let mut digest = Digest::default();
        slot.digest(self.data.dialect, now_ms, &mut digest);
        let encoding = slot.encoding(self.data.dialect);
        let form = Form::for_version(version);
        let dump = dump::encode(form, true, |to| slot.value().write(to));
        Some(Peek { encoding, digest: digest.hex(), dump: dump.ok()? })
    }
}
