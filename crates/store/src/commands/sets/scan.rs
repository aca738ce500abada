//! `SSCAN`. A packed set is returned whole, a table some members at a time.

use crate::arguments::scan::{self, Options, Scanned};
use crate::call::Reply;
use crate::execution::{Args, Done, ReadCx, Row};
use crate::values::sets::Set;
use crate::values::sets::view::SetRef;
use tidegate_rdb::Element;

pub(super) const COMMANDS: &[Row] = &[Row::read("sscan", sscan)];

/// `SSCAN key cursor [MATCH pattern] [COUNT count]`
fn sscan(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let cursor = scan::cursor(args[2], cx.dialect())?;
    let Some(set) = cx.read::<Set>(args[1])? else {
        // Servers do not even look at the options.
        scan::head(reply, 0, 0);
        return Ok(());
    };
    let options = Options::of(&args[3..], Scanned::Set, cx.dialect())?;
    cx.spend(options.steps(set.len(), matches!(set, SetRef::Table(_))))?;
    let mut found = Vec::new();
    let mut look_at = |member| {
        if options.wants_element(member) {
            found.push(member);
        }
    };
    let next = match set {
        SetRef::Table(members) => {
            members.scan(cursor, options.count, |member| look_at(Element::Bytes(member)))
        }
        _ => {
            set.iter().for_each(look_at);
            0
        }
    };
    scan::head(reply, next, found.len());
    found.into_iter().for_each(|member| reply.element(member));
    Ok(())
}
