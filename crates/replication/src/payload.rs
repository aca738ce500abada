//! Finds where the RDB payload of a full resync begins and ends. Never holds a byte of it, and
//! never takes bytes of the mark for payload.

use memchr::memmem;

use super::line::Lines;
use tidegate_wire::resp::integer;

/// The longest line before the payload, in bytes.
const LINE_MAX: usize = 1024;
/// The length of the mark, in bytes.
const MARK_LEN: usize = 40;

/// Why there is no payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// The master gave up (a fork that failed, no memory). The replica tries again later.
    #[error("the master sent no snapshot: {0}")]
    Refused(String),
    /// The line does not announce a payload: the server does not replicate.
    #[error("neither a length nor a mark before the snapshot: {0:?}")]
    Header(String),
    /// The line does not end.
    #[error("a line before the snapshot is longer than {LINE_MAX} bytes")]
    Endless,
    /// The payload is longer than the caller takes.
    #[error("a snapshot of {len} bytes is longer than the limit of {limit}")]
    TooLong {
        /// Its length, as far as it is known.
        len: u64,
        /// The limit.
        limit: u64,
    },
}

/// How the master marks the end of the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `$<len>`: the master sends a file, and the stream right behind it.
    Length(u64),
    /// `$EOF:<mark>`: the master sends while it writes. It holds the stream back until the first
    /// ack; see [`super::Pulse::open_stream`].
    Marked,
}

/// The payload that was found in some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// The next bytes of the payload.
    pub first: &'a [u8],
    /// The bytes of the payload behind `first`. There are two pieces because bytes at the end of
    /// the previous call may have looked like the beginning of the mark.
    pub second: &'a [u8],
    /// How many of the given bytes were looked at. Once the payload is complete, the bytes behind
    /// them are the stream.
    pub consumed: usize,
    /// Whether this call completed the payload.
    pub complete: bool,
}

#[derive(Clone, Debug)]
enum State {
    /// Before the header. Empty lines come while the master prepares the snapshot.
    Header(Lines),
    /// So many bytes are still to come.
    Length(u64),
    /// How many bytes at the end of the input are the first of the mark, and are held back.
    Marked {
        held: usize,
    },
    Complete,
}

/// The reader of the payload of one full resync. Its input begins behind the answer to PSYNC or
/// SYNC.
#[derive(Clone, Debug)]
pub struct PayloadReader {
    state: State,
    form: Option<Form>,
    mark: [u8; MARK_LEN],
    finder: memmem::Finder<'static>,
    received: u64,
    limit: u64,
}

impl PayloadReader {
    /// Returns a reader that takes at most `limit` bytes of payload.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self {
            state: State::Header(Lines::new(LINE_MAX)),
            form: None,
            mark: [0; MARK_LEN],
            finder: memmem::Finder::new(b"").into_owned(),
            received: 0,
            limit,
        }
    }

    /// How the payload will end; `None` while the master prepares it.
    #[must_use]
    pub const fn form(&self) -> Option<Form> {
        self.form
    }

    /// The bytes of payload so far (`master_sync_read_bytes` of INFO).
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Looks at `input`. The caller passes the bytes that were not consumed again, until the
    /// payload is complete; from then on nothing is consumed.
    ///
    /// # Errors
    /// [`PayloadError`], after which the connection can only be closed.
    pub fn feed<'a>(&'a mut self, input: &'a [u8]) -> Result<Found<'a>, PayloadError> {
        let step = match &mut self.state {
            State::Header(lines) => {
                let (consumed, line) = lines.take(input).map_err(|_| PayloadError::Endless)?;
                if let Some(line) = line.filter(|line| !line.is_empty()) {
                    self.begin(&line)?;
                }
                Step { consumed, ..Step::default() }
            }
            State::Length(left) => {
                let len = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                *left -= len as u64;
                Step { payload: len, consumed: len, ..Step::default() }
            }
            State::Marked { held } => {
                let (step, still) = search(&self.mark, &self.finder, *held, input);
                *held = still;
                step
            }
            State::Complete => Step::default(),
        };
        self.received += (step.released + step.payload) as u64;
        if self.received > self.limit {
            return Err(PayloadError::TooLong { len: self.received, limit: self.limit });
        }
        let complete = step.marked || matches!(self.state, State::Length(0));
        if complete {
            self.state = State::Complete;
        }
        Ok(Found {
            first: &self.mark[..step.released],
            second: &input[..step.payload],
            consumed: step.consumed,
            complete,
        })
    }

    /// Reads the line before the payload.
    fn begin(&mut self, line: &[u8]) -> Result<(), PayloadError> {
        let text = || String::from_utf8_lossy(line).into_owned();
        if let Some(why) = line.strip_prefix(b"-") {
            return Err(PayloadError::Refused(String::from_utf8_lossy(why).into_owned()));
        }
        let announced = line.strip_prefix(b"$").ok_or_else(|| PayloadError::Header(text()))?;
        if let Some(mark) = announced.strip_prefix(b"EOF:") {
            self.mark = mark.try_into().map_err(|_| PayloadError::Header(text()))?;
            self.finder = memmem::Finder::new(&self.mark).into_owned();
            self.state = State::Marked { held: 0 };
            self.form = Some(Form::Marked);
            return Ok(());
        }
        let len = integer::parse(announced).and_then(|len| u64::try_from(len).ok());
        let len = len.ok_or_else(|| PayloadError::Header(text()))?;
        if len > self.limit {
            return Err(PayloadError::TooLong { len, limit: self.limit });
        }
        self.state = State::Length(len);
        self.form = Some(Form::Length(len));
        Ok(())
    }
}

