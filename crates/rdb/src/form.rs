//! The forms of the format that can be written: what each has, and which type byte stands for it.

use super::types::{self, FIRST_VALKEY_VERSION, Vendor};

/// A version of the format that can be written. A server of the same version, or a later one of the
/// same vendor, loads it. Valkey before 9.0 has Redis's forms up to 11.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Form(u16);

impl Form {
    /// Redis 5.0 to 6.2: no listpacks, no functions.
    pub const REDIS_62: Self = Self(9);
    /// Redis 7.0: no packed sets.
    pub const REDIS_70: Self = Self(10);
    /// Redis 7.2, Valkey 7.2 to 8.1: no fields that expire.
    pub const REDIS_72: Self = Self(11);
    /// Redis 7.4 to 8.4.
    pub const REDIS_74: Self = Self(12);
    /// The last form of Redis whose streams are known here (Redis 8.8).
    const LAST_REDIS: Self = Self(14);
    /// Valkey 9.0 and 9.1.
    pub const VALKEY_90: Self = Self(FIRST_VALKEY_VERSION);

    /// Returns the form for servers that read `version`: that one, or the last before it that is
    /// known here. Versions before 9 become 9.
    #[must_use]
    pub fn for_version(version: u16) -> Self {
        match Vendor::of_version(version) {
            Vendor::Valkey => Self::VALKEY_90,
            Vendor::Redis => Self(version.clamp(Self::REDIS_62.0, Self::LAST_REDIS.0)),
        }
    }

    /// Returns the vendor whose servers read the form.
    #[must_use]
    pub fn vendor(self) -> Vendor {
        Vendor::of_version(self.0)
    }

    /// The number in the header of a file and at the end of a DUMP payload.
    #[must_use]
    pub fn version(self) -> u16 {
        self.0
    }

    /// Whether the form has listpacks.
    #[must_use]
    pub fn has_listpacks(self) -> bool {
        self.0 >= 10
    }

    /// Whether the form has sets in listpacks.
    #[must_use]
    pub fn has_packed_sets(self) -> bool {
        self.0 >= 11
    }

    /// Whether the form has functions.
    #[must_use]
    pub fn has_functions(self) -> bool {
        self.0 >= 10
    }

    /// Whether the form has hashes with fields that expire.
    #[must_use]
    pub fn has_field_expiry(self) -> bool {
        self.0 >= 12
    }

    /// The form of a stream, 1 to 5.
    pub(super) fn stream(self) -> u8 {
        match self.0 {
            ..=9 => 1,
            10 => 2,
            13 => 4,
            14 => 5,
            _ => 3,
        }
    }
}

/// Returns the type byte of a stream of one of the five forms.
pub(super) fn stream_type(form: u8) -> u8 {
    match form {
        1 => types::STREAM,
        2 => types::STREAM_2,
        4 => types::STREAM_4,
        5 => types::STREAM_5,
        _ => types::STREAM_3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_known_one_is_taken() {
        for (version, expected) in [(3, 9), (9, 9), (12, 12), (14, 14), (15, 14), (79, 14)] {
            let form = Form::for_version(version);
            assert_eq!((form.version(), form.vendor()), (expected, Vendor::Redis));
        }
        for version in [80, 81, u16::MAX] {
            assert_eq!(Form::for_version(version), Form::VALKEY_90);
        }
    }
}
