//! What a value looks like inside, for tests that hold it against a real server's. No command.

use crate::primitives::Digest;
use crate::{Packing, Store};
use tidegate_rdb::{Form, dump};

/// What tests are told of a key.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peek {
    /// As `OBJECT ENCODING` tells it.
    pub encoding: &'static str,
    /// As `DEBUG DIGEST-VALUE` tells it.
    pub digest: String,
    /// As `DUMP` tells it.
    pub dump: Vec<u8>,
}

impl Store {
    /// The limits by which values are packed.
    #[must_use]
    pub fn packing(&self) -> &Packing {
        &self.data.packing
    }

    /// Packs by other limits from now on.
    pub fn set_packing(&mut self, packing: Packing) {
        self.data.packing = packing;
    }

    /// A key, its `DUMP` in the form of `version`. `None` without the key.
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
