//! What a command of a client does at a master beside its reply: commands for the replication
//! stream, keyspace events, and the keys that it changed.

use std::ops::Range;

use super::keyspace_event::{EventClass, EventClasses};
use tidegate_wire::resp::encode;

/// What a master's clients wait for beside the replies, in the order in which it happened.
///
/// [`crate::Store::execute`] appends to it. The caller takes what it needs and clears it before the
/// next request. It keeps its buffers, so that a request allocates nothing once they are warm.
#[derive(Debug, Default)]
pub struct Effects {
    wanted: Wanted,
    /// In a box, because the effects pass through several hands for each request; `None` until
    /// something is recorded.
    record: Option<Box<Record>>,
}

/// What was recorded.
#[derive(Debug, Default)]
struct Record {
    /// The bytes of all words and keys below.
    bytes: Vec<u8>,
    /// The words of rewritten commands, as parts of `bytes`.
    words: Vec<Range<usize>>,
    commands: Vec<Entry>,
    events: Vec<EventEntry>,
    changes: Vec<ChangeEntry>,
    ready: Vec<KeyEntry>,
    /// Whether the commands stay apart in the stream although there are several.
    is_loose: bool,
    /// How many expired keys were deleted because a command met them.
    expired: u64,
}

/// What the caller wants to know beside the commands for the stream. Nothing else is recorded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// The classes of keyspace events.
    pub events: EventClasses,
    /// Whether changed keys are recorded: for WATCH and for client tracking.
    pub changes: bool,
    /// Whether keys are recorded that may serve clients that block.
    pub ready: bool,
}

/// A command of the replication stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicated<'a> {
    /// The database that has to be selected for it.
    pub db: usize,
    words: Option<Words<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Words<'a> {
    bytes: &'a [u8],
    parts: &'a [Range<usize>],
}

/// A keyspace event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyspaceEvent<'a> {
    /// The class of the event.
    pub class: EventClass,
    /// The name of the event, such as `lpush`.
    pub name: &'static str,
    /// The number of the key's database.
    pub db: usize,
    /// The key.
    pub key: &'a [u8],
}

/// A change of the data (`signalModifiedKey`, `signalFlushedDb`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// A key was created, changed or removed.
    Key {
        /// The number of its database.
        db: usize,
        /// The key.
        key: &'a [u8],
    },
    /// A database was emptied.
    Database(usize),
    /// All databases were emptied.
    All,
    /// Two databases changed places.
    Swap(usize, usize),
}

#[derive(Clone, Debug)]
struct Entry {
    db: usize,
    /// The words in `words`; `None` for the words of the request.
    words: Option<Range<usize>>,
}

#[derive(Clone, Debug)]
struct EventEntry {
    class: EventClass,
    name: &'static str,
    key: KeyEntry,
}

#[derive(Clone, Debug)]
struct KeyEntry {
    db: usize,
    key: Range<usize>,
}

#[derive(Clone, Debug)]
enum ChangeEntry {
    Key(KeyEntry),
    Database(usize),
    All,
    Swap(usize, usize),
}

impl Effects {
    /// Returns an empty record of what the caller wants.
    #[must_use]
    pub fn new(wanted: Wanted) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// Changes what is recorded from now on.
    #[inline]
    pub fn want(&mut self, wanted: Wanted) {
        self.wanted = wanted;
    }

    /// Removes everything recorded; the buffers stay.
    #[inline]
    pub fn clear(&mut self) {
        if let Some(record) = &mut self.record {
            record.clear();
        }
    }

