//! A server that proxy.toml or another server names.

use crate::config::HostPort;

/// A server that proxy.toml or another server names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::monitor) struct NamedServer {
    /// Its address, as it is named.
    pub(in crate::monitor) addr: HostPort,
    /// Whether proxy.toml names it.
    pub(in crate::monitor) is_configured: bool,
    /// Whether it is the engine of this process.
    pub(in crate::monitor) is_local: bool,
}
