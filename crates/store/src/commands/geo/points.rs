//! Commands about the places of members.

use super::cell::Cell;
use super::sphere::{Point, distance};
use super::units;
use crate::call::{CommandError, Reply};
use crate::execution::{Args, Done, ReadCx, Row};
use crate::values::sorted_sets::{SortedSet, SortedSetRef};

pub(super) const COMMANDS: &[Row] =
    &[Row::read("geodist", geodist), Row::read("geohash", geohash), Row::read("geopos", geopos)];

/// Returns where a member is.
pub(super) fn place(set: SortedSetRef<'_>, member: &[u8]) -> Option<Point> {
    Some(Cell::of_score(set.score(member)?).middle())
}

/// Writes longitude and latitude.
pub(super) fn write_point(reply: &mut Reply<'_>, point: Point) {
    reply.array(2);
    for degrees in [point.longitude, point.latitude] {
        if reply.dialect().shows_short_points() {
            reply.double(degrees);
        } else {
            reply.human_double(degrees);
        }
    }
}

/// Writes a distance, always as text of four decimals (`addReplyDoubleDistance`).
pub(super) fn write_distance(reply: &mut Reply<'_>, distance: f64) {
    reply.bulk(format!("{distance:.4}").as_bytes());
}

/// `GEODIST key member1 member2 [M | KM | FT | MI]`
fn geodist(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let dialect = cx.dialect();
    let unit = match args.get(4..) {
        Some([unit]) => units::unit(unit, dialect)?,
        Some([_, ..]) => return Err(CommandError::SYNTAX),
        _ => 1.0,
    };
    let set = cx.read::<SortedSet>(args[1])?;
    let points = set.and_then(|set| Some((place(set, args[2])?, place(set, args[3])?)));
    match points {
        Some((one, other)) => {
            let metres = distance(one, other, dialect.measures_meridians());
            write_distance(reply, metres / unit);
        }
        None => reply.null(),
    }
    Ok(())
}

/// `GEOHASH key [member ...]`
fn geohash(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let set = cx.read::<SortedSet>(args[1])?;
    let members = &args[2..];
    reply.array(members.len());
    for member in members {
        match set.and_then(|set| place(set, member)) {
            Some(point) => reply.bulk(&Cell::text(point)),
            None => reply.null(),
        }
    }
    Ok(())
}

/// `GEOPOS key [member ...]`
fn geopos(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let set = cx.read::<SortedSet>(args[1])?;
    let members = &args[2..];
    reply.array(members.len());
    for member in members {
        match set.and_then(|set| place(set, member)) {
            Some(point) => write_point(reply, point),
            None => reply.null_array(),
        }
    }
    Ok(())
}
