//! TLS: certificates and keys from files, and what is accepted of the other side. rustls does the
//! protocol, with aws-lc-rs for the cryptography.
//!
//! No sockets and no tasks: [`crate::net`] joins a connection with what is here.

mod client;
mod counts;
mod error;
mod leaf;
mod pem;
mod provider;
mod server;
mod shown;
mod verifier;

pub use client::{ClientFiles, ClientTls};
pub use counts::{COUNTS, Counts, Failure, Side};
pub use error::{Part, TlsError};
pub use leaf::{Leaf, common_name};
pub use provider::{Protocol, random};
pub use server::{AuthClients, ServerFiles, ServerTls};
