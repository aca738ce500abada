//! Writes an RDB file from its first byte to its last, item by item.

use std::io::{self, Write};

use super::encoder::Encoder;
use super::value_writer::ValueWriter;
use crate::checksum::Checksum;
use crate::error::WriteError;
use crate::form::Form;
use crate::item::{Entry, Item, ModuleAux};
use crate::types::{Vendor, opcode};

/// How many bytes are gathered before they are written.
const BUFFER: usize = 64 * 1024;
/// The number that stands before the time of loading of a module's data.
const MODULE_WHEN: u64 = 2;
/// The first version of Redis in which modules attach data to keys.
const FIRST_WITH_META: u16 = 13;

/// The facts about a key that are written beside its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyFacts {
    /// When the key expires, in Unix milliseconds.
    pub expires_ms: Option<i64>,
    /// For how many seconds the key has not been used. Servers write it only under an LRU policy.
    pub idle: Option<u64>,
    /// How often the key is used. Servers write it only under an LFU policy.
    pub freq: Option<u8>,
}

impl KeyFacts {
    /// Returns the facts of a key of which only the expiry is known.
    #[must_use]
    pub fn expiring(expires_ms: Option<i64>) -> Self {
        Self { expires_ms, ..Self::default() }
    }
}

/// Writes an RDB file. Items are written in the order of the calls, which has to be that of a
/// server: facts about the file, functions, databases with their keys, the end. After an error the
/// file is of no use.
#[derive(Debug)]
pub struct Writer<W: Write> {
    encoder: Encoder<Summed<W>>,
}

