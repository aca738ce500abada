//! Limits of replies that wait for a client, as redis.conf gives them to a class of clients.

use std::time::Duration;

use super::{Kind, Raw, Read, Wrong, quoted};
use tidegate_wire::units::ByteSize;

/// What may wait for a client of a class: `hard` never, `soft` for no longer than `soft_for`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputClass {
    /// A client with more is closed at once; `None` is no limit.
    pub hard: Option<ByteSize>,
    /// A client with more is closed after `soft_for`; `None` is no limit.
    pub soft: Option<ByteSize>,
    /// See `soft`.
    pub soft_for: Duration,
}

impl OutputClass {
    /// The hard limit in bytes; without one, as many as there are.
    #[must_use]
    pub fn hard_bytes(&self) -> usize {
        self.hard.map_or(usize::MAX, ByteSize::as_usize)
    }

    /// The soft limit in bytes; without one, as many as there are.
    #[must_use]
    pub fn soft_bytes(&self) -> usize {
        self.soft.map_or(usize::MAX, ByteSize::as_usize)
    }
}

/// `"32mb 8mb 60"`: a hard limit, a soft limit, and seconds; a limit of 0 is none.
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
        "a hard limit, a soft limit and seconds, such as \"32mb 8mb 60\"; a limit of 0 is none"
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
