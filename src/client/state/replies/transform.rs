//! The changes that replies get on their way to the client.

use crate::client::state::replies::scan_step::ScanStep;
use crate::registry::Redirected;
use crate::session::{Queued, Tracking};

/// The change that a reply gets on its way to the client.
#[derive(Debug)]
pub(in crate::client) enum Transform {
    /// The cursor gets its server's tag.
    Scan(ScanStep),
    /// `INFO` gets the proxy's section.
    Info,
    /// An `EXEC` reply gets the answers that only the proxy has.
    Exec(Vec<(usize, Queued)>),
    /// The client gets this answer, whatever the server said.
    Replace(Vec<u8>),
    /// A `SELECT` on the session's dedicated connection: the session follows.
    Select(u32),
    /// The reply to the first request on a connection to this database shows that the server has
    /// it.
    Probe(u32),
    /// The marker in front of a `WAIT`, which the client does not see.
    Marker,
    /// Whether the master has a backlog: the `WAITAOF` of these bytes is sent when that is known.
    Backlog(Vec<u8>),
    /// The marker in front of the `WAITAOF` of these bytes, at a master without a backlog.
    AofMarker(Vec<u8>),
    /// What `$` means in an XREAD, at this index; `is_exact` if its own server says so.
    LastId {
        /// The index of the argument.
        at: usize,
        /// The server is that of the XREAD.
        is_exact: bool,
    },
    /// `WAIT` and `WAITAOF`: true only if the marker was taken.
    Wait,
    /// `CLIENT TRACKING`: the session begins or ends tracking.
    Tracking(Option<Tracking>, Option<Redirected>),
    /// `CLIENT TRACKINGINFO`: it names the client of REDIRECT by the proxy's id.
    TrackingInfo,
}
