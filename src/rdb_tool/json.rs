//! Bytes, scores and sequences as JSON. Bytes that are UTF-8 become a string, others an object with
//! one member, `base64`.

use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

use tidegate_rdb::{Element, StreamId};

/// A byte string.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => to.serialize_str(text),
            Err(_) => Base64 { base64: self.0 }.serialize(to),
        }
    }
}

/// A byte string that is never shown as text.
#[derive(Serialize)]
pub(super) struct Base64<'a> {
    #[serde(serialize_with = "base64")]
    pub(super) base64: &'a [u8],
}

fn base64<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&base64::display::Base64Display::new(bytes, &STANDARD))
}

/// An element of a listpack, as a string also if it is stored as a number.
pub(super) struct Item<'a>(pub(super) Element<'a>);

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Element::Bytes(bytes) => Bytes(bytes).serialize(to),
            Element::Int(number) => to.collect_str(&number),
        }
    }
}

/// A stream entry's id.
pub(super) struct Id(pub(super) StreamId);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

/// A score: a number, or the strings `inf` and `-inf`, because JSON has no infinite numbers.
pub(super) struct Score(pub(super) f64);

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() { to.serialize_f64(self.0) } else { to.collect_str(&self.0) }
    }
}

/// The elements of an iterator as an array, written one by one.
pub(super) struct Array<F>(pub(super) F);

impl<F, I> Serialize for Array<F>
where
    F: Fn() -> I,
    I: IntoIterator,
    I::Item: Serialize,
{
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq((self.0)())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_string_has_its_own_text() {
        let json = |value: &dyn Fn() -> String| value();
        let bytes = |bytes: &[u8]| serde_json::to_string(&Bytes(bytes)).unwrap();
        assert_eq!(bytes("a\"\n\u{e9}".as_bytes()), "\"a\\\"\\n\u{e9}\"");
        assert_eq!(bytes(b"\xff\0"), r#"{"base64":"/wA="}"#);
        assert_eq!(json(&|| serde_json::to_string(&Score(f64::NEG_INFINITY)).unwrap()), "\"-inf\"");
        assert_eq!(serde_json::to_string(&Score(0.1)).unwrap(), "0.1");
        assert_eq!(serde_json::to_string(&Item(Element::Int(-5))).unwrap(), "\"-5\"");
    }
}
