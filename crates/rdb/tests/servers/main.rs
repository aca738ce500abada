//! The crate compared with real servers: it reads the files that they save, they load the files
//! that it writes, and packed values that both edit are the same bytes.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]
#![allow(clippy::cognitive_complexity, reason = "every assert! counts as a branch")]

mod contents;
mod edits;
mod files;
mod writing;
