//! How much memory the process has in use, and whether that is too much.

use tikv_jemalloc_ctl::{epoch, stats};

/// Bytes that are allocated, by whomever in the process; `None` where another allocator than the
/// program's runs (in tests).
pub(super) fn used() -> Option<u64> {
    // The numbers are those of the last epoch.
    epoch::advance().ok()?;
    let bytes = u64::try_from(stats::allocated::read().ok()?).ok()?;
    (bytes > 0).then_some(bytes)
}

/// There is no room for more.
#[derive(Debug, thiserror::Error)]
#[error("maxmemory is reached: {used} of {limit} bytes")]
pub(super) struct Full {
    used: u64,
    limit: u64,
}

/// Looks whether there is room for more; `limit` is in bytes (`maxmemory`).
///
/// # Errors
/// There is none.
pub(super) fn check(limit: Option<u64>) -> Result<(), Full> {
    match (limit, limit.and_then(|_| used())) {
        (Some(limit), Some(used)) if used > limit => Err(Full { used, limit }),
        _ => Ok(()),
    }
}
