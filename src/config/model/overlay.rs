//! What a `[[listener]]` or a `[[user]]` says about the reads of its clients.

use std::time::Duration;

use crate::consistency::Level;
use crate::routing::OnStale;
use crate::session::ReadFrom;

/// What differs from `[reads]` for some clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::config) struct Overlay {
    pub(in crate::config) level: Option<Level>,
    pub(in crate::config) from: Option<ReadFrom>,
    /// `None` within means of any age.
    pub(in crate::config) max_lag: Option<Option<Duration>>,
    pub(in crate::config) on_stale: Option<OnStale>,
    pub(in crate::config) serve_stale: Option<bool>,
}
