//! A hash of a snapshot, packed or not as the server's loader decides.

use super::fields::Fields;
use super::packed::Packed;
use super::rules::Rules;
use super::value::Hash;
use crate::primitives::has_twice;
use tidegate_rdb::{self as rdb, Corrupt, Element, Listpack, Strings};

const fn corrupt(what: &'static str) -> Corrupt {
    Corrupt::new("hash", what)
}

const TWICE: Corrupt = corrupt("a field comes twice");

impl Hash {
    /// Takes a hash of a snapshot.
    ///
    /// # Errors
    /// A field comes twice, or packed fields are not in the order in which they expire.
    pub(crate) fn from_snapshot(hash: rdb::Hash, rules: &Rules) -> Result<Self, Corrupt> {
        match hash {
            rdb::Hash::Packed(list) => Self::of_listpack(list, false, rules),
            rdb::Hash::PackedTtl(list) => Self::of_listpack(list, true, rules),
            rdb::Hash::Pairs(pairs) => Self::of_fields(&pairs, &[], rules),
            rdb::Hash::PairsTtl { pairs, expires_ms } => {
                Self::of_fields(&pairs, &expires_ms, rules)
            }
        }
    }

    /// Takes a listpack as it is, unless it has too many fields. Their lengths do not matter
    /// (measured).
    fn of_listpack(list: Listpack, timed: bool, rules: &Rules) -> Result<Self, Corrupt> {
        let mut bytes = list.into_bytes();
        bytes.shrink_to_fit();
        let packed = Packed::trusted(bytes, timed);
        let view = packed.view();
        if has_twice(|| view.iter().map(|entry| entry.field), rules.hasher()) {
            return Err(TWICE);
        }
        let times = || view.iter().map(|entry| entry.expires.unwrap_or(i64::MAX));
        if timed && !std::iter::once(0).chain(times()).is_sorted() {
            return Err(corrupt("its fields are not in the order in which they expire"));
        }
        let fields = view.len();
        let mut hash = Self::Packed(packed);
        if !rules.packs(fields) || timed && !rules.dialect().packs_field_ttls() {
            hash.unpack(0, rules);
        }
        Ok(hash)
    }

    /// Takes fields one by one, packed as long as the rules allow. `expires_ms` may be empty.
    fn of_fields(pairs: &Strings, expires_ms: &[u64], rules: &Rules) -> Result<Self, Corrupt> {
        let timed = !expires_ms.is_empty();
        let count = pairs.len() / 2;
        let fits = |(field, value)| rules.packs_pair(pairs.byte_len(), field, value);
        let may_pack = !timed || rules.dialect().packs_field_ttls();
        let expiries = expires_ms.iter().copied().chain(std::iter::repeat(0));
        let fields = pairs.pairs().zip(expiries.map(expiry));
        if may_pack && rules.packs(count) && pairs.pairs().all(fits) {
            let names = || pairs.pairs().map(|(field, _)| Element::Bytes(field));
            if has_twice(names, rules.hasher()) {
                return Err(TWICE);
            }
            return Self::packed(fields, timed);
        }
        let mut table = Fields::with_capacity(count, rules.hasher());
        for ((field, value), expires) in fields {
            if !table.add(field, value, expires?) {
                return Err(TWICE);
            }
        }
        Ok(Self::Table(Box::new(table)))
    }

    /// Returns a packed hash of different fields.
    fn packed<'a>(
        fields: impl Iterator<Item = ((&'a [u8], &'a [u8]), Result<Option<i64>, Corrupt>)>,
        timed: bool,
    ) -> Result<Self, Corrupt> {
        let mut packed = Packed::default();
        if timed {
            packed.add_times()?;
        }
        for ((field, value), expires) in fields {
            packed.add(field.into(), value.into(), expires?)?;
        }
        Ok(Self::Packed(packed))
    }
}

/// Returns when a field expires; 0 in a snapshot means never.
fn expiry(at: u64) -> Result<Option<i64>, Corrupt> {
    match at {
        0 => Ok(None),
        at => i64::try_from(at).map(Some).map_err(|_| corrupt("a field expires at no time")),
    }
}
