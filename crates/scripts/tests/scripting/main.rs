//! The same scripts at a real server and in this crate, which calls commands at a twin of that
//! server: the same bytes come back.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]
#![allow(clippy::disallowed_methods, reason = "plain threads may sleep; no worker runs here")]

mod busy;
mod corpus;
mod functions;
mod killing;
mod random;
mod twin;
