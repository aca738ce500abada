//! Commands that search an area.

use super::find::{Found, find};
use super::options::{Kind, Reading, Search};
use super::points::{write_distance, write_point};
use crate::call::{CommandError, EventClass, Reply};
use crate::execution::{Args, Done, ReadCx, Row, WriteCx};
use crate::keyspace::Value;
use crate::values::sorted_sets::SortedSet;

pub(super) const COMMANDS: &[Row] = &[
    Row::write("georadius", georadius),
    Row::read("georadius_ro", georadius_ro),
    Row::write("georadiusbymember", georadiusbymember),
    Row::read("georadiusbymember_ro", georadiusbymember_ro),
    Row::read("geosearch", geosearch),
    Row::write("geosearchstore", geosearchstore),
];

/// `GEORADIUS key longitude latitude radius unit [option ...] [STORE key] [STOREDIST key]`
fn georadius(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    write(cx, args, Kind::Radius { stores: true }, reply)
}

/// `GEORADIUS_RO key longitude latitude radius unit [option ...]`
fn georadius_ro(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    read(cx, args, Kind::Radius { stores: false }, reply)
}

/// `GEORADIUSBYMEMBER key member radius unit [option ...] [STORE key] [STOREDIST key]`
fn georadiusbymember(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    write(cx, args, Kind::ByMember { stores: true }, reply)
}

/// `GEORADIUSBYMEMBER_RO key member radius unit [option ...]`
fn georadiusbymember_ro(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    read(cx, args, Kind::ByMember { stores: false }, reply)
}

/// `GEOSEARCH key FROMMEMBER member | FROMLONLAT longitude latitude BYRADIUS radius unit | BYBOX
/// width height unit [option ...]`
fn geosearch(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    read(cx, args, Kind::Search, reply)
}

/// `GEOSEARCHSTORE destination source`, then as `GEOSEARCH`, and `[STOREDIST]`
fn geosearchstore(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    write(cx, args, Kind::SearchStore, reply)
}

fn read(cx: &ReadCx<'_>, args: Args<'_>, kind: Kind, reply: &mut Reply<'_>) -> Done {
    let (search, found) = run(cx, args, kind)?;
    answer(&search, &found, reply);
    Ok(())
}

fn write(cx: &mut WriteCx<'_>, args: Args<'_>, kind: Kind, reply: &mut Reply<'_>) -> Done {
    let reader = cx.reader();
    let (search, found) = run(&reader, args, kind)?;
    let Some(target) = &search.target else {
        answer(&search, &found, reply);
        return Ok(());
    };
    let unit = search.shape().map_or(1.0, |shape| shape.unit);
    let mut buffer = itoa::Buffer::new();
    let pairs = found.iter().map(|found| {
        let score = if search.stores_distance { found.distance / unit } else { found.score };
        (score, found.member.bytes(&mut buffer).into())
    });
    let pairs = pairs.collect();
    let result = SortedSet::of_pairs(pairs, &cx.sorted_set_rules())?;
    let len = result.view().len();
    reply.count(len);
    cx.put_result(target, Value::SortedSet(result), len, (EventClass::SortedSet, kind.stored()));
    Ok(())
}

/// Reads a request and carries it out.
fn run<'a>(
    cx: &ReadCx<'a>,
    args: Args<'_>,
    kind: Kind,
) -> Result<(Search, Vec<Found<'a>>), CommandError> {
    let source = if kind == Kind::SearchStore { args[2] } else { args[1] };
    let set = cx.read::<SortedSet>(source)?;
    let dialect = cx.dialect();
    if set.is_none() && dialect.searches_only_sources() {
        return Ok((Search::default(), Vec::new()));
    }
    let search = Reading { kind, set, dialect }.parse(args)?;
    let found = match (set, search.shape()) {
        (Some(set), Some(shape)) => find(cx, set, &search, &shape)?,
        _ => Vec::new(),
    };
    Ok((search, found))
}

fn answer(search: &Search, found: &[Found<'_>], reply: &mut Reply<'_>) {
    let unit = search.shape().map_or(1.0, |shape| shape.unit);
    let more = [search.with_distance, search.with_hash, search.with_point];
    let more = more.into_iter().filter(|&with| with).count();
    reply.array(found.len());
    for found in found {
        if more > 0 {
            reply.array(1 + more);
        }
        reply.bulk(found.member.bytes(&mut itoa::Buffer::new()));
        if search.with_distance {
            write_distance(reply, found.distance / unit);
        }
        if search.with_hash {
            #[expect(clippy::cast_possible_truncation, reason = "as the server casts it")]
            reply.int(found.score as i64);
        }
        if search.with_point {
            write_point(reply, found.point);
        }
    }
}
