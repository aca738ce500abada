//! What a client waits for: the keys, and the request that is run again when one of them is ready.

use crate::call::{CallContext, Effects, Outcome};
use crate::commands::WaitingRead;
use crate::keyspace::Awaited;
use crate::store::Store;
use tidegate_wire::resp::RespVersion;
use tidegate_wire::resp::{encode, integer};

/// How a request that may block ended.
#[derive(Debug)]
pub enum Executed {
    /// The reply was written, or the outcome tells why not.
    Done(Outcome),
    /// Nothing was written: the client waits.
    Waits(Wait),
}

/// What a client waits for.
#[derive(Clone, Debug)]
pub struct Wait {
    pub(super) db: usize,
    pub(super) version: RespVersion,
    /// The request, whose ids of streams are settled.
    request: Vec<Vec<u8>>,
    form: Form,
    pub(super) awaited: Awaited,
    /// The first key's place in the request, and the number of keys.
    keys: (usize, usize),
    /// How long the client waits, in milliseconds; `None` is for ever.
    pub timeout_ms: Option<u64>,
}

/// The form of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `BLPOP key [key ...] timeout`
    Keys,
    /// `BLMPOP timeout numkeys key [key ...] ...`
    Counted,
    /// `BLMOVE source destination ...`
    Source,
    /// `XREAD ... STREAMS key [key ...] id [id ...]`; with a group or without.
    Streams { grouped: bool },
}

impl Store {
    /// Runs any command for a client of a master, as [`Store::execute`] does. A command that finds
    /// nothing and may block writes nothing: the client waits. A client in a transaction, which
    /// never blocks, calls [`Store::execute`].
    pub fn execute_or_wait(
        &mut self,
        context: CallContext,
        args: &[&[u8]],
        out: &mut Vec<u8>,
        effects: &mut Effects,
    ) -> Executed {
        let start = out.len();
        let settled = if is(args, "XREAD") { self.waiting_read(context, args) } else { None };
        let outcome = self.execute(context, args, out, effects);
        if outcome != Outcome::Replied || !is_null(out.get(start..).unwrap_or_default()) {
            return Executed::Done(outcome);
        }
        match Wait::of(context, args, settled) {
            Some(wait) => {
                out.truncate(start);
                Executed::Waits(wait)
            }
            None => Executed::Done(outcome),
        }
    }
}

impl Wait {
    /// Returns what the client of a request waits for that found nothing; `None` if it does not
    /// wait. `settled` is what the client of an XREAD waits for.
    fn of(context: CallContext, args: &[&[u8]], settled: Option<WaitingRead>) -> Option<Self> {
        let CallContext { db, version, .. } = context;
        let name = args.first()?.to_ascii_uppercase();
        let awaited = match name.get(..2)? {
            b"BZ" => Awaited::SortedSet,
            b"XR" => Awaited::Stream,
            _ => Awaited::List,
        };
        let wait = |form, keys, timeout_ms| {
            let request = args.iter().map(|word| word.to_vec()).collect();
            Some(Self { db, version, request, form, awaited, keys, timeout_ms })
        };
        match &*name {
            b"BLPOP" | b"BRPOP" | b"BZPOPMIN" | b"BZPOPMAX" => {
                let timeout = seconds(args.last()?);
                wait(Form::Keys, (1, args.len().saturating_sub(2)), timeout)
            }
            b"BLMPOP" | b"BZMPOP" => {
                let count = usize::try_from(integer::parse(args.get(2)?)?).ok()?;
                wait(Form::Counted, (3, count), seconds(args.get(1)?))
            }
            b"BLMOVE" => wait(Form::Source, (1, 1), seconds(args.get(5)?)),
            b"BRPOPLPUSH" => wait(Form::Source, (1, 1), seconds(args.get(3)?)),
            b"XREAD" => Some(Self::of_read(context, &settled?)),
            b"XREADGROUP" => {
                let (block, streams) = streams(args)?;
                let keys = (streams, args.len().checked_sub(streams)? / 2);
                wait(Form::Streams { grouped: true }, keys, (block > 0).then_some(block))
            }
            _ => None,
        }
    }

