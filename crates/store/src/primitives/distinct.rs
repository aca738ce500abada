//! Whether the names within one value of a snapshot are different.

use super::hasher::Hasher;
use tidegate_rdb::Element;

/// Whether a name comes twice among those that `names` returns at each call. A full resync asks
/// this of every packed value, so only the hashes of the names are kept.
pub(crate) fn has_twice<'a, I: Iterator<Item = Element<'a>>>(
    names: impl Fn() -> I,
    hasher: Hasher,
) -> bool {
    let hash = |name: Element<'a>| hasher.hash(name.bytes(&mut itoa::Buffer::new()));
    let mut hashes: Vec<u32> = names().map(hash).collect();
    hashes.sort_unstable();
    if hashes.is_sorted_by(|one, next| one < next) {
        return false;
    }
    // Different names may have the same hash, so those names are compared.
    let mut alike: Vec<u32> =
        hashes.windows(2).filter(|two| two[0] == two[1]).map(|two| two[0]).collect();
    alike.dedup();
    let suspects = names().filter(|name| alike.binary_search(&hash(*name)).is_ok());
    let mut suspects: Vec<Vec<u8>> =
        suspects.map(|name| name.bytes(&mut itoa::Buffer::new()).to_vec()).collect();
    suspects.sort_unstable();
    !suspects.is_sorted_by(|one, next| one < next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twice(names: &[Element<'_>]) -> bool {
        has_twice(|| names.iter().copied(), Hasher::new(7))
    }

    #[test]
    fn names_that_come_twice_are_found() {
        assert!(!twice(&[]));
        let names: Vec<_> = (0..1000).map(Element::Int).collect();
        assert!(!twice(&names));
        for again in [Element::Int(0), Element::Int(999), Element::Bytes(b"500")] {
            assert!(twice(&[&names[..], &[again]].concat()), "{again:?}");
        }
    }

    #[test]
    fn the_same_hash_is_not_the_same_name() {
        let hasher = Hasher::new(7);
        let mut known = std::collections::HashMap::new();
        // Among so many names some have the same hash.
        let (one, other) = (0..1_000_000)
            .find_map(|n: i64| {
                let hash = hasher.hash(n.to_string().as_bytes());
                known.insert(hash, n).map(|before| (before, n))
            })
            .unwrap();
        assert!(!twice(&[Element::Int(one), Element::Int(-1), Element::Int(other)]));
        assert!(twice(&[Element::Int(one), Element::Int(other), Element::Int(one)]));
    }
}
