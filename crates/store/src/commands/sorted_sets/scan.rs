//! `ZSCAN`. A packed set is returned whole, a large one some members at a time.

use crate::arguments::scan::{self, Options, Scanned};
use crate::call::Reply;
use crate::execution::{Args, Done, ReadCx, Row};
use crate::number;
use crate::values::sorted_sets::value::{FormRef, SortedSet, SortedSetRef};
use tidegate_rdb::Element;

pub(in crate::commands::sorted_sets) const COMMANDS: &[Row] = &[Row::read("zscan", zscan)];

/// A member, and its score as the reply shows it: as it is packed, or with 17 digits.
type Found<'a> = (Element<'a>, Score<'a>);

#[derive(Clone, Copy, Debug)]
enum Score<'a> {
    Packed(Element<'a>),
    Number(f64),
}

/// `ZSCAN key cursor [MATCH pattern] [COUNT count] [NOSCORES]`
fn zscan(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let cursor = scan::cursor(args[2], cx.dialect())?;
    let Some(set) = cx.read::<SortedSet>(args[1])? else {
        // Servers do not even look at the options.
        scan::head(reply, 0, 0);
        return Ok(());
    };
    let options = Options::of(&args[3..], Scanned::SortedSet, cx.dialect())?;
    cx.spend(options.steps(set.len(), !set.is_packed()))?;
    let (next, found) = some(set, cursor, &options);
    scan::head(reply, next, if options.bare { found.len() } else { 2 * found.len() });
    for (member, score) in found {
        reply.element(member);
        match score {
            _ if options.bare => {}
            Score::Packed(score) => reply.element(score),
            Score::Number(score) => reply.bulk(number::seventeen(score).as_bytes()),
        }
    }
    Ok(())
}

/// Returns the members from `cursor` on, and the next cursor.
fn some<'a>(set: SortedSetRef<'a>, cursor: u64, options: &Options<'_>) -> (u64, Vec<Found<'a>>) {
    let mut found = Vec::new();
    let mut look_at = |member: Element<'a>, score| {
        if options.wants_element(member) {
            found.push((member, score));
        }
    };
    let next = match set.form {
        FormRef::Packed(pack) => {
            let mut elements = pack.iter();
            while let (Some(member), Some(score)) = (elements.next(), elements.next()) {
                look_at(member, Score::Packed(score));
            }
            0
        }
        FormRef::Ranked(ranked) => ranked.scan(cursor, options.count, |member, score| {
            look_at(Element::Bytes(member), Score::Number(score));
        }),
    };
    (next, found)
}
