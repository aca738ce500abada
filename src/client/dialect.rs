//! How the master speaks: its vendor and its version, as the store knows them.

use crate::topology::ServerVersion;
use tidegate_store::{Dialect, Vendor};

/// The dialect of a server that calls itself so.
pub(super) fn dialect_of(server: &ServerVersion) -> Dialect {
    let vendor = if server.name == "valkey" { Vendor::Valkey } else { Vendor::Redis };
    Dialect::new(vendor, &server.version)
}
