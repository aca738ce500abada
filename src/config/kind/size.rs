//! The kind of values that are numbers of bytes.

use toml::de::DeValue;

use super::{Kind, Raw, Read, Switch, Wrong, as_integer, quoted};
use tidegate_wire::units::ByteSize;

/// A [`ByteSize`] from `.0` to `.1`: a string with redis.conf's units, or an integer.
#[derive(Debug)]
pub(crate) struct Size(pub(crate) ByteSize, pub(crate) ByteSize);

/// The size that `raw` gives, within the accepted range or not.
fn size(raw: &DeValue<'_>) -> Option<ByteSize> {
    match raw {
        DeValue::String(text) => text.parse().ok(),
        _ => as_integer(raw).and_then(|n| u64::try_from(n).ok()).map(ByteSize::new),
    }
}

impl Kind for Size {
    type Value = ByteSize;

    fn accepted(&self) -> String {
        let Self(min, max) = self;
        format!("a size from {min} to {max}, such as \"1gb\", \"64mb\", \"512k\" or 1000000")
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, ByteSize> {
        size(raw.get_ref())
            .filter(|size| (self.0..=self.1).contains(size))
            .map_or_else(|| Wrong::all(raw), Ok)
    }

    fn show(&self, value: &ByteSize) -> String {
        quoted(&value.to_string())
    }
}

impl Switch for Size {
    const OFF: &'static str = "0";

    fn is_off(raw: &DeValue<'_>) -> bool {
        size(raw) == Some(ByteSize::new(0))
    }
}
