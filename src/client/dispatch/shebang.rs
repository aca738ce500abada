//! The flags in the first line of a script (`evalExtractShebangFlags`).

use tidegate_store::{Dialect, Vendor};
use tidegate_wire::resp::inline;

/// Whether a script of this text may write, by its first line; `None` without such a line, or where
/// the server refuses it.
pub(in crate::client) fn writes(script: &[u8], dialect: Dialect) -> Option<bool> {
    if !script.starts_with(b"#!") {
        return None;
    }
    let end = script.iter().position(|&byte| byte == b'\n')?;
    let words = inline::split(script.get(..end)?, dialect.quotes()).ok()?;
    let (engine, options) = words.split_first()?;
    if dialect.vendor() == Vendor::Redis && engine != b"#!lua" {
        return None;
    }
    let mut writes = true;
    for option in options {
        let flags = option.strip_prefix(b"flags=")?;
        if flags.is_empty() {
            continue;
        }
        for flag in flags.split(|&byte| byte == b',') {
            match flag {
                b"no-writes" => writes = false,
                b"allow-oom" | b"allow-stale" | b"no-cluster" | b"allow-cross-slot-keys" => {}
                _ => return None,
            }
        }
    }
    Some(writes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_flags_that_the_server_takes_count() {
        let of = |script: &str| writes(script.as_bytes(), Dialect::default());
        assert_eq!(of("#!lua flags=no-writes\nreturn 1"), Some(false));
        assert_eq!(of("#!lua flags=allow-stale flags=no-writes\nreturn 1"), Some(false));
        assert_eq!(of("#!lua\nreturn 1"), Some(true));
        for odd in [
            "return 1",
            "#!lua flags=no-writes",
            "#!lua flags=no-writes,\n",
            "#!lua flags=no-writes,nosuch\n",
            "#!lua name=x flags=no-writes\n",
            "#!other flags=no-writes\n",
            "#!lua 'flags=no-writes\n",
        ] {
            assert_eq!(of(odd), None, "{odd}");
        }
        let valkey = Dialect::new(Vendor::Valkey, "9.1.0");
        assert_eq!(writes(b"#!other flags=no-writes\n", valkey), Some(false));
    }
}
