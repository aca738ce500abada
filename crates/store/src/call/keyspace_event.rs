//! Keyspace events: their classes, as `notify-keyspace-events` names them.

/// A class of keyspace events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventClass {
    /// Commands about keys of any type: `g`.
    Generic,
    /// Commands about strings: `$`.
    String,
    /// Commands about lists: `l`.
    List,
    /// Commands about sets: `s`.
    Set,
    /// Commands about hashes: `h`.
    Hash,
    /// Commands about sorted sets: `z`.
    SortedSet,
    /// Commands about streams: `t`.
    Stream,
    /// A key or a field expired: `x`.
    Expired,
    /// A key was evicted because of `maxmemory`: `e`.
    Evicted,
    /// A read found no key: `m`.
    KeyMiss,
    /// A key was created: `n`.
    New,
    /// A value was replaced: `o`, of Redis 8.2.
    Overwritten,
    /// A value of another type replaced the former one: `c`, of Redis 8.2.
    TypeChanged,
}

impl EventClass {
    /// Every class and its letter.
    pub const ALL: [(Self, u8); 13] = [
        (Self::Generic, b'g'),
        (Self::String, b'$'),
        (Self::List, b'l'),
        (Self::Set, b's'),
        (Self::Hash, b'h'),
        (Self::SortedSet, b'z'),
        (Self::Stream, b't'),
        (Self::Expired, b'x'),
        (Self::Evicted, b'e'),
        (Self::KeyMiss, b'm'),
        (Self::New, b'n'),
        (Self::Overwritten, b'o'),
        (Self::TypeChanged, b'c'),
    ];

    /// The letter of the class in `notify-keyspace-events`.
    #[must_use]
    pub fn letter(self) -> u8 {
        let mut all = Self::ALL.iter();
        all.find(|(class, _)| *class == self).map_or(b'g', |(_, letter)| *letter)
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// A set of classes of keyspace events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventClasses(u16);

impl EventClasses {
    /// No class: no event is recorded.
    pub const NONE: Self = Self(0);

    /// Returns the classes that a value of `notify-keyspace-events` names. `A` stands for all but
    /// `m`, `n`, `o` and `c`. `K` and `E` name the channels, which are the caller's, and count for
    /// nothing here. `None` for an unknown letter.
    #[must_use]
    pub fn of(letters: &[u8]) -> Option<Self> {
        let mut all = Self::NONE;
        for letter in letters {
            match letter {
                b'A' => all = b"g$lshztxe".iter().fold(all, |all, letter| all.with(*letter)),
                b'K' | b'E' | b'd' => {}
                letter if EventClass::ALL.iter().any(|(_, known)| known == letter) => {
                    all = all.with(*letter);
                }
                _ => return None,
            }
        }
        Some(all)
    }

    fn with(self, letter: u8) -> Self {
        let mut all = EventClass::ALL.iter();
        let class = all.find(|(_, known)| *known == letter);
        Self(class.map_or(self.0, |(class, _)| self.0 | class.bit()))
    }

    /// Whether the class is in the set.
    #[must_use]
    pub const fn has(self, class: EventClass) -> bool {
        self.0 & class.bit() != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_name_classes() {
        let all = EventClasses::of(b"KEA").unwrap();
        assert!(all.has(EventClass::Generic) && all.has(EventClass::Evicted));
        assert!(!all.has(EventClass::KeyMiss) && !all.has(EventClass::New));
        assert!(EventClasses::of(b"m").unwrap().has(EventClass::KeyMiss));
        assert_eq!(EventClasses::of(b"y"), None);
        for (class, letter) in EventClass::ALL {
            assert_eq!(class.letter(), letter);
            assert!(EventClasses::of(&[letter]).unwrap().has(class));
        }
    }
}
