//! Commands that pick random members.

use crate::arguments::random::{self, Pool, Wanted};
use crate::call::{CommandError, EventClass, Reply, words};
use crate::execution::{Args, Done, ReadCx, Row, WriteCx};
use crate::values::sets::Set;
use crate::values::sets::combine::union;
use crate::values::sets::rules::Rules;
use crate::values::sets::view::SetRef;
use tidegate_rdb::{Element, Strings};

pub(super) const COMMANDS: &[Row] =
    &[Row::write("spop", spop), Row::read("srandmember", srandmember)];

/// `SRANDMEMBER key [count]`
fn srandmember(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    match args {
        [_, _] => match cx.read::<Set>(args[1])?.and_then(|set| random::one(&set)) {
            Some(member) => reply.element(member),
            None => reply.null(),
        },
        [_, _, _] => {
            let wanted = Wanted::of(&args[2..], None)?;
            let set = cx.read::<Set>(args[1])?;
            cx.spend(set.map_or(0, |set| wanted.steps(set.len())))?;
            random::write_reply(set, wanted, reply)?;
        }
        _ => return Err(CommandError::SYNTAX),
    }
    Ok(())
}

impl<'a> Pool<'a> for SetRef<'a> {
    type Item = Element<'a>;
    type Name = Element<'a>;

    fn len(&self) -> usize {
        SetRef::len(*self)
    }

    fn all(&self) -> impl Iterator<Item = Element<'a>> {
        self.iter()
    }

    fn any(&self, random: &mut fastrand::Rng) -> Option<(Element<'a>, Element<'a>)> {
        let member = match self {
            Self::Ints(ints) if ints.is_empty() => return None,
            Self::Ints(ints) => Element::Int(ints.get(random.usize(..ints.len()))?),
            Self::Packed(_) => return None,
            Self::Table(members) => Element::Bytes(members.random(random)?),
        };
        Some((member, member))
    }

    fn write(member: Element<'a>, _: bool, reply: &mut Reply<'_>) {
        reply.element(member);
    }
}

/// `SPOP key [count]`
fn spop(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let count = match args {
        [_, _] => return spop_one(cx, args[1], reply),
        [_, _, count] => words::natural(count)?,
        _ => return Err(CommandError::SYNTAX),
    };
    let rules = cx.set_rules();
    let popped = cx.edit(args[1], |set: &mut Set| Ok(pop(set, count, rules, reply)))?;
    if let Some((popped, gone)) = &popped
        && *popped > 0
    {
        replicate(cx, args[1], gone.as_ref());
        cx.signal_edit(EventClass::Set, "spop", args[1]);
    }
    match popped {
        Some((popped, _)) => cx.dirty(popped),
        None => reply.set(0),
    }
    Ok(())
}

/// `SPOP key`
fn spop_one(cx: &mut WriteCx<'_>, key: &[u8], reply: &mut Reply<'_>) -> Done {
    let recorder = cx.recorder.filter(|_| cx.leads());
    let (db, mut buffer) = (cx.db, itoa::Buffer::new());
    let popped = cx.edit(key, |set: &mut Set| {
        let Some(member) = random::one(&set.view()) else { return Ok(false) };
        reply.element(member);
        let name = member.bytes(&mut buffer).to_vec();
        if let Some(recorder) = recorder {
            recorder.replace(db, &[b"SREM", key, &name]);
        }
        Ok(set.remove(Element::Bytes(&name)))
    })?;
    match popped {
        Some(_) => {
            cx.signal_edit(EventClass::Set, "spop", key);
            cx.dirty(1);
        }
        None => reply.null(),
    }
    Ok(())
}

/// Puts the removal of random members into the stream: by name, or as that of the key if `gone` is
/// `None`.
fn replicate(cx: &WriteCx<'_>, key: &[u8], gone: Option<&Strings>) {
    /// The most members that one command removes (`spopWithCountCommand`).
    const BATCH: usize = 1024;
    if !cx.leads() {
        return;
    }
    let Some(gone) = gone else {
        cx.replicate(&[cx.lazy_free().server_del_command(), key]);
        return;
    };
    let members: Vec<&[u8]> = gone.iter().collect();
    let batch = if cx.dialect().removes_popped_in_batches() { BATCH } else { 1 };
    for batch in members.chunks(batch) {
        let words = [&[&b"SREM"[..], key][..], batch].concat();
        cx.replicate(&words);
    }
}

/// Removes `count` members and writes them. Returns how many, and which; `None` if they were all.
fn pop(
    set: &mut Set,
    count: usize,
    rules: Rules,
    reply: &mut Reply<'_>,
) -> (usize, Option<Strings>) {
    /// How many times more members have to be removed than stay, so that the set is built anew
    /// (`SPOP_MOVE_STRATEGY_MUL`).
    const MANY: usize = 5;
    let len = set.view().len();
    if count >= len {
        // The server returns the union of this one set.
        let all = union(std::iter::once(set.view()), rules);
        reply.set(len);
        all.view().iter().for_each(|member| reply.element(member));
        *set = Set::default();
        return (len, None);
    }
    let chosen = random::distinct(&set.view(), count);
    reply.set(chosen.len());
    let mut gone = Strings::with_capacity(chosen.len());
    let mut buffer = itoa::Buffer::new();
    for member in chosen {
        reply.element(member);
        gone.push(member.bytes(&mut buffer));
    }
    for member in gone.iter() {
        set.remove(Element::Bytes(member));
    }
    if (len - gone.len()).saturating_mul(MANY) <= gone.len() {
        renew(set, rules);
    }
    (gone.len(), Some(gone))
}

/// Builds a set anew, in the form that it would have if its members were added now.
fn renew(set: &mut Set, rules: Rules) {
    let mut members = set.view().iter();
    let Some(first) = members.next() else { return };
    let mut new = match set.view() {
        SetRef::Packed(_) => return,
        SetRef::Table(_) if rules.listpacks => Set::packed(),
        _ => Set::for_first(first, 1, rules),
    };
    new.insert(first, rules);
    members.for_each(|member| {
        new.insert(member, rules);
    });
    *set = new;
}
