//! The crate compared with real servers: the command table agrees with what they report of their
//! commands, and the scanners read the bytes that they read.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]
#![allow(clippy::cognitive_complexity, reason = "every assert! counts as a branch")]

mod command_table;
mod reports;
mod requests;
