//! Reads that can keep a server busy for seconds.

/// The reads whose cost grows faster than their reply, or with all keys, and the scripts; sorted.
/// Redis's documentation gives the complexity of each.
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

/// Whether a read may keep its server busy. Such a read is not sent to a second server while the
/// first may still run it. A command that is not in the table counts as costly.
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
    fn costly_reads_are_recognised() {
        for name in ["KEYS", "sort_ro", "Eval_RO", "module.read"] {
            assert!(may_be_costly(name.as_bytes()), "{name}");
        }
        for name in ["GET", "hgetall", "SCAN", "xread", "mget"] {
            assert!(!may_be_costly(name.as_bytes()), "{name}");
        }
    }
}
