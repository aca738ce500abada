//! The one difference between the listpacks of the vendors: how Redis and Valkey 9 write the length
//! behind an element of exactly 16,383, 2,097,151 or 268,435,455 bytes. Each refuses the other's
//! way.

use std::borrow::Cow;

use super::listpack_entry::{back_of, vendor_back_size};
use super::listpack_ref::ListpackRef;
use crate::error::Corrupt;
use crate::types::Vendor;

/// The shortest listpack in which there can be a difference.
const SHORTEST: usize = 16_383;

/// Returns `listpack` as `vendor` writes it; almost always as it is.
///
/// # Errors
/// It may become too long, by a byte for each such element.
pub(crate) fn for_vendor(
    listpack: ListpackRef<'_>,
    vendor: Vendor,
) -> Result<Cow<'_, [u8]>, Corrupt> {
    let bytes = listpack.as_bytes();
    if bytes.len() < SHORTEST {
        return Ok(Cow::Borrowed(bytes));
    }
    let (mut out, mut copied) = (Vec::new(), 0);
    for entry in listpack.entries() {
        let size = vendor_back_size(entry.len, vendor);
        let behind = entry.start + entry.len;
        if entry.end - behind != size {
            out.extend_from_slice(bytes.get(copied..behind).unwrap_or_default());
            out.extend_from_slice(back_of(entry.len, size).as_slice());
            copied = entry.end;
        }
    }
    if copied == 0 {
        return Ok(Cow::Borrowed(bytes));
    }
    out.extend_from_slice(bytes.get(copied..).unwrap_or_default());
    let len = u32::try_from(out.len())
        .map_err(|_| Corrupt::new("listpack", "would be longer than 4 GiB"))?;
    if let Some(header) = out.first_chunk_mut::<4>() {
        *header = len.to_le_bytes();
    }
    Ok(Cow::Owned(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::{Listpack, ListpackBuf};

    #[test]
    fn back_and_forth() {
        let mut redis = ListpackBuf::new();
        for len in [5, 16_382, 16_383, 16_384, 2_097_150, 2_097_151, 16_383, 70] {
            redis.push_back(&b"x".repeat(len - 5)[..]).unwrap();
        }
        let valkey = for_vendor(redis.view(), Vendor::Valkey).unwrap().into_owned();
        assert_eq!(valkey.len(), redis.as_bytes().len() - 3);
        let read = Listpack::new(valkey).unwrap();
        assert!(read.iter().eq(redis.view().iter()));
        let again = for_vendor(read.view(), Vendor::Redis).unwrap();
        assert_eq!(again, redis.as_bytes());
        for (listpack, vendor) in [(redis.view(), Vendor::Redis), (read.view(), Vendor::Valkey)] {
            assert!(matches!(for_vendor(listpack, vendor).unwrap(), Cow::Borrowed(_)));
        }
    }
}
