//! `HSETEX`, which sets fields and makes them expire if a condition holds.

use super::arguments::{time, valkey_counted, valkey_options};
use super::propagation::{Changed, replicate, replicate_removal};
use crate::arguments::expiry::Unit;
use crate::call::{CommandError, EventClass, Reply, quoted, words};
use crate::execution::{Args, Done, Row, WriteCx};
use crate::values::hashes::rules::Rules;
use crate::values::hashes::value::{Expiry, Hash};

pub(in crate::commands::hashes) const COMMANDS: &[Row] = &[Row::write("hsetex", hsetex)];

const ONE_EXPIRY: CommandError =
    CommandError::new("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified");
const ONE_CONDITION: CommandError =
    CommandError::new("ERR Only one of FXX or FNX arguments can be specified");
const NO_TIME: CommandError = CommandError::new("ERR missing expire time");
const NO_NUMBER: CommandError = CommandError::new("ERR invalid number of fields");

/// What a client wants.
#[derive(Debug)]
struct Wanted<'w, 'a> {
    /// The fields and their values in turns.
    pairs: &'w [&'a [u8]],
    expiry: Expiry,
    /// Whether all fields have to exist already, or none; `None` if it does not matter.
    fields_exist: Option<bool>,
    /// Whether the key has to exist, or must not; `None` if it does not matter.
    key_exists: Option<bool>,
    /// A time that is not read yet.
    given: Option<(Unit, &'a [u8])>,
}

/// `HSETEX key [FNX | FXX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT
/// unix-time-milliseconds | KEEPTTL] FIELDS numfields field value [field value ...]`
///
/// Valkey has `NX` and `XX` too, for the key.
fn hsetex(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let rules = cx.hash_rules();
    let redis = rules.dialect().packs_field_ttls();
    let mut wanted = if redis { Wanted::of_redis(args, &rules)? } else { Wanted::of_valkey(args)? };
    let key_is_there = cx.read::<Hash>(args[1])?.is_some();
    if wanted.key_exists.is_some_and(|exists| exists != key_is_there) {
        reply.int(0);
        return Ok(());
    }
    wanted.resolve(args[0], &rules)?;
    let mut noted = Changed::of(cx);
    let is_set = cx.edit_or_new::<Hash, _>(args[1], |hash| {
        if !wanted.holds(hash, &rules, &mut noted) {
            return Ok(false);
        }
        if redis {
            hash.prepare(wanted.pairs, true, &rules);
        }
        for pair in wanted.pairs.chunks_exact(2) {
            wanted.set(hash, pair[0], pair[1], &rules, &mut noted)?;
        }
        Ok(true)
    })?;
    noted.record_expired(cx, args[1], wanted.expiry == Expiry::Keep);
    if is_set {
        record(cx, args, &wanted, &rules);
    }
    cx.dirty(if is_set { wanted.pairs.len() / 2 } else { 0 });
    reply.int(is_set.into());
    Ok(())
}

/// Records that fields were set, and when they expire.
fn record(cx: &WriteCx<'_>, args: Args<'_>, wanted: &Wanted<'_, '_>, rules: &Rules) {
    let key = args[1];
    cx.changed(key);
    if !cx.leads() {
        return;
    }
    let is_past = matches!(wanted.expiry, Expiry::At(at) if rules.is_past(at));
    if !(is_past && cx.dialect().expired_fields_are_gone()) {
        cx.event(EventClass::Hash, "hset", key);
    }
    let Expiry::At(at) = wanted.expiry else { return };
    if is_past {
        let fields: Vec<&[u8]> = wanted.pairs.iter().step_by(2).copied().collect();
        replicate_removal(cx, key, &fields);
        cx.event(EventClass::Hash, cx.dialect().past_field_event(), key);
        if cx.has_emptied {
            cx.event(EventClass::Generic, "del", key);
        }
        return;
    }
    cx.event(EventClass::Hash, "hexpire", key);
    let mut buffer = itoa::Buffer::new();
    let number = buffer.format(at).as_bytes();
    if !cx.dialect().packs_field_ttls() {
        // Valkey leaves out the conditions.
        replicate(cx, b"HSETEX", key, &[b"PXAT", number], (wanted.pairs.len() / 2, wanted.pairs));
        return;
    }
    let mut words = args.to_vec();
    let options = words.len().saturating_sub(wanted.pairs.len() + 2);
    let unit = (2..options).find(|at| Unit::of(words[*at]).is_some());
    if let Some(unit) = unit.filter(|at| Unit::of(words[*at]) != Some(Unit::PXAT)) {
        (words[unit], words[unit + 1]) = (b"PXAT", number);
        cx.replicate(&words);
    }
}

impl<'w, 'a> Wanted<'w, 'a> {
    fn new() -> Self {
        let expiry = Expiry::Clear;
        Self { pairs: &[], expiry, fields_exist: None, key_exists: None, given: None }
    }

