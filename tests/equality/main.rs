//! A replica's data equals its master's, after any commands and through cuts and resyncs: compares
//! digests and the replies of every read command. `scripts/equality` runs the long form.
//!
//! | environment variable | value |
//! |---|---|
//! | `TIDEGATE_EQUALITY_COMMANDS` | commands per version |
//! | `TIDEGATE_EQUALITY_PAUSES` | how often everything is compared meanwhile |
//! | `TIDEGATE_EQUALITY_READS_ALL` | set: every key is read at each comparison |
//! | `TIDEGATE_EQUALITY_SEED` | the seed of a failed run, to repeat it |
//! | `TIDEGATE_EQUALITY_TYPES` | the types to use, such as `list,zset` |
//! | `TIDEGATE_EQUALITY_REPLICA` | `engine`, `port` or `server` |
//!
//! With many comparisons a run is slow, and shows where a difference comes from. `engine` is the
//! engine in this process, `port` that of the built program, and `server` a real replica of the
//! master's version, which tests this test.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]
#![allow(clippy::disallowed_methods, reason = "plain threads may sleep; no worker runs here")]
#![allow(clippy::cognitive_complexity, reason = "every assert! counts as a branch")]
#![allow(clippy::print_stderr, reason = "what a failing test prints is its report")]
#![allow(dead_code, reason = "support and workload are shared with other targets")]
#![allow(unused_imports, reason = "as dead_code, for the short names in support")]
#![allow(unreachable_pub, reason = "the crate is one binary; `pub` marks each module's face")]
#![allow(unnameable_types, reason = "see unreachable_pub")]

mod broken;
mod compare;
mod coverage;
mod differ;
mod inside;
mod load;
mod plan;
mod reads;
mod replica;
mod run;
#[path = "../it/support/mod.rs"]
mod support;
#[path = "../workload/mod.rs"]
mod workload;

use std::panic::{AssertUnwindSafe, catch_unwind};

use plan::Plan;
use replica::Kind;
use run::Run;
use support::*;

#[test]
fn a_replica_of_redis_6_2_equals_its_master() {
    Run::new(Plan::from_env(Flavor::Redis62)).all();
}

#[test]
fn a_replica_of_redis_7_0_equals_its_master() {
    Run::new(Plan::from_env(Flavor::Redis70)).all();
}

#[test]
fn a_replica_of_redis_8_2_equals_its_master() {
    Run::new(Plan::from_env(Flavor::Redis82)).all();
}

#[test]
fn a_replica_of_valkey_9_1_equals_its_master() {
    Run::new(Plan::from_env(Flavor::Valkey91)).all();
}

/// What `fault` does to a replica behind the master's back has to be found.
#[track_caller]
fn finds(fault: &str, told: &str) {
    let plan = Plan { commands: 300, pauses: 1, ..Plan::new(Flavor::Redis70, Kind::Server) };
    let mut run = Run::new(plan);
    run.all();
    run.tamper(fault);
    let found = catch_unwind(AssertUnwindSafe(|| run.pause(true)));
    let report = found.expect_err(fault);
    let text = report.downcast_ref::<String>().cloned().unwrap_or_default();
    assert!(text.contains(told), "{fault}: {text}");
}

#[test]
fn a_value_that_differs_is_found_and_told() {
    finds("SET tampered 1", "tampered");
}

/// A digest tells nothing of groups: only the reads do.
#[test]
fn a_group_that_differs_is_found_and_told() {
    finds("XGROUP CREATE stream:clock tampered $ MKSTREAM", "stream:clock");
}

#[test]
fn a_moment_of_expiry_that_differs_is_found_and_told() {
    finds("PEXPIREAT text:1 4102444800001", "text:1");
}

#[test]
fn every_read_of_the_table_is_compared() {
    coverage::every_read_is_made();
}
