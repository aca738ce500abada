//! The embedded topology: servers within this process, where the configuration names no others. A
//! master and its replicas, each an [`Engine`] with a port of its own on loopback. To the proxy they
//! are servers like any other.
//!
//! | file | what it is |
//! |---|---|
//! | `servers` | the engines: start, reload, end |
//! | `settings` | the configuration of each engine |
//! | `leader` | which of them was the master last |
//! | `banner` | what the log says about them at the start |
//!
//! [`Engine`]: crate::engine::Engine

mod banner;
mod leader;
mod servers;
mod settings;

pub use servers::{EmbeddedFault, EmbeddedServers};
pub use settings::dir_of;
