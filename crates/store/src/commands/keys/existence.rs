//! Commands that look for keys or remove them, whatever their values are.

use crate::call::{EventClass, Reply};
use crate::execution::{Args, Done, ReadCx, Row, WriteCx};

pub(super) const COMMANDS: &[Row] = &[
    Row::write("del", del),
    Row::read("exists", exists),
    Row::read("randomkey", random_key),
    Row::read("touch", exists),
    Row::read("type", type_of),
    Row::write("unlink", del),
];

/// How many random keys are tried until one has not expired.
const DRAWS: usize = 100;

/// `DEL key [key ...]`, `UNLINK key [key ...]`
fn del(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let mut deleted = 0;
    for key in &args[1..] {
        if cx.delete(key) {
            cx.signal(EventClass::Generic, "del", key);
            deleted += 1;
        }
    }
    cx.dirty(deleted);
    reply.count(deleted);
    Ok(())
}

/// `EXISTS key [key ...]`; and `TOUCH key [key ...]`, because the store does not record when a key
/// was last used.
fn exists(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    reply.count(args[1..].iter().filter(|key| cx.slot(key).is_some()).count());
    Ok(())
}

/// `TYPE key`
fn type_of(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    reply.status(cx.value(args[1]).map_or("none", |value| value.type_name()));
    Ok(())
}

/// `RANDOMKEY`. If nearly all keys have expired, those that have not do not have the same
/// probability; if all keys expire, it may find none.
fn random_key(cx: &ReadCx<'_>, _: Args<'_>, reply: &mut Reply<'_>) -> Done {
    if let Some(recorder) = cx.recorder {
        recorder.be_loose();
    }
    let database = cx.database();
    let mut random = fastrand::Rng::new();
    let mut draws = (0..DRAWS).filter_map(|_| database.random(&mut random));
    let mut found = draws.find(|slot| !cx.is_expired_now(slot));
    if found.is_none() && database.volatile() < database.len() {
        found = database.iter().find(|slot| !cx.is_expired_now(slot));
    }
    match found {
        Some(slot) => reply.bulk(slot.key()),
        None => reply.null(),
    }
    Ok(())
}
