//! The order of one client's requests in flight. It knows the keys that they read and write, because
//! two servers may run two requests in another order than the client sent them.
//!
//! It knows requests by their sequence numbers. All below the first unanswered number are answered,
//! so no request has to be removed.

use super::Touches;
use crate::session::replies::Sequence;

/// The number of requests behind a write that had to wait for reads, of which all reads go to the
/// master.
const FOLLOWING: Sequence = 256;

/// The state of a client's requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks {
    /// The number behind the last write.
    pub written: Sequence,
    /// The number behind the last read that was sent to another server than the master.
    pub elsewhere: Sequence,
    /// The first number whose reply has not come.
    pub unanswered: Sequence,
}

/// Decides which way a client's reads go, and when its writes may leave.
#[derive(Debug, Default)]
pub struct Order {
    /// The keys in flight; `None` until they matter for the first time.
    known: Option<Box<Known>>,
    /// The client may have read the replies to all requests below this number before it sent the
    /// request that is decided on now.
    seen: Sequence,
    /// The same number for the requests behind the next `old` bytes.
    seen_later: Sequence,
    /// The bytes of requests that were received before `seen_later` was set.
    old: usize,
    /// Whether a write waits for reads.
    waits: bool,
    /// Reads of requests below this number go to the master.
    following: Sequence,
    /// The number behind the last message.
    message: Sequence,
}

#[derive(Debug, Default)]
struct Known {
    reads: InFlight,
    writes: InFlight,
}

impl Order {
    /// More requests are about to be received, behind `rest` bytes of earlier ones. `given`: the
    /// replies to all requests below this number were written to the client; `None` if none was
    /// since the last call.
    pub fn about_to_receive(&mut self, rest: usize, given: Option<Sequence>) {
        let given = given.unwrap_or(self.seen_later);
        if rest == 0 {
            self.seen = given;
        } else if self.old == 0 {
            self.seen = self.seen_later;
        }
        self.seen_later = given;
        self.old = rest;
    }

    /// The next `bytes` of requests are decided on.
    pub fn dealt_with(&mut self, bytes: usize) {
        self.old = self.old.saturating_sub(bytes);
    }

    /// Whether there is a write before the next request whose reply the client may not have read.
    #[must_use]
    pub const fn is_behind(&self, written: Sequence) -> bool {
        written > self.seen
    }

    /// Whether keys are recorded.
    #[must_use]
    pub const fn records(&self) -> bool {
        self.known.is_some()
    }

    /// All requests are answered.
    pub fn settled(&mut self) {
        self.following = 0;
    }

    /// Begins to record keys. The requests so far may have touched any key.
    pub fn record(&mut self, marks: Marks) {
        self.known.get_or_insert_with(|| {
            let mut known = Box::<Known>::default();
            known.writes.add_unknown(marks.written);
            known.reads.add_unknown(marks.elsewhere);
            known
        });
    }

    /// Whether the read `seq` goes to the master, behind the writes before it. Else it is recorded.
    pub fn follows(&mut self, seq: Sequence, touches: Touches<'_>, marks: Marks) -> bool {
        self.record(marks);
        let follows = self.is_behind(marks.written) && seq < self.following
            || self.would_follow(touches, marks.written);
        if !follows {
            self.add_read(seq, touches);
        }
        follows
    }

    /// Whether a read may touch a key of a write before it.
    #[must_use]
    pub fn would_follow(&self, touches: Touches<'_>, written: Sequence) -> bool {
        let meets = |known: &Known| known.writes.meets(touches, self.seen);
        self.is_behind(written) && self.known.as_deref().is_none_or(meets)
    }

    /// Whether the message `seq` may leave: all writes before it are answered. A server that is no
    /// master any more refuses a write, and delivers the message behind it. Messages in a row do not
    /// wait for one another.
    pub fn message_passes(&mut self, seq: Sequence, marks: Marks) -> bool {
        let passes = marks.written <= marks.unanswered || marks.written == self.message;
        if passes {
            self.message = seq + 1;
        }
        passes
    }

    /// Whether a request at the master would overtake reads of its keys at another server.
    pub fn overtakes_reads(&mut self, touches: Touches<'_>, marks: Marks) -> bool {
        if marks.elsewhere <= marks.unanswered {
            return false;
        }
        self.record(marks);
        let meets = |known: &Known| known.reads.meets(touches, marks.unanswered);
        self.known.as_deref().is_some_and(meets)
    }

