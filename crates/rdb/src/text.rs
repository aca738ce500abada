//! A string value, and the numbers that stand for the encoding of a string.

/// The encodings of a string that its length can name.
pub(super) mod encoding {
    pub(crate) const INT8: u8 = 0;
    pub(crate) const INT16: u8 = 1;
    pub(crate) const INT32: u8 = 2;
    pub(crate) const LZF: u8 = 3;
}

/// A string value: bytes, or an integer that was written as such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// The bytes of the string.
    Bytes(Vec<u8>),
    /// The number whose decimal digits are the string.
    Int(i64),
}

impl Text {
    /// Returns the bytes of the string.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Int(number) => itoa::Buffer::new().format(number).as_bytes().to_vec(),
        }
    }
}