    fn of_read(context: CallContext, settled: &WaitingRead) -> Self {
        let count = settled.count().to_string().into_bytes();
        let mut request = vec![b"XREAD".to_vec(), b"COUNT".to_vec(), count, b"STREAMS".to_vec()];
        let keys = (request.len(), settled.streams().len());
        request.extend(settled.streams().map(|(key, _)| key.to_vec()));
        request.extend(settled.streams().map(|(_, id)| id.into_bytes()));
        Self {
            db: context.db,
            version: context.version,
            request,
            form: Form::Streams { grouped: false },
            awaited: Awaited::Stream,
            keys,
            timeout_ms: settled.timeout_ms,
        }
    }

    /// Returns the keys, each of which may serve the client.
    pub fn keys(&self) -> impl Iterator<Item = &[u8]> {
        let (first, count) = self.keys;
        self.request.iter().skip(first).take(count).map(Vec::as_slice)
    }

    /// Whether the client reads as a member of a group, which may disappear.
    pub(super) fn is_grouped(&self) -> bool {
        self.form == Form::Streams { grouped: true }
    }

    /// Returns the request; if `only` is given, as if it named no other key.
    pub(super) fn request<'a>(&'a self, only: Option<&'a [u8]>) -> Vec<&'a [u8]> {
        let words = || self.request.iter().map(Vec::as_slice);
        let Some(key) = only else { return words().collect() };
        let (first, count) = self.keys;
        let (head, end) = (words().take(first), words().skip(first + count));
        match self.form {
            Form::Keys => head.chain([key]).chain(end).collect(),
            Form::Counted => head.take(2).chain([&b"1"[..], key]).chain(end).collect(),
            Form::Source => words().collect(),
            Form::Streams { .. } => {
                let at = self.keys().position(|other| other == key).unwrap_or(0);
                let id = self.request.get(first + count + at).map_or(&b"0"[..], |id| id);
                head.chain([key, id]).collect()
            }
        }
    }

    /// Writes the reply to a client whose time is up: the same one whatever it waited for, also
    /// where the reply of the command is no array otherwise (BLMOVE).
    pub fn write_timeout(&self, out: &mut Vec<u8>) {
        encode::null_array(out, self.version);
    }

    /// About the number of bytes that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.request.iter().map(|word| size_of::<Vec<u8>>() + word.len()).sum()
    }
}

fn is(args: &[&[u8]], name: &str) -> bool {
    args.first().is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
}

/// Whether a reply says that there is nothing.
pub(super) fn is_null(reply: &[u8]) -> bool {
    matches!(reply, b"*-1\r\n" | b"$-1\r\n" | b"_\r\n")
}

/// Returns a valid timeout in seconds as milliseconds, rounded up; `None` for ever.
fn seconds(word: &[u8]) -> Option<u64> {
    let seconds: f64 = std::str::from_utf8(word).ok()?.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is checked")]
    let ms = (seconds * 1000.0).ceil() as u64;
    (ms > 0).then_some(ms)
}

/// Returns the milliseconds of BLOCK in a valid XREADGROUP, and where its keys begin.
fn streams(args: &[&[u8]]) -> Option<(u64, usize)> {
    let (mut at, mut block) = (1, None);
    while let Some(word) = args.get(at) {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        at += match () {
            () if is("STREAMS") => return Some((block?, at + 1)),
            () if is("BLOCK") => {
                block = integer::parse(args.get(at + 1)?).and_then(|ms| u64::try_from(ms).ok());
                2
            }
            () if is("COUNT") => 2,
            () if is("GROUP") => 3,
            () => 1,
        };
    }
    None
}