    /// Whether the write `seq` may leave, because it overtakes no read of its keys. It is recorded
    /// then.
    pub fn passes(&mut self, seq: Sequence, touches: Touches<'_>, marks: Marks) -> bool {
        if self.overtakes_reads(touches, marks) {
            self.waits = true;
            return false;
        }
        if std::mem::take(&mut self.waits) {
            self.following = seq + FOLLOWING;
        }
        if let Some(known) = &mut self.known {
            known.writes.add(touches, seq, self.seen);
        }
        true
    }

    /// Records the read `seq`, which is sent to another server than the master.
    pub fn add_read(&mut self, seq: Sequence, touches: Touches<'_>) {
        if let Some(known) = &mut self.known {
            known.reads.add(touches, seq, self.seen);
        }
    }

    /// Records the write `seq`.
    pub fn add_write(&mut self, seq: Sequence, touches: Touches<'_>) {
        if let Some(known) = &mut self.known {
            known.writes.add(touches, seq, self.seen);
        }
    }
}

/// The number of sets of places; the hash of a key chooses its set.
const SETS: usize = 64;
/// The number of places of a set.
const WAYS: usize = 4;

/// A part of a key's hash, and the low half of the number behind the last request that touched the
/// key.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    tag: u32,
    end: u32,
}

impl Place {
    /// Whether that request is `oldest` or a later one. Fewer than 2^31 are in flight.
    const fn is_due(self, oldest: Sequence) -> bool {
        self.end.wrapping_sub(low(oldest)).wrapping_sub(1) < 1 << 31
    }
}

/// The keys of requests in flight. A key that has no place counts as any key.
#[derive(Debug)]
struct InFlight {
    places: [[Place; WAYS]; SETS],
    /// The number behind the last request that may have touched any key.
    any: Sequence,
    /// The number behind the last request.
    end: Sequence,
}

impl Default for InFlight {
    fn default() -> Self {
        Self { places: [[Place::default(); WAYS]; SETS], any: 0, end: 0 }
    }
}

impl InFlight {
    /// Records what request `seq` touches. The places of requests below `oldest` are free.
    fn add(&mut self, touches: Touches<'_>, seq: Sequence, oldest: Sequence) {
        self.end = self.end.max(seq + 1);
        match touches {
            Touches::Key(key) => self.add_key(key, seq, oldest),
            Touches::Keys(keys) => keys.for_each(|key| self.add_key(key, seq, oldest)),
            Touches::Any => self.any = self.any.max(seq + 1),
        }
    }

    /// The requests below `end` may have touched any key.
    fn add_unknown(&mut self, end: Sequence) {
        self.any = self.any.max(end);
        self.end = self.end.max(end);
    }

    fn add_key(&mut self, key: &[u8], seq: Sequence, oldest: Sequence) {
        let (set, tag) = place(key);
        let set = &mut self.places[set];
        // A key has one place only, so that its last request is found.
        let at = set.iter().position(|place| place.tag == tag);
        let at = at.or_else(|| set.iter().position(|place| !place.is_due(oldest)));
        match at {
            Some(at) => set[at] = Place { tag, end: low(seq + 1) },
            None => self.any = self.any.max(seq + 1),
        }
    }

    /// Whether request `oldest` or a later one may have touched one of these keys.
    fn meets(&self, touches: Touches<'_>, oldest: Sequence) -> bool {
        self.any > oldest
            || match touches {
                Touches::Key(key) => self.has(key, oldest),
                Touches::Keys(mut keys) => keys.any(|key| self.has(key, oldest)),
                Touches::Any => self.end > oldest,
            }
    }

