//! Integration tests: real servers, the built binary and real clients, one crate for quick links.
//!
//! Everything here is synchronous: threads and blocking sockets, no runtime. `support` starts
//! servers and proxies on free ports and ends them with their values; see its module heads.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]
#![allow(clippy::disallowed_methods, reason = "plain threads may sleep; no worker runs here")]
#![allow(clippy::cognitive_complexity, reason = "every assert! counts as a branch")]
#![allow(clippy::print_stderr, reason = "what a failing test prints is its report")]
#![allow(dead_code, reason = "support is shared: not every helper has a caller at all times")]
#![allow(unreachable_pub, reason = "the crate is one binary; `pub` marks each module's face")]
#![allow(unnameable_types, reason = "see unreachable_pub")]

mod admin;
mod clients;
mod commands;
mod config;
mod consistency;
mod dedicated;
mod engine;
mod failover;
mod feeding;
mod harness;
mod latency;
mod leading;
mod limits;
mod local_reads;
mod monitor;
mod persistence;
mod pipelines;
mod process;
mod reads;
mod replica_port;
mod scripting;
mod sessions;
mod support;
mod tls;
mod users;
mod writes;
