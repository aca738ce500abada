//! Reads an RDB file from its first byte to its last, item by item.

use std::io::Read;

use super::input::Input;
use crate::error::{Context, Corrupt, Fault, RdbError};
use crate::item::{ChecksumState, Entry, Header, Item, ModuleAux};
use crate::limits::Limits;
use crate::types::{Vendor, is_packed, opcode};
use crate::value::{Opaque, Value};

/// The first version with a checksum at the end.
const FIRST_WITH_CHECKSUM: u16 = 5;
/// The number that stands before the time of loading of a module's data.
const MODULE_WHEN: u64 = 2;

/// What was read about the next key.
#[derive(Debug, Default)]
pub(super) struct Said {
    expires_ms: Option<i64>,
    idle: Option<u64>,
    freq: Option<u8>,
    meta: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    Start,
    Body(Header),
    Ended,
}

/// Reads an RDB file. Its source needs no buffer.
#[derive(Debug)]
pub struct Reader<R> {
    pub(super) input: Input<R>,
    pub(super) state: State,
    pub(super) said: Said,
    /// The version of the file, and the type byte of the last value.
    last: (u16, u8),
}

impl Said {
    /// Whether nothing was read about the next key.
    pub(super) const fn is_empty(&self) -> bool {
        self.expires_ms.is_none()
            && self.idle.is_none()
            && self.freq.is_none()
            && self.meta.is_none()
    }
}

impl<R: Read> Reader<R> {
    /// Returns a reader that has read nothing yet.
    pub fn new(source: R, limits: Limits) -> Self {
        Self {
            input: Input::new(source, limits),
            state: State::Start,
            said: Said::default(),
            last: (0, 0),
        }
    }

    /// Returns the reader with another rule: an invalid value is no error, but a [`Value::Opaque`]
    /// if its end could be found.
    #[must_use]
    pub fn keeping_opaque(mut self) -> Self {
        self.input.tolerate();
        self
    }

    /// Returns the value of the last key as it is written; `None` if its bytes are not kept.
    #[must_use]
    pub fn opaque(&self, why: String) -> Option<Opaque> {
        let (version, type_byte) = self.last;
        Some(Opaque { version, type_byte, body: self.input.raw()?, why })
    }

    /// How many bytes of the file have been read.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.input.offset()
    }

    /// The bytes that came from the source and are behind the end of the file.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        self.input.buffered()
    }

    /// Returns what follows the end of the file, at most `most` bytes.
    ///
    /// # Errors
    /// The error of the source.
    pub fn what_follows(&mut self, most: usize) -> Result<Vec<u8>, RdbError> {
        let mut rest = Vec::new();
        while rest.len() < most {
            match self.input.byte() {
                Ok(byte) => rest.push(byte),
                Err(Fault::Truncated) => break,
                Err(fault) => {
                    let offset = self.input.offset();
                    return Err(RdbError { offset, context: Context::Footer, fault });
                }
            }
        }
        Ok(rest)
    }

    /// Returns the next item; `None` once the file has ended, or after an error.
    ///
    /// # Errors
    /// [`RdbError`] says what is wrong, and where.
    pub fn next_item(&mut self) -> Result<Option<Item>, RdbError> {
        let mut context = Context::Header;
        let item = match self.state {
            State::Start => self.header().map(Some),
            State::Body(header) => self.body(header, &mut context).map(Some),
            State::Ended => return Ok(None),
        };
        item.map_err(|fault| {
            self.state = State::Ended;
            RdbError { offset: self.input.offset_of(&fault), context, fault }
        })
    }

    fn header(&mut self) -> Result<Item, Fault> {
        let magic: [u8; 9] = self.input.array()?;
        let (vendor, digits) = match &magic {
            [b'R', b'E', b'D', b'I', b'S', digits @ ..] => (Vendor::Redis, &digits[..]),
            [b'V', b'A', b'L', b'K', b'E', b'Y', digits @ ..] => (Vendor::Valkey, &digits[..]),
            _ => return Err(Fault::NotRdb),
        };
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(Fault::NotRdb);
        }
        let version = digits.iter().fold(0, |n, digit| n * 10 + u16::from(digit - b'0'));
        // A later version may well be readable; an item that it adds is refused when it comes.
        if version == 0 || Vendor::of_version(version) != vendor {
            return Err(Fault::UnsupportedVersion(version));
        }
        let header = Header { vendor, version };
        self.state = State::Body(header);
        self.last.0 = version;
        Ok(Item::Header(header))
    }

    fn body(&mut self, header: Header, context: &mut Context) -> Result<Item, Fault> {
        let input = &mut self.input;
        loop {
            input.reset_budget();
            *context = Context::Opcode(opcode::END);
            let byte = input.byte()?;
            *context = Context::Opcode(byte);
            match byte {
                opcode::EXPIRES_MS => {
                    self.said.expires_ms = Some(i64::from_le_bytes(input.array()?));
                }
                opcode::EXPIRES => {
                    let seconds = i32::from_le_bytes(input.array()?);
                    self.said.expires_ms = Some(i64::from(seconds) * 1000);
                }
                opcode::IDLE => self.said.idle = Some(input.number()?),
                opcode::FREQ => self.said.freq = Some(input.byte()?),
                opcode::KEY_META if header.vendor == Vendor::Redis => {
                    self.said.meta = Some(input.key_meta()?);
                }
                opcode::END => {
                    *context = Context::Footer;
                    return self.end(header);
                }
                opcode::HASH_TEMPLATE.. => return input.item(byte, header.vendor),
                type_byte => return self.key(type_byte, header.vendor, context),
            }
        }
    }

    fn key(&mut self, type_byte: u8, vendor: Vendor, context: &mut Context) -> Result<Item, Fault> {
        *context = Context::KeyName;
        let key = self.input.string()?;
        self.input.begin_raw(is_packed(type_byte));
        self.last.1 = type_byte;
        let value = match self.input.value(type_byte, vendor) {
            Ok(value) => match self.input.holds() {
                Ok(()) => value,
                Err(corrupt) => match self.opaque(corrupt.to_string()) {
                    Some(opaque) => Value::Opaque(opaque),
                    None => return Err(corrupt.into()),
                },
            },
            Err(fault) => {
                *context = Context::key(&key, type_byte);
                return Err(fault);
            }
        };
        let Said { expires_ms, idle, freq, meta } = std::mem::take(&mut self.said);
        Ok(Item::Key(Entry { key, expires_ms, idle, freq, meta, value }))
    }

    fn end(&mut self, header: Header) -> Result<Item, Fault> {
        let mut state = ChecksumState::Absent;
        if header.version >= FIRST_WITH_CHECKSUM {
            let computed = self.input.checksum();
            let stored = u64::from_le_bytes(self.input.array()?);
            if stored != 0 {
                if stored != computed {
                    return Err(Fault::BadChecksum { stored, computed });
                }
                state = ChecksumState::Verified;
            }
        }
        self.state = State::Ended;
        Ok(Item::End(state))
    }
}

