//! What tests stand on: real servers, a raw wire client, a fake master, a faulty network.
//!
//! Every value ends what it started when it is dropped, and nothing else.

#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "a test's helper is named for what it does")]
#![allow(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]
#![allow(clippy::disallowed_methods, reason = "plain threads may sleep; no worker runs here")]
#![allow(clippy::cognitive_complexity, reason = "every assert! counts as a branch")]
#![allow(clippy::print_stderr, reason = "what a failing test prints is its report")]

pub mod client_list;
pub mod eventually;
pub mod fake_master;
pub mod fake_sentinel;
pub mod fault;
pub mod fill;
pub mod flavor;
pub mod ports;
pub mod process;
pub mod reply;
pub mod scrape;
pub mod sentinel;
pub mod server;
pub mod source_relay;
pub mod tls;
pub mod wire;

pub use eventually::{PATIENCE, eventually};
pub use fake_master::{Call, FakeMaster};
pub use fake_sentinel::FakeSentinel;
pub use fault::{Direction, FaultProxy};
pub use flavor::Flavor;
pub use reply::Reply;
pub use sentinel::group::SentinelGroup;
pub use server::{RedisServer, Trio};
pub use source_relay::SourceRelay;
pub use tls::{Authority, Issued, TlsClient, Tunnel};
pub use wire::{Wire, encode, words};
