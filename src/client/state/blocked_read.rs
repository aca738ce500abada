//! An XREAD that waits for entries: what is needed to send it again to another server.

use std::time::Duration;

use tokio::time::Instant;

use crate::session::replies::Sequence;
use tidegate_wire::command::{Blocking, Effect, lookup};
use tidegate_wire::resp::{Args, encode, integer};

/// The streams of one request whose last ids are asked for, at most; the next server resolves those
/// beyond.
const LAST_IDS_MAX: usize = 64;
/// How much longer than BLOCK the proxy waits for the server's own answer: as long as it takes to
/// exclude a silent server.
const GRACE: Duration = Duration::from_secs(1);

/// An XREAD that waits for entries.
#[derive(Debug)]
pub(in crate::client) struct BlockedRead {
    pub(in crate::client) seq: Sequence,
    args: Vec<Vec<u8>>,
    /// The index of BLOCK's operand.
    block_at: usize,
    /// When BLOCK's time is over, if it ends.
    until: Option<Instant>,
    /// The ids that were given as `$`.
    last_ids: Vec<LastId>,
}

/// An id that was given as `$`, and what it meant.
#[derive(Debug)]
struct LastId {
    /// Its index among the arguments.
    at: usize,
    id: Option<Vec<u8>>,
    /// Whether the id comes from the server of the XREAD, asked directly before it.
    is_exact: bool,
}

impl BlockedRead {
    /// The XREAD in `frame`, which was read at `now`; `None` if it does not wait, or has a mistake.
    pub(in crate::client) fn of(frame: &[u8], now: Instant) -> Option<Self> {
        let args: Vec<Vec<u8>> = Args::new(frame).map(<[u8]>::to_vec).collect();
        let name = args.first()?;
        let row = lookup(name).filter(|row| row.name == "xread")?;
        let arg = |at: usize| args.get(at).map(Vec::as_slice).unwrap_or_default();
        let waits = matches!(row.effect, Effect::Blocking(blocking)
            if blocking != Blocking::Always && blocking.applies(args.len(), arg));
        let streams_at = (1..args.len()).find(|at| arg(*at).eq_ignore_ascii_case(b"streams"))?;
        let block_at = (1..streams_at).rfind(|at| arg(*at).eq_ignore_ascii_case(b"block"))? + 1;
        let millis = integer::parse(arg(block_at)).and_then(|ms| u64::try_from(ms).ok())?;
        let until = match millis {
            0 => None,
            millis => now.checked_add(Duration::from_millis(millis)),
        };
        let keys = (args.len() - streams_at - 1) / 2;
        let ids = streams_at + 1 + keys..args.len();
        let last_ids = ids.filter(|at| arg(*at) == b"$");
        let last_ids = last_ids.map(|at| LastId { at, id: None, is_exact: false }).collect();
        waits.then_some(Self { seq: 0, args, block_at, until, last_ids })
    }

    /// When the proxy takes it back from a server that gets it at `now`, whether that has answered or
    /// not.
    pub(in crate::client) fn ends(&self, now: Instant) -> Option<Instant> {
        self.until?.max(now).checked_add(GRACE)
    }

    /// The requests whose replies say what `$` means, each with the index of its argument.
    pub(in crate::client) fn questions(&self) -> impl Iterator<Item = (usize, Vec<u8>)> + '_ {
        let keys = self.keys();
        let question = move |last: &LastId| {
            let key = self.args.get(last.at.checked_sub(keys)?)?;
            Some((last.at, encode::request_of(&[b"XINFO", b"STREAM", key])))
        };
        self.last_ids.iter().take(LAST_IDS_MAX).filter_map(question)
    }

    /// How many streams it reads.
    fn keys(&self) -> usize {
        let is_streams = |arg: &Vec<u8>| arg.eq_ignore_ascii_case(b"streams");
        let streams_at = self.args.iter().position(is_streams).unwrap_or_default();
        self.args.len().saturating_sub(streams_at + 1) / 2
    }

    /// Stores the id that replaces the `$` at this index.
    pub(in crate::client) fn learn(&mut self, at: usize, is_exact: bool, reply: &[u8]) {
        let last = self.last_ids.iter_mut().find(|last| last.at == at);
        let Some(last) = last.filter(|last| last.id.is_none() || is_exact && !last.is_exact) else {
            return;
        };
        if let Some(id) = last_id(reply) {
            last.id = Some(id);
            last.is_exact = is_exact;
        }
    }

    /// The request as it is at `now`. When its time is over it waits for a millisecond more: the next
    /// server knows what is there already.
    pub(in crate::client) fn request(&self, now: Instant) -> Vec<u8> {
        let mut args = self.args.clone();
        for last in &self.last_ids {
            if let (Some(id), Some(arg)) = (&last.id, args.get_mut(last.at)) {
                arg.clone_from(id);
            }
        }
        if let (Some(until), Some(block)) = (self.until, args.get_mut(self.block_at)) {
            // BLOCK 0 would be for ever.
            let left = until.saturating_duration_since(now);
            let millis = i64::try_from(left.as_millis()).unwrap_or(i64::MAX).max(1);
            *block = integer::text(millis).to_vec();
        }
        let mut frame = Vec::new();
        encode::request(&mut frame, args.iter());
        frame
    }
}