impl<R: Read> Input<R> {
    /// Reads what follows an opcode that stands by itself.
    fn item(&mut self, byte: u8, vendor: Vendor) -> Result<Item, Fault> {
        Ok(match byte {
            opcode::AUX => Item::Aux { key: self.string()?, value: self.string()? },
            opcode::SELECT_DB => Item::SelectDb(self.number()?),
            opcode::RESIZE_DB => Item::ResizeDb { keys: self.number()?, expires: self.number()? },
            opcode::SLOT_INFO => Item::SlotInfo {
                slot: self.number()?,
                keys: self.number()?,
                expires: self.number()?,
            },
            opcode::FUNCTION => Item::Function(self.string()?),
            opcode::MODULE_AUX => Item::ModuleAux(self.module_aux()?),
            opcode::VALKEY_SLOT_IMPORT if vendor == Vendor::Valkey => {
                let (job, count) = (self.string()?, self.number()?);
                let mut ranges = Vec::with_capacity(self.room_for(count) / 2);
                for _ in 0..count {
                    ranges.push((self.number()?, self.number()?));
                }
                Item::SlotImport { job, ranges }
            }
            opcode::FUNCTION_EARLY => {
                return Err(Fault::Unsupported("a function of Redis 7.0 before its release"));
            }
            opcode::HASH_TEMPLATE if vendor == Vendor::Redis => {
                return Err(Fault::Unsupported("a hash template (Redis 8.10)"));
            }
            _ => return Err(Fault::Unsupported("a command in the file (Valkey 9.2)")),
        })
    }

    fn module_aux(&mut self) -> Result<ModuleAux, Fault> {
        let id = self.number()?;
        if self.number()? != MODULE_WHEN {
            return Err(Corrupt::new("module", "its data does not say when it is due").into());
        }
        let when = self.number()?;
        let mut body = Vec::new();
        self.copy_frames(&mut body)?;
        Ok(ModuleAux { id, when, body })
    }

    /// Reads classes of metadata: four bytes and frames for each.
    fn key_meta(&mut self) -> Result<Vec<u8>, Fault> {
        let mut body = Vec::new();
        for _ in 0..self.copy_number(&mut body)? {
            self.append(4, &mut body)?;
            self.copy_frames(&mut body)?;
        }
        Ok(body)
    }
}
