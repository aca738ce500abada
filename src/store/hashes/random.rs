//! `HRANDFIELD`. On a replica of Redis it shows fields that have expired too (measured).

use std::collections::HashSet;

use super::packed::Entry;
use super::value::Hash;
use super::view::{Form, HashRef};
use crate::store::commands::Row;
use crate::store::context::{Args, Done, ReadCx};
use crate::store::error::CommandError;
use crate::store::reply::Reply;
use crate::store::words;

pub(super) const COMMANDS: &[Row] = &[Row::read("hrandfield", hrandfield)];

/// No reply grows beyond so many bytes: a client may ask for the same field without end.
const MAX_REPLY: usize = 512 << 20;
/// How often a field is looked for that has not expired, before all are looked at.
const TRIES: usize = 64;

const BAD_RANGE: CommandError = CommandError::new(
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
);
const OUT_OF_RANGE: CommandError = CommandError::new("ERR value is out of range");
const TOO_MUCH: CommandError = CommandError::new("ERR reply would be longer than 512 MB");

/// `HRANDFIELD key [count [WITHVALUES]]`
fn hrandfield(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let Some(count) = args.get(2) else {
        let hash = cx.read::<Hash>(args[1])?;
        match hash.and_then(|hash| Pick::new(hash, cx).one()) {
            Some(entry) => reply.element(entry.field),
            None => reply.null(),
        }
        return Ok(());
    };
    let count = words::int(count)?;
    if count == i64::MIN {
        return Err(BAD_RANGE);
    }
    let with_values = match args.get(3..) {
        None | Some([]) => false,
        Some([word]) if words::is(word, "WITHVALUES") => true,
        _ => return Err(CommandError::SYNTAX),
    };
    if with_values && count.unsigned_abs() > i64::MAX.unsigned_abs() / 2 {
        return Err(OUT_OF_RANGE);
    }
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let hash = cx.read::<Hash>(args[1])?.filter(|_| wanted > 0);
    let Some(mut pick) = hash.map(|hash| Pick::new(hash, cx)) else {
        reply.array(0);
        return Ok(());
    };
    if count < 0 {
        again_and_again(&mut pick, wanted, with_values, reply)
    } else {
        let found = pick.some(wanted);
        head(reply, found.len(), with_values);
        found.into_iter().for_each(|entry| tell(reply, entry, with_values));
        Ok(())
    }
}

/// As many as are wanted, the same ones too.
fn again_and_again(
    pick: &mut Pick<'_>,
    wanted: usize,
    with_values: bool,
    reply: &mut Reply<'_>,
) -> Done {
    // Once for all, where one is not found at once.
    let all = match pick.hash.form() {
        Form::Table(_) if !pick.hides() => Vec::new(),
        _ => pick.all(),
    };
    let Some(first) = pick.one() else {
        reply.array(0);
        return Ok(());
    };
    head(reply, wanted, with_values);
    let start = reply.raw().len();
    tell(reply, first, with_values);
    for _ in 1..wanted {
        let entry = match all.len() {
            0 => pick.one().unwrap_or(first),
            len => all.get(pick.random.usize(..len)).copied().unwrap_or(first),
        };
        tell(reply, entry, with_values);
        if reply.raw().len() - start > MAX_REPLY {
            return Err(TOO_MUCH);
        }
    }
    Ok(())
}

fn head(reply: &mut Reply<'_>, len: usize, with_values: bool) {
    // In RESP3 each field and its value are an array of their own.
    let words = if with_values && !reply.is_resp3() { len.saturating_mul(2) } else { len };
    reply.array(words);
}

fn tell(reply: &mut Reply<'_>, entry: Entry<'_>, with_values: bool) {
    if with_values && reply.is_resp3() {
        reply.array(2);
    }
    reply.element(entry.field);
    if with_values {
        reply.element(entry.value);
    }
}

/// Fields at random.
#[derive(Debug)]
struct Pick<'a> {
    hash: HashRef<'a>,
    /// Before it fields have expired that are not to be shown.
    now: i64,
    random: fastrand::Rng,
}

impl<'a> Pick<'a> {
    fn new(hash: HashRef<'a>, cx: &ReadCx<'_>) -> Self {
        let now = if cx.dialect().expired_fields_are_gone() { cx.now } else { i64::MIN };
        Self { hash, now, random: fastrand::Rng::new() }
    }

    /// Whether there may be fields that are not to be shown.
    fn hides(&self) -> bool {
        self.now != i64::MIN && self.hash.is_volatile()
    }

    /// All that may be shown, in their order.
    fn all(&self) -> Vec<Entry<'a>> {
        let mut all = Vec::new();
        self.hash.each_live(self.now, |entry| all.push(entry));
        all
    }

    /// One of them.
    fn one(&mut self) -> Option<Entry<'a>> {
        if let Form::Table(fields) = self.hash.form() {
            for _ in 0..TRIES {
                let entry = Entry::from(fields.random(&mut self.random)?);
                if entry.is_live(self.now) {
                    return Some(entry);
                }
            }
        }
        let all = self.all();
        (!all.is_empty()).then(|| all[self.random.usize(..all.len())])
    }

    /// Up to `wanted` of them, each but once.
    fn some(&mut self, wanted: usize) -> Vec<Entry<'a>> {
        // Few of many are picked one by one; otherwise what is not wanted is left out.
        if let Form::Table(fields) = self.hash.form()
            && !self.hides()
            && wanted.saturating_mul(3) <= fields.len()
        {
            let (mut seen, mut found) = (HashSet::new(), Vec::with_capacity(wanted));
            while found.len() < wanted
                && let Some(parts) = fields.random(&mut self.random)
            {
                if seen.insert(parts.name) {
                    found.push(parts.into());
                }
            }
            return found;
        }
        let mut all = self.all();
        if wanted < all.len() {
            self.random.shuffle(&mut all);
            all.truncate(wanted);
        }
        all
    }
}