/// The last id in a reply to XINFO STREAM.
fn last_id(reply: &[u8]) -> Option<Vec<u8>> {
    const FIELD: &[u8] = b"last-generated-id\r\n";
    if reply.starts_with(b"-ERR no such key") {
        return Some(b"0-0".to_vec());
    }
    // The reply has no client-chosen text before this field, so the search cannot be misled.
    let at = memchr::memmem::find(reply, FIELD)? + FIELD.len();
    let mut lines = reply.get(at..)?.split(|byte| *byte == b'\n');
    let head = lines.next().filter(|head| head.starts_with(b"$"))?;
    let id = lines.next()?.strip_suffix(b"\r")?;
    let len = integer::parse(head.get(1..)?.strip_suffix(b"\r")?)?;
    (usize::try_from(len) == Ok(id.len())).then(|| id.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str, now: Instant) -> Option<BlockedRead> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        BlockedRead::of(&encode::request_of(&words), now)
    }

    fn line(frame: &[u8]) -> String {
        let words = Args::new(frame).map(|arg| String::from_utf8_lossy(arg).into_owned());
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn asks_for_what_is_left() {
        let now = Instant::now();
        let mut blocked =
            read("xread COUNT 2 BLOCK 5000 STREAMS a block c $ 3-1 $", now).expect("it waits");
        let questions: Vec<_> = blocked.questions().map(|(at, frame)| (at, line(&frame))).collect();
        let expected = [(9, "XINFO STREAM a".to_owned()), (11, "XINFO STREAM c".to_owned())];
        assert_eq!(questions, expected);
        let reply = b"*4\r\n$6\r\nlength\r\n:1\r\n$17\r\nlast-generated-id\r\n$3\r\n7-1\r\n";
        blocked.learn(9, false, reply);
        blocked.learn(9, true, b"-ERR no such key\r\n");
        blocked.learn(9, false, reply);
        blocked.learn(11, true, b"-NOPERM no\r\n");
        let later = now + Duration::from_millis(1200);
        let again = blocked.request(later);
        assert_eq!(line(&again), "xread COUNT 2 BLOCK 3800 STREAMS a block c 0-0 3-1 $");
        assert_eq!(blocked.ends(later), Some(now + Duration::from_secs(6)));
        let over = now + Duration::from_secs(5);
        assert_eq!(
            line(&blocked.request(over)),
            "xread COUNT 2 BLOCK 1 STREAMS a block c 0-0 3-1 $"
        );
        assert_eq!(blocked.ends(over + GRACE), Some(now + Duration::from_secs(7)));
    }

    #[test]
    fn leaves_others_alone() {
        let now = Instant::now();
        for line in [
            "XREAD STREAMS s 0",
            "XREAD BLOCK x STREAMS s 0",
            "XREAD BLOCK -1 STREAMS s 0",
            "XREAD BLOCK 0",
            "BLPOP block 0",
            "XREADGROUP GROUP g c BLOCK 0 STREAMS s >",
        ] {
            assert!(read(line, now).is_none(), "{line}");
        }
        let forever = read("XREAD BLOCK 0 STREAMS s $", now).expect("it waits");
        assert_eq!(forever.ends(now), None);
        let frame = forever.request(now + Duration::from_secs(100));
        assert_eq!(line(&frame), "XREAD BLOCK 0 STREAMS s $");
    }
}
