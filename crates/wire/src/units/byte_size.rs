//! Sizes in bytes, as redis.conf writes them.

use std::fmt;
use std::str::FromStr;

/// A number of bytes, written as redis.conf writes memory: `1gb`, `64mb`, `512k`, `1000`.
///
/// As there, `k`, `m`, `g` count in thousands and `kb`, `mb`, `gb` in 1024s; case does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(u64);

impl ByteSize {
    /// Returns `n` bytes.
    pub const fn new(n: u64) -> Self {
        Self(n)
    }

    /// Returns `n` times 1024 bytes, saturating.
    pub const fn kib(n: u64) -> Self {
        Self(n.saturating_mul(1 << 10))
    }

    /// Returns `n` times 1024 * 1024 bytes, saturating.
    pub const fn mib(n: u64) -> Self {
        Self(n.saturating_mul(1 << 20))
    }

    /// Returns `n` times 1024 * 1024 * 1024 bytes, saturating.
    pub const fn gib(n: u64) -> Self {
        Self(n.saturating_mul(1 << 30))
    }

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// The number of bytes, to compare with a length in memory; saturates where `usize` is
    /// narrower.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// Every suffix and its factor, as in `memtoull` of Redis.
const SUFFIXES: [(&str, u64); 8] = [
    ("", 1),
    ("b", 1),
    ("k", 1_000),
    ("kb", 1 << 10),
    ("m", 1_000_000),
    ("mb", 1 << 20),
    ("g", 1_000_000_000),
    ("gb", 1 << 30),
];

/// The error for a text that is no size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a size such as 1gb, 64mb, 512k or 1000")]
pub struct ByteSizeError;

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    fn from_str(text: &str) -> Result<Self, ByteSizeError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, suffix) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| ByteSizeError)?;
        SUFFIXES
            .iter()
            .find(|(name, _)| suffix.eq_ignore_ascii_case(name))
            .and_then(|(_, factor)| number.checked_mul(*factor))
            .map(Self)
            .ok_or(ByteSizeError)
    }
}

/// Writes the shortest form that loses nothing: `1gb`, `1536mb`, `1000`.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (suffix, factor) in [("gb", 1u64 << 30), ("mb", 1 << 20), ("kb", 1 << 10)] {
            if self.0 >= factor && self.0.is_multiple_of(factor) {
                return write!(f, "{}{suffix}", self.0 / factor);
            }
        }
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_redis_conf_reads_them() {
        let read = |text: &str| text.parse().map(ByteSize::bytes);
        assert_eq!(read("1gb"), Ok(1 << 30));
        assert_eq!(read("64MB"), Ok(64 << 20));
        assert_eq!(read("512k"), Ok(512_000));
        assert_eq!(read("1kb"), Ok(1024));
        assert_eq!(read("3m"), Ok(3_000_000));
        assert_eq!(read("2G"), Ok(2_000_000_000));
        assert_eq!(read("1000"), Ok(1000));
        assert_eq!(read("7b"), Ok(7));
        for wrong in ["", "kb", "-1", "+1", "1.5gb", "1 gb", " 1", "1tb", "1é", "18446744073gb"] {
            assert_eq!(read(wrong), Err(ByteSizeError), "{wrong}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for n in [0, 1, 1000, 1024, 1025, 1 << 20, 3 << 29, 1 << 30, u64::MAX] {
            let size = ByteSize::new(n);
            assert_eq!(size.to_string().parse(), Ok(size), "{size}");
        }
        assert_eq!(ByteSize::mib(1536).to_string(), "1536mb");
    }
}
