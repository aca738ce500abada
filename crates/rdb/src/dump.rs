//! The payload of DUMP and RESTORE: one value, the version of its form, and a checksum.

use super::checksum::Checksum;
use super::error::{Context, Corrupt, Fault, RdbError, WriteError};
use super::form::Form;
use super::limits::Limits;
use super::types::Vendor;
use super::value::{Opaque, Value};
use crate::read::Input;
use crate::write::{Encoder, ValueWriter};

/// The length of version (2) and checksum (8).
const FOOTER: usize = 10;

/// The value of a DUMP payload.
#[derive(Clone, Debug, PartialEq)]
pub struct Dumped {
    /// The version of the form; from 80 on it is one of Valkey.
    pub version: u16,
    /// The value.
    pub value: Value,
}

/// Reads a DUMP payload. A checksum of 0 means that there is none.
///
/// # Errors
/// [`RdbError`] says what is wrong, and where.
pub fn decode(payload: &[u8], limits: Limits) -> Result<Dumped, RdbError> {
    let at_end = |fault| RdbError { offset: payload.len() as u64, context: Context::Footer, fault };
    let (body, footer) =
        payload.split_last_chunk::<FOOTER>().ok_or_else(|| at_end(Fault::Truncated))?;
    let [low, high, stored @ ..] = *footer;
    let version = u16::from_le_bytes([low, high]);
    let stored = u64::from_le_bytes(stored);
    if stored != 0 {
        let summed = payload.get(..payload.len() - 8).unwrap_or_default();
        let computed = Checksum::of(summed);
        if stored != computed {
            return Err(at_end(Fault::BadChecksum { stored, computed }));
        }
    }
    let mut input = Input::with_buffer(body, limits, body.len().min(64 * 1024));
    let mut type_byte = 0;
    let mut read = || {
        type_byte = input.byte()?;
        let value = input.value(type_byte, Vendor::of_version(version))?;
        match input.is_at_end()? {
            true => Ok(value),
            false => Err(Corrupt::new("payload", "goes on behind the value").into()),
        }
    };
    match read() {
        Ok(value) => Ok(Dumped { version, value }),
        Err(fault) => {
            let context = Context::key(b"", type_byte);
            Err(RdbError { offset: input.offset_of(&fault), context, fault })
        }
    }
}

/// Returns the value of a DUMP payload as it is written; `None` if there is none.
#[must_use]
pub fn opaque(payload: &[u8], why: String) -> Option<Opaque> {
    let (body, footer) = payload.split_last_chunk::<FOOTER>()?;
    let (&type_byte, body) = body.split_first()?;
    let [low, high, ..] = *footer;
    Some(Opaque { version: u16::from_le_bytes([low, high]), type_byte, body: body.to_vec(), why })
}

/// Returns a DUMP payload with the value that `write` writes.
///
/// # Errors
/// Those of `write`.
pub fn encode(
    form: Form,
    compression: bool,
    write: impl FnOnce(ValueWriter<'_, Vec<u8>>) -> Result<(), WriteError>,
) -> Result<Vec<u8>, WriteError> {
    let mut encoder = Encoder::new(Vec::new(), form);
    encoder.set_compression(compression);
    write(ValueWriter::new(&mut encoder, None))?;
    let mut payload = encoder.into_inner();
    payload.extend(form.version().to_le_bytes());
    payload.extend(Checksum::of(&payload).to_le_bytes());
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    fn payload(body: &[u8], version: u16, sum: bool) -> Vec<u8> {
        let mut payload = [body, &version.to_le_bytes()].concat();
        let sum = if sum { Checksum::of(&payload) } else { 0 };
        payload.extend(sum.to_le_bytes());
        payload
    }

    #[test]
    fn a_checksum_is_verified_or_absent() {
        let hi = Value::String(Text::Bytes(b"hi".to_vec()));
        for sum in [true, false] {
            let read = decode(&payload(b"\0\x02hi", 11, sum), Limits::default()).unwrap();
            assert_eq!(read, Dumped { version: 11, value: hi.clone() });
        }
        let mut bad = payload(b"\0\x02hi", 11, true);
        bad[2] = b'H';
        let error = decode(&bad, Limits::default()).unwrap_err();
        assert!(matches!(error.fault, Fault::BadChecksum { .. }), "{error}");
    }

    #[test]
    fn the_version_decides_what_a_type_byte_means() {
        let body = b"\x16\x01\x01f\x01v\xff\xff\xff\xff\xff\xff\xff\xff";
        let value = decode(&payload(body, 80, true), Limits::default()).unwrap().value;
        assert_eq!((value.kind(), value.len()), ("hash", 1));
        let error = decode(&payload(body, 12, true), Limits::default()).unwrap_err();
        assert!(!matches!(error.fault, Fault::BadChecksum { .. }), "{error}");
    }

    #[test]
    fn more_or_less_than_a_value_is_refused() {
        let error = decode(&payload(b"\0\x02hi!", 11, true), Limits::default()).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("at byte 4, in the value of key \"\" (type 0, string)"), "{text}");
        assert!(text.ends_with("payload: goes on behind the value"), "{text}");
        assert!(decode(&payload(b"\0\x03hi", 11, true), Limits::default()).is_err());
        assert!(decode(b"short", Limits::default()).is_err());
    }
}
