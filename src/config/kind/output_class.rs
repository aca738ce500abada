//! Limits on the replies that wait for a client, as redis.conf sets them for a class of clients.

use std::time::Duration;

use super::{Kind, Raw, Read, Wrong, quoted};
use tidegate_wire::units::ByteSize;

/// The limits on the replies that wait for a client of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputClass {
    /// A client with more pending output than this is closed at once; `None` means no limit.
    pub hard: Option<ByteSize>,
    /// A client with more pending output than this for `soft_for` is closed; `None` means no limit.
    pub soft: Option<ByteSize>,
    /// How long a client may exceed `soft`.
    pub soft_for: Duration,
}

impl OutputClass {
    /// The hard limit in bytes; `usize::MAX` if there is none.
    #[must_use]
    pub fn hard_bytes(&self) -> usize {
        self.hard.map_or(usize::MAX, ByteSize::as_usize)
    }

    /// The soft limit in bytes; `usize::MAX` if there is none.
    #[must_use]
    pub fn soft_bytes(&self) -> usize {
        self.soft.map_or(usize::MAX, ByteSize::as_usize)
    }
}

/// Values such as `"32mb 8mb 60"`: a hard limit, a soft limit and seconds. 0 means no limit.
#[derive(Debug)]
pub(crate) struct OutputClassKind;

fn parse(text: &str) -> Option<OutputClass> {
    let mut words = text.split_ascii_whitespace();
    let mut limit = || -> Option<Option<ByteSize>> {
        let size: ByteSize = words.next()?.parse().ok()?;
        Some(Some(size).filter(|size| size.bytes() > 0))
    };
    let (hard, soft) = (limit()?, limit()?);
    let seconds: u32 = words.next()?.parse().ok()?;
    let soft_for = Duration::from_secs(seconds.into());
    words.next().is_none().then_some(OutputClass { hard, soft, soft_for })
}

impl Kind for OutputClassKind {
    type Value = OutputClass;

    fn accepted(&self) -> String {
        "a hard limit, a soft limit and seconds, such as \"32mb 8mb 60\"; a limit of 0 means no \
         limit"
            .to_owned()
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, OutputClass> {
        raw.get_ref().as_str().and_then(parse).map_or_else(|| Wrong::all(raw), Ok)
    }

    fn show(&self, value: &OutputClass) -> String {
        let size = |limit: Option<ByteSize>| limit.unwrap_or(ByteSize::new(0)).to_string();
        let seconds = value.soft_for.as_secs();
        quoted(&format!("{} {} {seconds}", size(value.hard), size(value.soft)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_three_words() {
        let class = parse("32mb 8mb 60").expect("as in redis.conf");
        assert_eq!((class.hard_bytes(), class.soft_bytes()), (32 << 20, 8 << 20));
        assert_eq!(class.soft_for, Duration::from_secs(60));
        assert_eq!(OutputClassKind.show(&class), "\"32mb 8mb 60\"");
        let open = parse("0 0 0").expect("no limits");
        assert_eq!((open.hard_bytes(), open.soft_bytes()), (usize::MAX, usize::MAX));
        for wrong in ["", "32mb", "32mb 8mb", "32mb 8mb x", "32mb 8mb 60 1", "a b c", "1 1 -1"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
