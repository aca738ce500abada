//! Certificates for tests, clients with TLS, and tunnels from plain ports to ports with TLS.

mod authority;
mod client;
mod tunnel;

pub use authority::{Authority, Issued};
pub use client::{Agreed, TlsClient, ping};
pub use tunnel::Tunnel;
