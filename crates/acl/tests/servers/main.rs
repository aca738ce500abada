//! The crate compared with real servers: its facts with what they report of their commands, and
//! its users, rules and replies with those of Redis 7.0.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]
#![allow(clippy::print_stdout, reason = "what was compared is a test's report")]
#![allow(clippy::cognitive_complexity, reason = "every assert! counts as a branch")]

mod facts;
mod files;
mod pair;
mod random;
mod rules;
