//! Where a reply has the version of a register.

use tidegate_test_support::Reply;

use crate::consistency::keys::Key;

/// The form of a reply to a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A value, or none.
    Value,
    /// A value, or an empty string for none.
    Range,
    /// An array whose first element is such a value, or an empty one.
    First,
    /// An array with a value for each key.
    Each,
    /// Fields and values; the field `v` has the value.
    Fields,
    /// The entries of a stream.
    Entries,
    /// A number that is the version.
    Number,
}

/// A reply of another form, or a value of another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign;

/// The version that a reply shows; `Ok(None)` for a key that does not exist.
pub fn version(form: Form, key: Key, reply: &Reply) -> Result<Option<u32>, Foreign> {
    match (form, reply) {
        (Form::Range, Reply::Bulk(text)) if text.is_empty() => Ok(None),
        (Form::Value | Form::Range | Form::Each, Reply::Bulk(text)) => {
            key.version_in(text).map(Some).ok_or(Foreign)
        }
        (Form::First, Reply::Array(items)) => match items.first() {
            None => Ok(None),
            Some(first) => version(Form::Value, key, first),
        },
        (Form::Fields, Reply::Array(_) | Reply::Map(_)) => {
            let pairs = reply.pairs();
            let field = pairs.iter().find(|(name, _)| *name == Reply::Bulk(b"v".to_vec()));
            field.map_or(Ok(None), |(_, value)| version(Form::Value, key, value))
        }
        (Form::Entries, Reply::Array(entries)) => match entries.first() {
            None => Ok(None),
            Some(Reply::Array(entry)) => version(Form::Fields, key, entry.get(1).ok_or(Foreign)?),
            Some(_) => Err(Foreign),
        },
        (Form::Number, Reply::Bulk(text)) => {
            let text = std::str::from_utf8(text).map_err(|_| Foreign)?;
            text.parse().map(Some).map_err(|_| Foreign)
        }
        (Form::Number, Reply::Double(number)) => {
            number.to_string().parse().map(Some).map_err(|_| Foreign)
        }
        (Form::Number, Reply::Int(number)) => u32::try_from(*number).map(Some).map_err(|_| Foreign),
        (Form::Value | Form::Each | Form::Entries | Form::Number, Reply::Null) => Ok(None),
        _ => Err(Foreign),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consistency::keys::OWNED_FROM;

    #[test]
    fn every_form_shows_its_version() {
        let key = Key(OWNED_FROM);
        let bulk = |text: &str| Reply::Bulk(text.as_bytes().to_vec());
        let value = bulk(&key.value(7));
        assert_eq!(version(Form::Value, key, &value), Ok(Some(7)));
        assert_eq!(version(Form::Value, key, &Reply::Null), Ok(None));
        assert_eq!(version(Form::Range, key, &bulk("")), Ok(None));
        assert_eq!(version(Form::First, key, &Reply::Array(vec![value.clone()])), Ok(Some(7)));
        assert_eq!(version(Form::First, key, &Reply::Array(vec![])), Ok(None));
        let flat = Reply::Array(vec![bulk("f"), bulk("x"), bulk("v"), value.clone()]);
        assert_eq!(version(Form::Fields, key, &flat), Ok(Some(7)));
        let map = Reply::Map(vec![(bulk("v"), value.clone())]);
        assert_eq!(version(Form::Fields, key, &map), Ok(Some(7)));
        let entry = Reply::Array(vec![bulk("7-0"), flat]);
        assert_eq!(version(Form::Entries, key, &Reply::Array(vec![entry])), Ok(Some(7)));
        assert_eq!(version(Form::Number, key, &Reply::Double(7.0)), Ok(Some(7)));
        assert_eq!(version(Form::Number, key, &bulk("7")), Ok(Some(7)));
        // Another key's value, and another form.
        assert_eq!(version(Form::Value, Key(1), &value), Err(Foreign));
        assert_eq!(version(Form::Value, key, &Reply::Int(7)), Err(Foreign));
    }
}