    /// Reads the arguments as Redis does (`hsetexParseArgs`).
    fn of_redis(args: &'w [&'a [u8]], rules: &Rules) -> Result<Self, CommandError> {
        let mut wanted = Self::new();
        let mut rest = args.get(2..).unwrap_or_default();
        while let [word, after @ ..] = rest {
            rest = after;
            if words::is(word, "FIELDS") {
                wanted.pairs = redis_pairs(after)?;
                return Ok(wanted);
            } else if let Some(unit) = Unit::of(word) {
                wanted.only_expiry()?;
                let [number, after @ ..] = after else { return Err(NO_TIME) };
                let at = time(number, unit, rules.now(), rules.dialect(), args[0])?;
                wanted.expiry = Expiry::At(at);
                rest = after;
            } else if words::is(word, "KEEPTTL") {
                wanted.only_expiry()?;
                wanted.expiry = Expiry::Keep;
            } else if let Some(exist) = fields_exist(word) {
                if wanted.fields_exist.is_some() {
                    return Err(ONE_CONDITION);
                }
                wanted.fields_exist = Some(exist);
            } else {
                let word = quoted(word);
                return Err(CommandError::of(format!("ERR unknown argument: {word}")));
            }
        }
        Err(CommandError::wrong_arity("hsetex"))
    }

    fn only_expiry(&self) -> Result<(), CommandError> {
        if self.expiry == Expiry::Clear { Ok(()) } else { Err(ONE_EXPIRY) }
    }

    /// Reads the arguments as Valkey does (`parseExtendedCommandArgumentsOrReply`).
    fn of_valkey(args: &'w [&'a [u8]]) -> Result<Self, CommandError> {
        let (mut options, count_at) = valkey_options(args, 2)?;
        let mut wanted = Self::new();
        while let [word, rest @ ..] = options {
            options = rest;
            let keeps = wanted.expiry == Expiry::Keep;
            let key = key_exists(word).filter(|it| wanted.key_exists.is_none_or(|set| set == *it));
            let fields =
                fields_exist(word).filter(|it| wanted.fields_exist.is_none_or(|set| set == *it));
            if key.is_some() {
                wanted.key_exists = key;
            } else if fields.is_some() {
                wanted.fields_exist = fields;
            } else if words::is(word, "KEEPTTL") && wanted.given.is_none() {
                wanted.expiry = Expiry::Keep;
            } else if let Some(unit) = Unit::of(word).filter(|_| !keeps)
                && let [number, rest @ ..] = rest
                && wanted.given.is_none_or(|(set, _)| set == unit)
            {
                wanted.given = Some((unit, *number));
                options = rest;
            } else {
                return Err(CommandError::SYNTAX);
            }
        }
        wanted.pairs = valkey_counted(args, count_at, 2)?;
        Ok(wanted)
    }

    /// Reads the time. Valkey does this when it knows that the key is a hash (measured).
    fn resolve(&mut self, command: &[u8], rules: &Rules) -> Result<(), CommandError> {
        if let Some((unit, number)) = self.given {
            let at = time(number, unit, rules.now(), rules.dialect(), command)?;
            self.expiry = Expiry::At(at);
        }
        Ok(())
    }

    /// Whether the condition on the fields holds.
    fn holds(&self, hash: &mut Hash, rules: &Rules, noted: &mut Changed<'a>) -> bool {
        let Some(exist) = self.fields_exist else { return true };
        for field in self.pairs.iter().step_by(2) {
            if rules.dialect().packs_field_ttls() && hash.remove_expired(field, rules) {
                noted.expire(field);
            }
            let found = hash.view().get(field);
            if found.is_some_and(|entry| rules.is_live(entry.expires)) != exist {
                return false;
            }
        }
        true
    }

    fn set(
        &self,
        hash: &mut Hash,
        field: &'a [u8],
        value: &[u8],
        rules: &Rules,
        noted: &mut Changed<'a>,
    ) -> Result<(), CommandError> {
        let gone = rules.dialect().expired_fields_are_gone();
        let past = matches!(self.expiry, Expiry::At(at) if rules.is_past(at));
        if gone && hash.remove_expired(field, rules) {
            noted.expire(field);
        }
        // Redis sets even the fields that it deletes at once, which may unpack the hash.
        if !(past && gone) {
            hash.set(field, value, self.expiry, rules)?;
        }
        if past {
            hash.remove(field);
        }
        Ok(())
    }
}

/// Returns what `FNX` and `FXX` demand of the fields.
fn fields_exist(word: &[u8]) -> Option<bool> {
    let [fnx, fxx] = ["FNX", "FXX"].map(|name| words::is(word, name));
    (fnx || fxx).then_some(fxx)
}

/// Returns what `NX` and `XX` demand of the key.
fn key_exists(word: &[u8]) -> Option<bool> {
    let [nx, xx] = ["NX", "XX"].map(|name| words::is(word, name));
    (nx || xx).then_some(xx)
}

/// Reads what follows `FIELDS`: a number, and as many fields with their values.
fn redis_pairs<'w, 'a>(after: &'w [&'a [u8]]) -> Result<&'w [&'a [u8]], CommandError> {
    let [number, pairs @ ..] = after else { return Err(CommandError::wrong_arity("hsetex")) };
    if pairs.len() < 2 {
        return Err(CommandError::wrong_arity("hsetex"));
    }
    let count = words::int(number).ok().filter(|count| (1..=i64::from(i32::MAX)).contains(count));
    let count = count.ok_or(NO_NUMBER)?;
    if !pairs.len().is_multiple_of(2) || usize::try_from(count) != Ok(pairs.len() / 2) {
        return Err(CommandError::wrong_arity("hsetex"));
    }
    Ok(pairs)
}
