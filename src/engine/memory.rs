//! How much memory the process has in use.

use tikv_jemalloc_ctl::{epoch, stats};

/// Bytes that are allocated, by whomever in the process; `None` where another allocator than the
/// program's runs (in tests).
pub(super) fn used() -> Option<u64> {
    // The numbers are those of the last epoch.
    epoch::advance().ok()?;
    let bytes = u64::try_from(stats::allocated::read().ok()?).ok()?;
    (bytes > 0).then_some(bytes)
}

/// What is used and the limit, if there is a limit and it is reached (`maxmemory`).
pub(super) fn beyond(limit: Option<u64>) -> Option<(u64, u64)> {
    let limit = limit?;
    let used = used()?;
    (used > limit).then_some((used, limit))
}
