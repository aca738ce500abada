//! `HRANDFIELD`. On a replica of Redis it shows fields that have expired too (measured).

use crate::arguments::random::{self, Pool, Wanted};
use crate::call::{CommandError, Reply};
use crate::execution::{Args, Done, ReadCx, Row};
use crate::values::hashes::packed::Entry;
use crate::values::hashes::value::Hash;
use crate::values::hashes::view::{Form, HashRef};

pub(in crate::commands::hashes) const COMMANDS: &[Row] =
    &[Row::both("hrandfield", hrandfield, |cx, args, reply| {
        // A master of Redis removes all expired fields first.
        let counts = args.get(2..).is_some_and(|rest| !rest.is_empty());
        if counts {
            Wanted::of(&args[2..], Some("WITHVALUES"))?;
        }
        if !cx.dialect().packs_field_ttls() {
            return hrandfield(&cx.reader(), args, reply);
        }
        cx.miss(args[1]);
        cx.expire_fields(args[1], usize::MAX);
        hrandfield(&ReadCx { recorder: None, ..cx.reader() }, args, reply)
    })];

/// How often a field that has not expired is looked for before all are walked.
const TRIES: usize = 64;

/// `HRANDFIELD key [count [WITHVALUES]]`
fn hrandfield(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    if args.len() > 2 {
        let wanted = Wanted::of(&args[2..], Some("WITHVALUES"))?;
        let fields = Fields::of(cx, args[1])?;
        if let Some(Fields { hash, .. }) = fields {
            let counted = if hash.is_volatile() { hash.len() } else { 0 };
            cx.spend(wanted.steps(hash.len()) + counted)?;
        }
        return random::write_reply(fields, wanted, reply);
    }
    match Fields::of(cx, args[1])?.and_then(|fields| random::one(&fields)) {
        Some(entry) => reply.element(entry.field),
        None => reply.null(),
    }
    Ok(())
}

/// The fields that may be shown.
#[derive(Clone, Copy, Debug)]
struct Fields<'a> {
    hash: HashRef<'a>,
    /// The time, in Unix milliseconds, before which fields have expired that are not shown.
    now: i64,
}

impl<'a> Fields<'a> {
    fn of(cx: &ReadCx<'a>, key: &[u8]) -> Result<Option<Self>, CommandError> {
        let now = if cx.dialect().expired_fields_are_gone() { cx.now } else { i64::MIN };
        Ok(cx.read::<Hash>(key)?.map(|hash| Self { hash, now }))
    }
}

impl<'a> Pool<'a> for Fields<'a> {
    type Item = Entry<'a>;
    type Name = &'a [u8];

    fn len(&self) -> usize {
        if self.now == i64::MIN { self.hash.len() } else { self.hash.live(self.now) }
    }

    fn all(&self) -> impl Iterator<Item = Entry<'a>> {
        let mut all = Vec::new();
        self.hash.each_live(self.now, |entry| all.push(entry));
        all.into_iter()
    }

    fn any(&self, random: &mut fastrand::Rng) -> Option<(&'a [u8], Entry<'a>)> {
        let Form::Table(fields) = self.hash.form() else { return None };
        let picked = (0..TRIES).map_while(|_| fields.random(random));
        picked
            .map(|parts| (parts.name, parts.into()))
            .find(|(_, entry): &(_, Entry<'a>)| entry.is_live(self.now))
    }

    fn write(entry: Entry<'a>, with_value: bool, reply: &mut Reply<'_>) {
        if with_value && reply.is_resp3() {
            reply.array(2);
        }
        reply.element(entry.field);
        if with_value {
            reply.element(entry.value);
        }
    }
}
