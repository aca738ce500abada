//! Passwords: SHA-256 digests only.

use std::fmt::Write;

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::RuleError;

/// The SHA-256 digest of a password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Returns the digest of `password`.
    #[must_use]
    pub fn of(password: &[u8]) -> Self {
        Self(Sha256::digest(password).into())
    }

    /// Reads 64 hexadecimal digits in lower case.
    ///
    /// # Errors
    /// [`RuleError::Digest`] for anything else.
    pub fn parse(hex: &[u8]) -> Result<Self, RuleError> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(RuleError::Digest),
        };
        if hex.len() != 64 {
            return Err(RuleError::Digest);
        }
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(digest))
    }

    /// Returns a digest that no password is known to have.
    pub(crate) const fn of_nothing() -> Self {
        Self([0; 32])
    }

    /// Compares in constant time.
    pub(crate) fn is_same(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }

    /// Returns the digest in hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        self.0.iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a string does not fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digest(***)")
    }
}

/// The passwords of a user, in the order in which they were set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passwords(Vec<Digest>);

impl Passwords {
    /// Whether one of the passwords has this digest. All are compared, each in constant time, so
    /// that the time tells nothing of them.
    #[must_use]
    pub fn has(&self, digest: &Digest) -> bool {
        let none = Choice::from(0);
        self.0.iter().fold(none, |found, own| found | own.is_same(digest)).into()
    }

    /// Returns the digests.
    pub fn iter(&self) -> impl Iterator<Item = &Digest> {
        self.0.iter()
    }

    /// The number of passwords.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no password.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, digest: Digest) {
        if !self.has(&digest) {
            self.0.push(digest);
        }
    }

    pub(super) fn remove(&mut self, digest: &Digest) -> Result<(), RuleError> {
        let before = self.0.len();
        self.0.retain(|own| own != digest);
        if self.0.len() < before { Ok(()) } else { Err(RuleError::NoSuchPassword) }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_sha_256_in_lower_case() {
        let hex = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
        let digest = Digest::of(b"x");
        assert_eq!(digest.hex(), hex);
        assert_eq!(Digest::parse(hex.as_bytes()), Ok(digest));
        for bad in [&hex[1..], &hex.to_uppercase(), &format!("{hex}0"), ""] {
            assert_eq!(Digest::parse(bad.as_bytes()), Err(RuleError::Digest));
        }
        assert!(!format!("{digest:?}").contains("2d71"));
    }

    #[test]
    fn passwords_are_added_once_and_removed() {
        let mut passwords = Passwords::default();
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        for digest in [a, b, a] {
            passwords.add(digest);
        }
        assert_eq!(passwords.len(), 2);
        assert!(passwords.has(&a) && !passwords.has(&Digest::of(b"c")));
        assert_eq!(passwords.remove(&a), Ok(()));
        assert_eq!(passwords.remove(&a), Err(RuleError::NoSuchPassword));
    }
}