/// The result of a look at some bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    /// How many bytes were held back as the beginning of the mark and are payload after all.
    released: usize,
    /// How many bytes at the front of the input are payload.
    payload: usize,
    consumed: usize,
    /// Whether the mark was found.
    marked: bool,
}

/// Looks for `mark` in `input`. The first `held` bytes of the mark came before. Returns how many
/// bytes of it came now.
fn search(
    mark: &[u8; MARK_LEN],
    finder: &memmem::Finder<'_>,
    held: usize,
    input: &[u8],
) -> (Step, usize) {
    // The mark may begin with any of the bytes that were held back.
    for skip in 0..held {
        let had = held - skip;
        let len = input.len().min(MARK_LEN - had);
        if mark[skip..held] == mark[..had] && input[..len] == mark[had..had + len] {
            let step = Step { released: skip, consumed: len, ..Step::default() };
            return if had + len == MARK_LEN {
                (Step { marked: true, ..step }, 0)
            } else {
                (step, had + len)
            };
        }
    }
    if let Some(at) = finder.find(input) {
        let consumed = at + MARK_LEN;
        return (Step { released: held, payload: at, consumed, marked: true }, 0);
    }
    let longest = input.len().min(MARK_LEN - 1);
    let begun = (1..=longest).rev().find(|len| input.ends_with(&mark[..*len])).unwrap_or(0);
    let payload = input.len() - begun;
    (Step { released: held, payload, consumed: input.len(), marked: false }, begun)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The payload, the stream behind it, and how the end of the payload was marked.
    type Read = (Vec<u8>, Vec<u8>, Option<Form>);

    /// Feeds `input` in pieces of the lengths of `cuts`, which are used over and over.
    fn read(input: &[u8], cuts: &[usize]) -> Result<Read, PayloadError> {
        let mut reader = PayloadReader::new(1 << 20);
        let (mut payload, mut at, mut complete) = (Vec::new(), 0, false);
        for cut in cuts.iter().cycle() {
            let end = input.len().min(at + cut);
            while at < end && !complete {
                let found = reader.feed(&input[at..end])?;
                payload.extend_from_slice(found.first);
                payload.extend_from_slice(found.second);
                (at, complete) = (at + found.consumed, found.complete);
            }
            if complete || at == input.len() {
                break;
            }
        }
        assert_eq!(reader.received(), payload.len() as u64);
        assert_eq!(reader.feed(b"more").unwrap().consumed, if complete { 0 } else { 4 });
        Ok((payload, input[at..].to_vec(), reader.form()))
    }

    const MARK: &str = "0123456789012345678901234567890123456789";

    #[test]
    fn a_length_and_the_stream_behind_it() {
        for cut in 1..30 {
            let (payload, stream, form) = read(b"\n\r\n\n$5\r\nREDIS*1\r\n", &[cut]).unwrap();
            assert_eq!((payload, stream), (b"REDIS".to_vec(), b"*1\r\n".to_vec()));
            assert_eq!(form, Some(Form::Length(5)));
        }
        let (payload, stream, _) = read(b"$0\r\n*1\r\n", &[100]).unwrap();
        assert_eq!((payload, stream), (Vec::new(), b"*1\r\n".to_vec()));
    }

    #[test]
    fn a_header_of_no_payload_is_refused() {
        let refused = "ERR BGSAVE failed, replication can't continue";
        let error = |input: &str| read(input.as_bytes(), &[3]).unwrap_err();
        assert_eq!(error(&format!("\n-{refused}\r\n")), PayloadError::Refused(refused.to_owned()));
        for header in ["+OK", "$x", "$-1", "$EOF:", "$EOF:1", &format!("$EOF:{MARK}0"), "REDIS0009"]
        {
            let header = header.to_owned();
            assert_eq!(error(&format!("{header}\r\n")), PayloadError::Header(header));
        }
        assert_eq!(error(&"x".repeat(1100)), PayloadError::Endless);
        let too_long = PayloadError::TooLong { len: 1_048_577, limit: 1 << 20 };
        assert_eq!(error("$1048577\r\n"), too_long);
        let endless = format!("$EOF:{MARK}\r\n{}", "x".repeat(1_100_000));
        assert!(matches!(error(&endless), PayloadError::TooLong { .. }));
    }

    proptest! {
        /// A payload with bytes that look like the mark before it, cut anywhere.
        #[test]
        fn the_mark_ends_the_payload(
            mark in "[ab]{40}|(ab){20}|a{40}|[0-9a-f]{40}",
            parts in prop::collection::vec((0_usize..40, 0_usize..40, any::<bool>()), 0..12),
            behind in prop::collection::vec(any::<u8>(), 0..50),
            cuts in prop::collection::vec(1_usize..60, 1..8),
        ) {
            let mut body = Vec::new();
            for (from, to, other) in parts {
                body.extend_from_slice(mark.as_bytes().get(from..to).unwrap_or_default());
                if other {
                    body.push(b'#');
                }
            }
            let mut input = body.clone();
            input.extend_from_slice(mark.as_bytes());
            // Where the end of the body and the mark form the mark earlier, the payload ends there.
            let end = memmem::find(&input, mark.as_bytes()).unwrap();
            input.extend_from_slice(&behind);
            let mut wire = format!("\n$EOF:{mark}\r\n").into_bytes();
            wire.extend_from_slice(&input);
            let (payload, stream, form) = read(&wire, &cuts).unwrap();
            prop_assert_eq!(&payload[..], &input[..end]);
            prop_assert_eq!(&stream[..], &input[end + 40..]);
            prop_assert_eq!(form, Some(Form::Marked));
        }
    }
}