    /// Whether nothing was recorded.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.record.as_ref().is_none_or(|record| record.is_empty())
    }

    /// Returns the commands for the replication stream, in their order. They may be in several
    /// databases.
    #[inline]
    pub fn commands(&self) -> impl ExactSizeIterator<Item = Replicated<'_>> {
        let (entries, words, bytes) = match &self.record {
            Some(record) => (&record.commands[..], &record.words[..], &record.bytes[..]),
            None => Default::default(),
        };
        entries.iter().map(move |entry| Replicated {
            db: entry.db,
            words: entry
                .words
                .clone()
                .map(|parts| Words { bytes, parts: words.get(parts).unwrap_or_default() }),
        })
    }

    /// Whether the commands go into the stream between MULTI and EXEC, unless a transaction of the
    /// client is open there already.
    #[must_use]
    pub fn is_transaction(&self) -> bool {
        self.record.as_ref().is_some_and(|it| it.commands.len() > 1 && !it.is_loose)
    }

    /// How many expired keys were deleted because a command met them.
    #[must_use]
    #[inline]
    pub fn expired(&self) -> u64 {
        self.record.as_ref().map_or(0, |record| record.expired)
    }

    /// Counts an expired key that was deleted.
    pub(crate) fn add_expired(&mut self) {
        self.record().expired += 1;
    }

    /// Returns the keyspace events of the wanted classes, in their order.
    #[inline]
    pub fn events(&self) -> impl ExactSizeIterator<Item = KeyspaceEvent<'_>> {
        let events = self.record.as_ref().map(|record| &record.events[..]);
        events.unwrap_or_default().iter().map(|event| KeyspaceEvent {
            class: event.class,
            name: event.name,
            db: event.key.db,
            key: self.part(&event.key.key),
        })
    }

    /// Returns the changes of the data, in their order. A key may come several times.
    #[inline]
    pub fn changes(&self) -> impl ExactSizeIterator<Item = Change<'_>> {
        let changes = self.record.as_ref().map(|record| &record.changes[..]);
        changes.unwrap_or_default().iter().map(|change| match change {
            ChangeEntry::Key(entry) => Change::Key { db: entry.db, key: self.part(&entry.key) },
            ChangeEntry::Database(db) => Change::Database(*db),
            ChangeEntry::All => Change::All,
            ChangeEntry::Swap(one, other) => Change::Swap(*one, *other),
        })
    }

    /// Returns the databases and keys that may serve clients that block (`signalKeyAsReady`), in
    /// the order in which they became ready.
    pub fn ready(&self) -> impl ExactSizeIterator<Item = (usize, &[u8])> {
        let ready = self.record.as_ref().map(|record| &record.ready[..]);
        ready.unwrap_or_default().iter().map(|entry| (entry.db, self.part(&entry.key)))
    }

    fn part(&self, range: &Range<usize>) -> &[u8] {
        let record = self.record.as_ref();
        record.and_then(|record| record.bytes.get(range.clone())).unwrap_or_default()
    }

    #[inline]
    fn record(&mut self) -> &mut Record {
        self.record.get_or_insert_default()
    }

    /// Whether events of the class are recorded.
    pub(crate) fn wants(&self, class: EventClass) -> bool {
        self.wanted.events.has(class)
    }

    /// Whether keys are recorded that may serve clients that block.
    pub(crate) fn wants_ready(&self) -> bool {
        self.wanted.ready
    }

    /// Adds the request itself to the stream, as the client sent it.
    #[inline]
    pub(crate) fn add_verbatim(&mut self, db: usize) {
        self.record().commands.push(Entry { db, words: None });
    }

    /// Adds a command to the stream.
    pub(crate) fn add_command<'w>(&mut self, db: usize, words: impl Iterator<Item = &'w [u8]>) {
        let record = self.record();
        let first = record.words.len();
        for word in words {
            let part = record.keep(word);
            record.words.push(part);
        }
        record.commands.push(Entry { db, words: Some(first..record.words.len()) });
    }

    /// Records an event, if its class is wanted.
    #[inline]
    pub(crate) fn add_event(
        &mut self,
        class: EventClass,
        name: &'static str,
        db: usize,
        key: &[u8],
    ) {
        if self.wants(class) {
            let record = self.record();
            let key = record.keep_key(db, key);
            record.events.push(EventEntry { class, name, key });
        }
    }

    /// Records that a key was changed, if that is wanted.
    #[inline]
    pub(crate) fn add_change(&mut self, db: usize, key: &[u8]) {
        if self.wanted.changes {
            let record = self.record();
            let key = record.keep_key(db, key);
            record.changes.push(ChangeEntry::Key(key));
        }
    }

    /// Records a change of whole databases.
    pub(crate) fn add_wide_change(&mut self, change: Change<'_>) {
        let entry = match change {
            Change::Key { db, key } => return self.add_change(db, key),
            Change::Database(db) => ChangeEntry::Database(db),
            Change::All => ChangeEntry::All,
            Change::Swap(one, other) => ChangeEntry::Swap(one, other),
        };
        self.record().changes.push(entry);
    }

    /// Records that a key may serve clients that block, if that is wanted.
    pub(crate) fn add_ready(&mut self, db: usize, key: &[u8]) {
        if self.wanted.ready {
            let record = self.record();
            let key = record.keep_key(db, key);
            record.ready.push(key);
        }
    }

    /// Notes that the commands stay apart in the stream, because the request may concern any key
    /// (`CMD_TOUCHES_ARBITRARY_KEYS`).
    pub(crate) fn be_loose(&mut self) {
        self.record().is_loose = true;
    }
}

impl Record {
    fn clear(&mut self) {
        self.bytes.clear();
        self.words.clear();
        self.commands.clear();
        self.events.clear();
        self.changes.clear();
        self.ready.clear();
        self.is_loose = false;
        self.expired = 0;
    }

    fn is_empty(&self) -> bool {
        let Self { commands, events, changes, ready, .. } = self;
        commands.is_empty() && events.is_empty() && changes.is_empty() && ready.is_empty()
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    fn keep_key(&mut self, db: usize, key: &[u8]) -> KeyEntry {
        KeyEntry { db, key: self.keep(key) }
    }
}

impl<'a> Replicated<'a> {
    /// Whether the stream gets the request as the client sent it.
    #[must_use]
    pub const fn is_verbatim(&self) -> bool {
        self.words.is_none()
    }

    /// Returns the words of the command. `request` are those of the client's request.
    pub fn words(&self, request: &[&'a [u8]]) -> impl ExactSizeIterator<Item = &'a [u8]> {
        let words = self.words;
        let len = words.map_or(request.len(), |words| words.parts.len());
        let own = move |at: usize| {
            let words = words?;
            words.bytes.get(words.parts.get(at)?.clone())
        };
        let word = move |at: usize| own(at).or_else(|| request.get(at).copied());
        (0..len).map(move |at| word(at).unwrap_or_default())
    }

    /// Writes the command as it is in the stream, without the SELECT before it.
    pub fn write(&self, request: &[&'a [u8]], out: &mut Vec<u8>) {
        encode::request(out, self.words(request));
    }
}
