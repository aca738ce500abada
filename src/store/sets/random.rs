//! Commands that choose members by chance.

use super::Set;
use super::combine::union;
use super::rules::Rules;
use super::view::SetRef;
use crate::rdb::Element;
use crate::store::commands::Row;
use crate::store::context::{Args, Done, ReadCx, WriteCx};
use crate::store::error::CommandError;
use crate::store::reply::Reply;
use crate::store::words;

pub(super) const COMMANDS: &[Row] =
    &[Row::write("spop", spop), Row::read("srandmember", srandmember)];

/// The most members that are told with repetitions. The server has no limit but its memory.
const MOST_REPEATED: u64 = 1 << 24;

/// `SRANDMEMBER key [count]`
fn srandmember(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let mut random = fastrand::Rng::new();
    let count = match args {
        [_, _] => {
            match cx.read::<Set>(args[1])?.and_then(|set| set.random(&mut random)) {
                Some(member) => reply.element(member),
                None => reply.null(),
            }
            return Ok(());
        }
        [_, _, count] => words::negatable(count)?,
        _ => return Err(CommandError::SYNTAX),
    };
    let set = cx.read::<Set>(args[1])?.filter(|_| count != 0);
    let Some(set) = set else {
        reply.array(0);
        return Ok(());
    };
    if count < 0 {
        return repeated(set, count.unsigned_abs(), &mut random, reply);
    }
    let chosen = choose(set, usize::try_from(count).unwrap_or(usize::MAX), &mut random);
    reply.array(chosen.len());
    for member in chosen {
        reply.element(member);
    }
    Ok(())
}

/// Tells `count` members, each any of the set.
fn repeated(
    set: SetRef<'_>,
    count: u64,
    random: &mut fastrand::Rng,
    reply: &mut Reply<'_>,
) -> Done {
    let count = usize::try_from(count).ok().filter(|_| count <= MOST_REPEATED);
    let count = count.ok_or(CommandError::new("ERR value is out of range"))?;
    reply.array(count);
    if let SetRef::Packed(pack) = set {
        // To find one of them takes as long as to walk half of it.
        let members: Vec<_> = pack.iter().collect();
        for _ in 0..count {
            if let Some(&member) = random.choice(&members) {
                reply.element(member);
            }
        }
        return Ok(());
    }
    for _ in 0..count {
        if let Some(member) = set.random(random) {
            reply.element(member);
        }
    }
    Ok(())
}

/// Up to `count` different members; all of them in the order of the set.
fn choose<'a>(set: SetRef<'a>, count: usize, random: &mut fastrand::Rng) -> Vec<Element<'a>> {
    /// How many times larger a table is of which a few are tried, rather than that all are seen.
    const FEW: usize = 3;
    let len = set.len();
    if count >= len {
        return set.iter().collect();
    }
    if !matches!(set, SetRef::Table(_)) || count.saturating_mul(FEW) > len {
        return random.choose_multiple(set.iter(), count);
    }
    let mut chosen = Vec::with_capacity(count);
    let mut known = std::collections::HashSet::with_capacity(count);
    while chosen.len() < count {
        match set.random(random) {
            Some(Element::Bytes(member)) if known.insert(member) => {
                chosen.push(Element::Bytes(member));
            }
            Some(_) => {}
            None => break,
        }
    }
    chosen
}

/// `SPOP key [count]`
fn spop(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let rules = cx.set_rules();
    let count = match args {
        [_, _] => None,
        [_, _, count] => Some(words::natural(count)?),
        _ => return Err(CommandError::SYNTAX),
    };
    let popped = cx.edit(args[1], |set: &mut Set| Ok(pop(set, count, rules, reply)))?;
    match (popped, count) {
        (Some(popped), _) => cx.dirty(popped),
        (None, Some(_)) => reply.set(0),
        (None, None) => reply.null(),
    }
    Ok(())
}

/// Takes members out and tells them; how many.
fn pop(set: &mut Set, count: Option<usize>, rules: Rules, reply: &mut Reply<'_>) -> usize {
    /// From how many times more members that go than stay on the set is made anew
    /// (`SPOP_MOVE_STRATEGY_MUL`).
    const MANY: usize = 5;
    let mut random = fastrand::Rng::new();
    let len = set.view().len();
    if count.is_some_and(|count| count >= len) {
        // As the server has it, the union of this one.
        let all = union(std::iter::once(set.view()), rules);
        reply.set(len);
        all.view().iter().for_each(|member| reply.element(member));
        *set = Set::default();
        return len;
    }
    let chosen = choose(set.view(), count.unwrap_or(1), &mut random);
    if count.is_some() {
        reply.set(chosen.len());
    }
    let mut gone = crate::rdb::Strings::with_capacity(chosen.len());
    let mut buffer = itoa::Buffer::new();
    for member in chosen {
        reply.element(member);
        gone.push(member.bytes(&mut buffer));
    }
    for member in gone.iter() {
        set.remove(Element::Bytes(member));
    }
    if count.is_some() && (len - gone.len()).saturating_mul(MANY) <= gone.len() {
        renew(set, rules);
    }
    gone.len()
}

/// Makes a set anew, in the form that it has as if its members were added now.
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
