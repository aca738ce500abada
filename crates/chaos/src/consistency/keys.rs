//! The registers of a round: a number each, from which its kind, its name and its database follow.

/// What holds a register, and how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string. Odd versions set it, even ones delete it.
    Text,
    /// A field of a hash.
    Hash,
    /// The head of a list.
    List,
    /// The last entry of a stream.
    Stream,
    /// The score of a member of a sorted set.
    Score,
    /// A number that all clients increment.
    Counter,
    /// A field of a hash that all clients increment.
    HashCounter,
    /// A number that clients replace under WATCH.
    Swapped,
    /// A counter whose keyspace events are listened to.
    Event,
    /// A string in a database that is flushed and swapped: odd versions set it, even ones flush it.
    Swept,
}

/// The databases of the ordinary registers: 0 and the next two.
pub const DATABASES: usize = 3;

/// The first database that is flushed and swapped, and the number of pairs of such databases.
pub const SWEPT: usize = 4;
pub const PAIRS: usize = 6;

/// Registers of each pair.
pub const PER_PAIR: usize = 8;

const EVENTS: usize = 8;
const SHARED_EACH: usize = 16;
const SHARED: [Kind; 3] = [Kind::Counter, Kind::HashCounter, Kind::Swapped];
const OWNED: [Kind; 6] =
    [Kind::Text, Kind::Hash, Kind::Text, Kind::List, Kind::Stream, Kind::Score];

/// Where the registers that one client writes begin.
pub const OWNED_FROM: usize = EVENTS + SHARED_EACH * SHARED.len() + PAIRS * PER_PAIR;

/// All registers: those in use, and those that take the place of a register whose last write has an
/// unknown fate.
pub const COUNT: usize = 6_000;

/// One register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(pub usize);

impl Key {
    pub fn event(n: usize) -> Self {
        Self(n % EVENTS)
    }

    /// A register that all clients write.
    pub fn shared(kind: Kind, n: usize) -> Self {
        let place = SHARED.iter().position(|it| *it == kind).unwrap_or(0);
        Self(EVENTS + place * SHARED_EACH + n % SHARED_EACH)
    }

    pub fn swept(pair: usize, n: usize) -> Self {
        Self(EVENTS + SHARED_EACH * SHARED.len() + pair * PER_PAIR + n % PER_PAIR)
    }

    pub fn kind(self) -> Kind {
        let Self(n) = self;
        if n < EVENTS {
            Kind::Event
        } else if n < EVENTS + SHARED_EACH * SHARED.len() {
            SHARED[(n - EVENTS) / SHARED_EACH]
        } else if n < OWNED_FROM {
            Kind::Swept
        } else {
            OWNED[(n - OWNED_FROM) % OWNED.len()]
        }
    }

    pub fn database(self) -> usize {
        match self.kind() {
            Kind::Event => 0,
            Kind::Swept => SWEPT + (self.0 - EVENTS - SHARED_EACH * SHARED.len()) / PER_PAIR * 2,
            _ => self.0 / OWNED.len() % DATABASES,
        }
    }

    pub fn name(self) -> String {
        let word = match self.kind() {
            Kind::Text => "text",
            Kind::Hash => "hash",
            Kind::List => "list",
            Kind::Stream => "stream",
            Kind::Score => "score",
            Kind::Counter => "counter",
            Kind::HashCounter => "hashcounter",
            Kind::Swapped => "swapped",
            Kind::Event => "event",
            Kind::Swept => "swept",
        };
        format!("{word}:{}", self.0)
    }

    /// Whether the server chooses the versions.
    pub fn is_shared(self) -> bool {
        matches!(self.kind(), Kind::Counter | Kind::HashCounter | Kind::Swapped | Kind::Event)
    }

    /// Whether even versions are deletions.
    pub fn is_deleted_at_times(self) -> bool {
        matches!(self.kind(), Kind::Text | Kind::Swept)
    }

    /// The value that stands for a version; it names its key, so that a crossed reply is found.
    pub fn value(self, version: u32) -> String {
        format!("{version}:{}", self.0)
    }

    /// The version in such a value; `None` if it is no value of this key.
    pub fn version_in(self, value: &[u8]) -> Option<u32> {
        let (version, key) = std::str::from_utf8(value).ok()?.split_once(':')?;
        (key.parse() == Ok(self.0)).then_some(())?;
        version.parse().ok()
    }

    /// The key and the version in a value.
    pub fn named_in(value: &[u8]) -> Option<(Self, u32)> {
        let (version, key) = std::str::from_utf8(value).ok()?.split_once(':')?;
        let key: usize = key.parse().ok()?;
        (key < COUNT).then_some((Self(key), version.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_names_and_values_belong_together() {
        assert_eq!(Key::event(9), Key(1));
        for kind in SHARED {
            assert_eq!(Key::shared(kind, 21).kind(), kind);
        }
        let last = Key::swept(PAIRS - 1, PER_PAIR - 1);
        assert_eq!((last.kind(), last.database(), last.0), (Kind::Swept, 14, OWNED_FROM - 1));
        assert_eq!(Key(OWNED_FROM + 1).kind(), Kind::Hash);
        let databases = (OWNED_FROM..COUNT).map(|n| Key(n).database());
        assert_eq!(databases.max(), Some(DATABASES - 1));
        let key = Key(OWNED_FROM);
        assert_eq!(key.version_in(key.value(17).as_bytes()), Some(17));
        assert_eq!(Key(0).version_in(key.value(17).as_bytes()), None);
        assert_eq!(Key::named_in(key.value(17).as_bytes()), Some((key, 17)));
    }
}
