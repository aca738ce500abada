//! `SORT` and `SORT_RO`.
//!
//! Strings are compared byte by byte, as a server does whose locale is `C`.

mod options;
mod pattern;
mod source;

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::call::{CommandError, EventClass, Reply};
use crate::execution::{Args, Done, ReadCx, Row, WriteCx};
use crate::keyspace::Value;
use crate::values::lists::{End, List};
use crate::values::sorted_sets::SortedSet;
use crate::{c_text, number, partial_sort};
use options::Options;
use source::Source;
use tidegate_rdb::Element;

pub(super) const COMMANDS: &[Row] = &[Row::write("sort", sort), Row::read("sort_ro", sort_ro)];

/// An element and its sort key.
struct Item<'a> {
    element: Cow<'a, [u8]>,
    weight: Weight<'a>,
}

enum Weight<'a> {
    /// The element itself.
    Own,
    Number(f64),
    /// The string that a pattern names for the element, if it exists.
    Text(Option<Cow<'a, [u8]>>),
}

/// `SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC | DESC] [ALPHA]`
fn sort_ro(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let options = Options::of(&args[2..], false)?;
    let elements = sorted(cx, args[1], &options)?;
    write_elements(cx, &elements, &options, reply);
    Ok(())
}

/// `SORT key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC | DESC] [ALPHA]
/// [STORE destination]`
fn sort(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let options = Options::of(&args[2..], true)?;
    if let Ok(Some(_)) = cx.read::<SortedSet>(args[1]) {
        // The server unpacks the sorted set for good: `zsetConvert`.
        let rules = cx.sorted_set_rules();
        cx.edit(args[1], |set: &mut SortedSet| set.unpack(&rules))?;
    }
    let reader = cx.reader();
    let elements = sorted(&reader, args[1], &options)?;
    let Some(key) = options.store else {
        write_elements(&reader, &elements, &options, reply);
        return Ok(());
    };
    let mut list = List::growing();
    let fill = cx.fill();
    each(&reader, &elements, &options, |text| {
        list.push(End::Right, Element::Bytes(&text.unwrap_or_default()), fill);
    });
    list.pack(fill, false);
    let len = list.len();
    cx.put_result(key, Value::List(list), len, (EventClass::List, "sortstore"));
    reply.count(len);
    Ok(())
}

/// Calls `write` for each part of the reply.
fn each<'a>(
    cx: &ReadCx<'a>,
    elements: &[Cow<'a, [u8]>],
    options: &Options<'_>,
    mut write: impl FnMut(Option<Cow<'a, [u8]>>),
) {
    for element in elements {
        if options.gets.is_empty() {
            write(Some(element.clone()));
        }
        for pattern in &options.gets {
            write(pattern::look_up(cx, pattern, element));
        }
    }
}

fn write_elements<'a>(
    cx: &ReadCx<'a>,
    elements: &[Cow<'a, [u8]>],
    options: &Options<'_>,
    reply: &mut Reply<'_>,
) {
    reply.array(elements.len() * options.gets.len().max(1));
    each(cx, elements, options, |text| match text {
        Some(text) => reply.bulk(&text),
        None => reply.null(),
    });
}

/// Returns the elements of the reply, in their order (`sortCommandGeneric`).
fn sorted<'a>(
    cx: &ReadCx<'a>,
    key: &[u8],
    options: &Options<'_>,
) -> Result<Vec<Cow<'a, [u8]>>, CommandError> {
    // Each element is weighed, which may look up a key, is sorted, and is written, which may look
    // up more.
    cx.spend(Source::len(cx, key).saturating_mul(10 + 8 * options.gets.len()))?;
    let Source { mut elements, is_set } = Source::of(cx, key)?;
    let range = options.range(elements.len());
    // Each server has another order of a set, but what is stored has to be the same everywhere.
    let forced = options.unsorted && is_set && options.store.is_some();
    if options.unsorted && !forced {
        if options.desc && !is_set {
            elements.reverse();
        }
        return Ok(elements.drain(range).collect());
    }
    let by = options.by.filter(|_| !forced);
    let alpha = options.alpha || forced;
    let mut items = Vec::with_capacity(elements.len());
    let mut bad = false;
    for element in elements {
        let weight = weigh(cx, by, alpha, &element);
        bad |= weight.is_none();
        items.push(Item { element, weight: weight.unwrap_or(Weight::Own) });
    }
    if bad {
        let text = "ERR One or more scores can't be converted into double";
        return Err(CommandError::new(text));
    }
    // Strings are compared by `strcoll`, as C strings, unless the result has to be the same
    // everywhere.
    let collate = if options.store.is_some() { whole } else { c_text::c_str };
    let order = |one: &Item<'_>, other: &Item<'_>| {
        let order = compare(one, other, collate);
        if options.desc { order.reverse() } else { order }
    };
    if by.is_some() && range != (0..items.len()) {
        partial_sort::sort(&mut items, &range, order);
    } else {
        items.sort_by(order);
    }
    Ok(items.drain(range).map(|item| item.element).collect())
}

/// Returns the sort key of an element; `None` if it should be a number and is none.
fn weigh<'a>(
    cx: &ReadCx<'a>,
    by: Option<&[u8]>,
    alpha: bool,
    element: &Cow<'a, [u8]>,
) -> Option<Weight<'a>> {
    let named = by.map(|pattern| pattern::look_up(cx, pattern, element));
    let text = match named {
        None if alpha => return Some(Weight::Own),
        Some(text) if alpha => return Some(Weight::Text(text)),
        // A key that does not exist has weight zero.
        Some(None) => return Some(Weight::Number(0.0)),
        None => element.clone(),
        Some(Some(text)) => text,
    };
    number::parse_weight(&text, cx.dialect()).map(Weight::Number)
}

/// Returns all of a string, so that strings are compared byte by byte.
fn whole(text: &[u8]) -> &[u8] {
    text
}

/// Returns the order of two elements (`sortCompare`).
fn compare(one: &Item<'_>, other: &Item<'_>, collate: fn(&[u8]) -> &[u8]) -> Ordering {
    match (&one.weight, &other.weight) {
        (Weight::Number(a), Weight::Number(b)) => {
            let order = a.partial_cmp(b).unwrap_or(Ordering::Equal);
            order.then_with(|| one.element.cmp(&other.element))
        }
        (Weight::Text(a), Weight::Text(b)) => {
            a.as_deref().map(collate).cmp(&b.as_deref().map(collate))
        }
        _ => collate(&one.element).cmp(collate(&other.element)),
    }
}
