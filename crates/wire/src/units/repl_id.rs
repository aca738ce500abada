//! The name of a replication history.

use std::fmt;
use std::str::FromStr;

/// The number of characters (`CONFIG_RUN_ID_SIZE` in Redis).
const LEN: usize = 40;

/// A replid: 40 hexadecimal digits. Servers ignore their case in comparisons; here they are kept in
/// lower case, as every server writes its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReplId([u8; LEN]);

/// The error for bytes that are no replid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a replid: 40 hexadecimal digits")]
pub struct ReplIdError;

impl ReplId {
    /// The history of no server: what servers show instead of a second replid.
    pub const ZERO: Self = Self([b'0'; LEN]);

    /// Parses 40 digits.
    ///
    /// # Errors
    /// [`ReplIdError`] for anything else.
    pub fn parse(text: &[u8]) -> Result<Self, ReplIdError> {
        let mut digits: [u8; LEN] = text.try_into().map_err(|_| ReplIdError)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(ReplIdError);
        }
        digits.make_ascii_lowercase();
        Ok(Self(digits))
    }

    /// Returns the name of a new history, made from 160 random bits.
    #[must_use]
    pub fn from_random(bits: [u8; LEN / 2]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |at: usize| {
            let byte = bits[at / 2];
            DIGITS[usize::from(if at.is_multiple_of(2) { byte >> 4 } else { byte & 15 })]
        };
        Self(std::array::from_fn(digit))
    }

    /// The 40 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Hexadecimal digits are ASCII.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for ReplId {
    type Err = ReplIdError;

    fn from_str(text: &str) -> Result<Self, ReplIdError> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for ReplId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ReplId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_shows_forty_digits() {
        let id: ReplId = "8F3a5b9bd0d8e3a4f9c2f8e1a7c6b5d4e3f2a1b0".parse().unwrap();
        assert_eq!(id.to_string(), "8f3a5b9bd0d8e3a4f9c2f8e1a7c6b5d4e3f2a1b0");
        assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
        for wrong in ["", "?", &"0".repeat(39), &"0".repeat(41), &"g".repeat(40), &"é".repeat(20)]
        {
            assert_eq!(wrong.parse::<ReplId>(), Err(ReplIdError), "{wrong}");
        }
        assert_eq!(ReplId::ZERO.to_string(), "0".repeat(40));
    }

    #[test]
    fn random_bits_are_its_digits() {
        let mut bits = [0; 20];
        bits.iter_mut().zip(0..).for_each(|(byte, at)| *byte = at * 13);
        let id = ReplId::from_random(bits);
        assert_eq!(id.to_string(), "000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7");
    }
}
