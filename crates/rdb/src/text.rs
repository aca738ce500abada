//! A string value, and the numbers that say how a string is encoded.

/// How a string is encoded, when its length says so.
pub(super) mod encoding {
    pub(crate) const INT8: u8 = 0;
    pub(crate) const INT16: u8 = 1;
    pub(crate) const INT32: u8 = 2;
    pub(crate) const LZF: u8 = 3;
}

/// A string value: bytes, or an integer that was written as such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// As it is.
    Bytes(Vec<u8>),
    /// The string is this number in decimal.
    Int(i64),
}

impl Text {
    /// Its bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Int(number) => itoa::Buffer::new().format(number).as_bytes().to_vec(),
        }
    }
}
