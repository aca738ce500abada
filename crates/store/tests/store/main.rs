//! The store compared with real servers: both get the same commands and reply with the same bytes.
//!
//! The store runs in the process of the test, without a socket ([`Twin`]).

#![allow(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]
#![allow(clippy::disallowed_methods, reason = "plain threads may sleep; no worker runs here")]
#![allow(clippy::cognitive_complexity, reason = "every assert! counts as a branch")]
#![allow(clippy::too_many_lines, reason = "what is told to a server is a long list")]
#![allow(clippy::print_stderr, reason = "what a failing test prints is its report")]
#![allow(unreachable_pub, reason = "the crate is one binary; `pub` marks each module's face")]
#![allow(unnameable_types, reason = "see unreachable_pub")]

mod geo;
mod geo_ties;
mod hashes;
mod hashes_expiry;
mod hashes_random;
mod keys;
mod keyspace;
mod known;
mod lists;
mod sets;
mod sort;
mod sorted_sets;
mod streams;
mod strings;
mod twin;

use tidegate_test_support as support;

use support::Flavor;
use twin::{Order, Twin, seed};
