//! What a value looks like inside, for tests that hold it against a real server's. No command.

use super::Store;
use super::digest::Digest;
use super::value::ValueRef;
use crate::rdb::{Form, dump};

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
    /// A key, its `DUMP` in the form of `version`. `None` without the key.
    #[doc(hidden)]
    #[must_use]
    pub fn peek(&self, db: usize, key: &[u8], version: u16) -> Option<Peek> {
        let slot = self.database(db).get(key)?;
        let mut digest = Digest::default();
        let ValueRef::Str(text) = slot.value() else { return None };
        text.digest(&mut digest);
        if slot.expires().is_some() {
            digest.xor(b"!!expire!!");
        }
        let encoding = text.encoding(self.dialect, key.len(), slot.expires().is_some());
        let dump = dump::encode(Form::for_version(version), true, |to| text.write(to));
        Some(Peek { encoding, digest: digest.hex(), dump: dump.ok()? })
    }
}
