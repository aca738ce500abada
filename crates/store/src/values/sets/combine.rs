//! Intersections, unions and differences of sets. Orders and forms are those of the server: which
//! set is walked first, and in which form the result begins.

use super::number::number;
use super::rules::Rules;
use super::value::Set;
use super::view::SetRef;
use tidegate_rdb::Element;

/// A set of a request, and its key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) set: SetRef<'a>,
}

/// Returns the members that all sets have. `sources` is not empty.
pub(crate) fn common<'a>(mut sources: Vec<Source<'a>>) -> impl Iterator<Item = Element<'a>> {
    sources.sort_by_key(|source| source.set.len());
    let mut sources = sources.into_iter();
    let first = sources.next();
    let key = first.map(|first| first.key);
    let others: Vec<_> = sources.filter(|other| Some(other.key) != key).collect();
    let members = first.into_iter().flat_map(|first| first.set.iter());
    members.filter(move |&member| others.iter().all(|other| other.set.contains(member)))
}

/// Returns the intersection, as a set.
pub(crate) fn intersection(sources: Vec<Source<'_>>, rules: Rules) -> Set {
    let smallest = sources.iter().min_by_key(|source| source.set.len()).map(|source| source.set);
    let starts_packed = rules.listpacks && !matches!(smallest, Some(SetRef::Ints(_)));
    let mut result = if starts_packed { Set::packed() } else { Set::default() };
    let mut only_ints = true;
    for member in common(sources) {
        // A member of a listpack is a string only if it is no integer.
        only_ints &= number(member).is_some();
        result.insert(member, rules);
    }
    if only_ints && starts_packed {
        result.pack_ints(rules);
    }
    result
}

/// Returns the union.
pub(crate) fn union<'a>(sources: impl Iterator<Item = SetRef<'a>>, rules: Rules) -> Set {
    let mut result = Set::default();
    for member in sources.flat_map(SetRef::iter) {
        result.insert(member, rules);
    }
    result
}

/// Returns the members of `first` that no other set has.
pub(crate) fn difference(first: Source<'_>, others: &[Source<'_>], rules: Rules) -> Set {
    let mut result = Set::default();
    if others.iter().any(|other| other.key == first.key) {
        return result;
    }
    let one_by_one = (others.len() + 1).saturating_mul(first.set.len()) / 2;
    let all_through = others.iter().fold(first.set.len(), |sum, other| sum + other.set.len());
    if one_by_one <= all_through {
        for member in first.set.iter() {
            if !others.iter().any(|other| other.set.contains(member)) {
                result.insert(member, rules);
            }
        }
        return result;
    }
    for member in first.set.iter() {
        result.insert(member, rules);
    }
    for other in others {
        for member in other.set.iter() {
            result.remove(member);
        }
        if result.view().is_empty() {
            break;
        }
    }
    result
}
