//! Log lines about keys whose values the engine cannot read.

use tidegate_store::OpaqueNews;

/// Logs the keys whose values the engine cannot read; the first few, where there are many.
pub(in crate::engine) fn log_opaque(news: &[OpaqueNews]) {
    for OpaqueNews { db, key, why } in news {
        let short = key.get(..64).unwrap_or(key);
        let key = short.escape_ascii();
        tracing::warn!(db, %key, "the engine cannot read a value, so reads of it go to servers: {why}");
    }
}