    fn has(&self, key: &[u8], oldest: Sequence) -> bool {
        let (set, tag) = place(key);
        self.places[set].iter().any(|place| place.tag == tag && place.is_due(oldest))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
const fn low(seq: Sequence) -> u32 {
    seq as u32
}

/// The set of a key, and its tag there.
#[expect(clippy::cast_possible_truncation, reason = "two parts of a hash")]
fn place(key: &[u8]) -> (usize, u32) {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = key.len() as u64;
    let mut mix = |word: u64| hash = (hash ^ word).wrapping_mul(FACTOR).rotate_left(29);
    let (words, rest) = key.as_chunks::<8>();
    words.iter().for_each(|word| mix(u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix(u64::from_le_bytes(last));
    let hash = hash.wrapping_mul(FACTOR);
    (hash as usize % SETS, (hash >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Touches<'_> = Touches::Any;

    fn key(key: &str) -> Touches<'_> {
        Touches::Key(key.as_bytes())
    }

    fn marks(written: Sequence, elsewhere: Sequence, unanswered: Sequence) -> Marks {
        Marks { written, elsewhere, unanswered }
    }

    #[test]
    fn a_read_follows_a_write_of_its_key_until_the_reply_was_given() {
        let mut order = Order::default();
        order.record(Marks::default());
        assert!(order.passes(0, key("a"), marks(0, 0, 0)));
        assert!(order.passes(1, key("b"), marks(1, 0, 0)));
        assert!(order.follows(2, key("a"), marks(2, 0, 0)));
        assert!(!order.follows(2, key("c"), marks(2, 0, 0)));
        assert!(order.follows(3, ALL, marks(2, 3, 0)));
        // The replies to all of these are given, but what is looked at was received before.
        order.about_to_receive(10, Some(4));
        assert!(order.follows(4, key("a"), marks(2, 3, 4)));
        order.dealt_with(10);
        order.about_to_receive(0, Some(4));
        assert!(!order.follows(5, key("a"), marks(2, 3, 4)));
    }

    #[test]
    fn a_rest_that_is_older_than_the_replies_keeps_its_place() {
        let mut order = Order::default();
        order.about_to_receive(0, Some(5));
        order.about_to_receive(7, Some(9));
        assert!(order.is_behind(6), "the rest was sent before the reply to 5 was read");
        order.about_to_receive(7, Some(12));
        order.dealt_with(6);
        order.about_to_receive(8, Some(14));
        assert!(order.is_behind(6), "a byte of the rest is left");
        order.dealt_with(8);
        order.about_to_receive(3, Some(15));
        assert!(!order.is_behind(14) && order.is_behind(15));
    }

    #[test]
    fn a_write_waits_for_reads_of_its_key_elsewhere() {
        let mut order = Order::default();
        order.record(Marks::default());
        assert!(!order.follows(0, key("a"), marks(0, 0, 0)));
        assert!(order.passes(1, key("b"), marks(0, 1, 0)));
        assert!(!order.passes(2, key("a"), marks(2, 1, 0)));
        assert!(!order.passes(2, ALL, marks(2, 1, 0)));
        assert!(order.passes(2, key("a"), marks(2, 1, 1)));
        // From here on its reads go with the writes.
        assert!(order.follows(3, key("z"), marks(3, 1, 1)));
        order.settled();
        assert!(!order.follows(4, key("z"), marks(3, 1, 1)));
    }

    #[test]
    fn a_message_waits_for_the_writes_before_it() {
        let mut order = Order::default();
        assert!(order.message_passes(0, marks(0, 0, 0)));
        assert!(order.message_passes(1, marks(1, 0, 0)), "behind a message");
        assert!(!order.message_passes(3, marks(3, 0, 0)), "behind a write");
        assert!(!order.message_passes(3, marks(3, 0, 2)), "the write is not answered yet");
        assert!(order.message_passes(3, marks(3, 0, 3)));
        assert!(order.message_passes(5, marks(4, 0, 3)), "a read is between both messages");
    }

    #[test]
    fn requests_before_the_record_may_touch_any_key() {
        let mut order = Order::default();
        assert!(order.follows(3, key("a"), marks(3, 0, 0)), "a write before may be of it");
        let mut order = Order::default();
        assert!(!order.passes(3, key("a"), marks(0, 3, 2)), "a read before may be of it");
        assert!(order.passes(3, key("a"), marks(0, 3, 3)));
    }

    #[test]
    fn a_key_without_a_place_counts_as_any_key() {
        let mut order = Order::default();
        order.record(Marks::default());
        let count = 1000;
        for seq in 0..count {
            assert!(order.passes(seq, key(&format!("k{seq}")), marks(seq, 0, 0)));
        }
        assert!((0..count).all(|n| order.would_follow(key(&format!("k{n}")), count)));
        assert!(order.would_follow(key("other"), count));
        // Those are over, and their places are free.
        order.about_to_receive(0, Some(count));
        assert!(order.passes(count, key("x"), marks(count, 0, count)));
        assert!(order.would_follow(key("x"), count + 1));
        assert!(!order.would_follow(key("y"), count + 1));
    }

    #[test]
    fn few_keys_have_places_of_their_own() {
        let mut order = Order::default();
        order.record(Marks::default());
        for seq in 0..32 {
            assert!(order.passes(seq, key(&format!("key:{seq:012}")), marks(seq, 0, 0)));
        }
        let others = (32..10_032).map(|n| format!("key:{n:012}"));
        let met = others.filter(|other| order.would_follow(key(other), 32)).count();
        assert_eq!(met, 0, "of 10,000 others");
    }
}
