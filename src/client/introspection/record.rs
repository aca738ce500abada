//! Fields and their values, as PROXY answers them: a map to RESP3, a flat list to RESP2.

use tidegate_wire::resp::{RespVersion, encode};

/// Named values, in the order of the reply.
pub(in crate::client) type Record = Vec<(&'static str, Value)>;

/// A value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::client) enum Value {
    /// A bulk string.
    Text(Vec<u8>),
    /// An integer.
    Integer(i64),
    /// Unknown.
    Null,
    /// An array.
    List(Vec<Self>),
    /// Fields of its own.
    Record(Record),
}

impl Value {
    /// Appends it as a reply.
    pub(in crate::client) fn encode(&self, version: RespVersion, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => encode::bulk(out, text),
            Self::Integer(number) => encode::integer(out, *number),
            Self::Null => encode::null(out, version),
            Self::List(values) => {
                encode::array(out, values.len());
                values.iter().for_each(|value| value.encode(version, out));
            }
            Self::Record(fields) => {
                encode::map(out, version, fields.len());
                for (name, value) in fields {
                    encode::bulk(out, name.as_bytes());
                    value.encode(version, out);
                }
            }
        }
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Text(bytes.to_vec())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into_bytes())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// `yes` or `no`, as redis.conf says it.
impl From<bool> for Value {
    fn from(is: bool) -> Self {
        if is { "yes" } else { "no" }.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_a_map_or_a_flat_list() {
        let inner = Value::Record(vec![("b", Value::from(true))]);
        let record = Value::Record(vec![("a", Value::List(vec![inner, Value::from(7_u64)]))]);
        let mut out = Vec::new();
        record.encode(RespVersion::V2, &mut out);
        assert_eq!(out, b"*2\r\n$1\r\na\r\n*2\r\n*2\r\n$1\r\nb\r\n$3\r\nyes\r\n:7\r\n");
        out.clear();
        record.encode(RespVersion::V3, &mut out);
        assert_eq!(out, b"%1\r\n$1\r\na\r\n*2\r\n%1\r\n$1\r\nb\r\n$3\r\nyes\r\n:7\r\n");
    }
}