impl<W: Write> Writer<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// The error of the destination, as everywhere below.
    pub fn new(out: W, form: Form) -> Result<Self, WriteError> {
        let mut encoder = Encoder::new(Summed::new(out), form);
        let magic = match form.vendor() {
            Vendor::Redis => format!("REDIS{:04}", form.version()),
            Vendor::Valkey => format!("VALKEY{:03}", form.version()),
        };
        encoder.raw(magic.as_bytes())?;
        Ok(Self { encoder })
    }

    /// Turns the compression of strings on or off from now on, as `rdbcompression` does.
    pub fn set_compression(&mut self, on: bool) {
        self.encoder.set_compression(on);
    }

    /// Turns the checksum of the file on or off, as `rdbchecksum` does. To be called before the
    /// first item.
    pub fn set_checksum(&mut self, on: bool) {
        self.encoder.get_mut().checksum = on.then(Checksum::new);
    }

    /// The form that is written.
    #[must_use]
    pub fn form(&self) -> Form {
        self.encoder.form()
    }

    /// How many bytes the file has so far, with those that are not handed on yet.
    #[must_use]
    pub fn offset(&self) -> u64 {
        let out = self.encoder.get_ref();
        out.written + out.buffer.len() as u64
    }

    /// Hands on the bytes that were gathered, so that the caller can take them from
    /// [`Self::get_mut`].
    ///
    /// # Errors
    /// The error of the destination.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        Ok(self.encoder.get_mut().flush()?)
    }

    /// The destination, to be changed.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.encoder.get_mut().out
    }

    /// Writes a fact about the file or the server: `redis-ver` (in Valkey `valkey-ver`),
    /// `redis-bits`, `ctime`, `used-mem`, `repl-stream-db`, `repl-id`, `repl-offset`, `aof-base`.
    ///
    /// # Errors
    /// The error of the destination.
    pub fn aux(&mut self, key: &[u8], value: &[u8]) -> Result<(), WriteError> {
        self.encoder.raw(&[opcode::AUX])?;
        self.encoder.string(key)?;
        self.encoder.string(value)
    }

    /// Writes the version of the server, under the name of its vendor.
    ///
    /// # Errors
    /// The error of the destination.
    pub fn server_version(&mut self, version: &str) -> Result<(), WriteError> {
        let key: &[u8] = match self.form().vendor() {
            Vendor::Redis => b"redis-ver",
            Vendor::Valkey => b"valkey-ver",
        };
        self.aux(key, version.as_bytes())
    }

    /// Writes a fact that is a number; see [`Self::aux`].
    ///
    /// # Errors
    /// The error of the destination.
    pub fn aux_int(&mut self, key: &[u8], value: i64) -> Result<(), WriteError> {
        self.encoder.raw(&[opcode::AUX])?;
        self.encoder.string(key)?;
        self.encoder.int(value)
    }

    /// Writes the source of a library of functions, if the form has functions.
    ///
    /// # Errors
    /// The error of the destination.
    pub fn function(&mut self, source: &[u8]) -> Result<(), WriteError> {
        if !self.form().has_functions() {
            return Ok(());
        }
        self.encoder.raw(&[opcode::FUNCTION])?;
        self.encoder.string(source)
    }

    /// Writes a module's own data.
    ///
    /// # Errors
    /// The error of the destination.
    pub fn module_aux(&mut self, aux: &ModuleAux) -> Result<(), WriteError> {
        self.encoder.raw(&[opcode::MODULE_AUX])?;
        for number in [aux.id, MODULE_WHEN, aux.when] {
            self.encoder.length(number)?;
        }
        self.encoder.raw(&aux.body)
    }

    /// Writes the number of the database of the keys that follow.
    ///
    /// # Errors
    /// The error of the destination.
    pub fn select_db(&mut self, db: u64) -> Result<(), WriteError> {
        self.encoder.raw(&[opcode::SELECT_DB])?;
        self.encoder.length(db)
    }

    /// Writes how many keys the database has, and how many of them expire.
    ///
    /// # Errors
    /// The error of the destination.
    pub fn resize_db(&mut self, keys: u64, expires: u64) -> Result<(), WriteError> {
        self.encoder.raw(&[opcode::RESIZE_DB])?;
        self.encoder.length(keys)?;
        self.encoder.length(expires)
    }

    /// Writes a key. The returned writer writes its value.
    ///
    /// # Errors
    /// The error of the destination.
    pub fn key<'a>(
        &'a mut self,
        key: &'a [u8],
        facts: KeyFacts,
    ) -> Result<ValueWriter<'a, impl Write + use<W>>, WriteError> {
        if let Some(at) = facts.expires_ms {
            self.encoder.raw(&[opcode::EXPIRES_MS])?;
            self.encoder.raw(&at.to_le_bytes())?;
        }
        if let Some(idle) = facts.idle {
            self.encoder.raw(&[opcode::IDLE])?;
            self.encoder.length(idle)?;
        }
        if let Some(freq) = facts.freq {
            self.encoder.raw(&[opcode::FREQ, freq])?;
        }
        Ok(ValueWriter::new(&mut self.encoder, Some(key)))
    }

    /// Writes a key as it was read.
    ///
    /// # Errors
    /// [`WriteError::NotInForm`] if the form has no place for a part of it.
    pub fn entry(&mut self, entry: &Entry) -> Result<(), WriteError> {
        if let Some(meta) = &entry.meta {
            let version = self.form().version();
            if self.form().vendor() != Vendor::Redis || version < FIRST_WITH_META {
                let what = "what modules attach to keys";
                return Err(WriteError::NotInForm { what, version });
            }
            self.encoder.raw(&[opcode::KEY_META])?;
            self.encoder.raw(meta)?;
        }
        let Entry { expires_ms, idle, freq, .. } = *entry;
        self.key(&entry.key, KeyFacts { expires_ms, idle, freq })?.value(&entry.value)
    }

    /// Writes an item as it was read; header and end are this writer's own. Items that only a
    /// cluster needs are left out.
    ///
    /// # Errors
    /// As [`Self::entry`].
    pub fn item(&mut self, item: &Item) -> Result<(), WriteError> {
        match item {
            Item::Aux { key, value } => self.aux(key, value),
            Item::SelectDb(db) => self.select_db(*db),
            Item::ResizeDb { keys, expires } => self.resize_db(*keys, *expires),
            Item::Function(source) => self.function(source),
            Item::ModuleAux(aux) => self.module_aux(aux),
            Item::Key(entry) => self.entry(entry),
            Item::Header(_) | Item::End(_) | Item::SlotInfo { .. } | Item::SlotImport { .. } => {
                Ok(())
            }
        }
    }

    /// Ends the file. Returns the destination.
    ///
    /// # Errors
    /// The error of the destination.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.encoder.raw(&[opcode::END])?;
        self.flush()?;
        let checksum = self.encoder.get_mut().checksum.take();
        let sum = checksum.map_or(0, |checksum| checksum.value());
        self.encoder.raw(&sum.to_le_bytes())?;
        self.flush()?;
        Ok(self.encoder.into_inner().out)
    }
}

/// A destination that gathers bytes, sums them up, and hands them on.
#[derive(Debug)]
struct Summed<W> {
    out: W,
    buffer: Vec<u8>,
    checksum: Option<Checksum>,
    written: u64,
}

impl<W: Write> Summed<W> {
    fn new(out: W) -> Self {
        let buffer = Vec::with_capacity(BUFFER);
        Self { out, buffer, checksum: Some(Checksum::new()), written: 0 }
    }

    fn hand_on(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(checksum) = &mut self.checksum {
            checksum.update(bytes);
        }
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush_buffer()?;
        }
        if bytes.len() >= BUFFER {
            self.hand_on(bytes)?;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush_buffer()?;
        self.out.flush()
    }
}

impl<W: Write> Summed<W> {
    fn flush_buffer(&mut self) -> io::Result<()> {
        let buffer = std::mem::take(&mut self.buffer);
        let handed_on = self.hand_on(&buffer);
        self.buffer = buffer;
        self.buffer.clear();
        handed_on
    }
}
