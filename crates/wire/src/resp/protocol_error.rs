//! Why the bytes of a client are no request, in Redis's own words.

use super::encode;

/// Why a request cannot be read any further. The text is Redis's own; the connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// A multibulk count that is no number or too large.
    #[error("invalid multibulk length")]
    MultibulkLength,
    /// More arguments than a client may send before `AUTH`.
    #[error("unauthenticated multibulk length")]
    UnauthenticatedMultibulkLength,
    /// A header line of a multibulk request that does not end.
    #[error("too big mbulk count string")]
    MultibulkHeader,
    /// Another byte where a bulk string had to begin.
    #[error("expected '$', got '{}'", char::from(*.0))]
    ExpectedBulk(u8),
    /// A bulk length that is no number, negative, or above `proto-max-bulk-len`.
    #[error("invalid bulk length")]
    BulkLength,
    /// A longer bulk string than a client may send before `AUTH`.
    #[error("unauthenticated bulk length")]
    UnauthenticatedBulkLength,
    /// A header line of a bulk string that does not end.
    #[error("too big bulk count string")]
    BulkHeader,
    /// An inline request that does not end.
    #[error("too big inline request")]
    InlineLength,
    /// An inline request with an open quote.
    #[error("unbalanced quotes in request")]
    UnbalancedQuotes,
    /// A header line or a bulk string that does not end in CRLF. Redis passes over those two bytes,
    /// but Valkey 9 closes the connection, so they must not be sent where clients share a
    /// connection.
    #[error("invalid CRLF in request")]
    LineEnd,
}

impl ProtocolError {
    /// Writes the last reply of the connection, byte for byte as Redis does.
    pub fn reply(&self, out: &mut Vec<u8>) {
        let Self::ExpectedBulk(byte @ 0x80..) = self else {
            return encode::error(out, &format!("ERR Protocol error: {self}"));
        };
        out.extend_from_slice(b"-ERR Protocol error: expected '$', got '");
        out.push(*byte);
        out.extend_from_slice(b"'\r\n");
    }
}
