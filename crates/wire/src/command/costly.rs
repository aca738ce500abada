//! Reads that can keep a server busy for seconds.

/// Sorted. Reads whose cost grows faster than their reply, or with all keys, and scripts. Redis's
/// documentation gives each one's complexity.
const COSTLY: [&str; 22] = [
    "bitcount",
    "bitpos",
    "eval_ro",
    "evalsha_ro",
    "fcall_ro",
    "georadius_ro",
    "georadiusbymember_ro",
    "geosearch",
    "keys",
    "lcs",
    "lpos",
    "sdiff",
    "sinter",
    "sintercard",
    "sort_ro",
    "stralgo",
    "sunion",
    "vsim",
    "zdiff",
    "zinter",
    "zintercard",
    "zunion",
];

/// Whether a read may be what keeps its server busy: such a one is not asked again of another server
/// while the first may still be at work on it. So is one that the table does not know.
#[must_use]
pub fn may_be_costly(name: &[u8]) -> bool {
    let Some(row) = super::lookup(name) else { return true };
    COSTLY.binary_search(&row.name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_known() {
        assert!(COSTLY.is_sorted());
        for name in COSTLY {
            assert!(super::super::lookup(name.as_bytes()).is_some(), "{name}");
        }
    }

    #[test]
    fn tells_costly_reads_from_others() {
        for name in ["KEYS", "sort_ro", "Eval_RO", "module.read"] {
            assert!(may_be_costly(name.as_bytes()), "{name}");
        }
        for name in ["GET", "hgetall", "SCAN", "xread", "mget"] {
            assert!(!may_be_costly(name.as_bytes()), "{name}");
        }
    }
}
