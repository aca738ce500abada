//! The store as a master, against real servers: the same random commands give the same replies, the
//! same replication stream, the same keyspace events and the same data.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]
#![allow(clippy::disallowed_methods, reason = "plain threads may sleep; no worker runs here")]
#![allow(clippy::cognitive_complexity, reason = "every assert! counts as a branch")]
#![allow(clippy::print_stderr, reason = "what a failing test prints is its report")]
#![allow(missing_docs, reason = "a test's helper is named for what it does")]
#![allow(unreachable_pub, reason = "the crate is one binary; `pub` marks each module's face")]
#![allow(unnameable_types, reason = "see unreachable_pub")]
#![allow(dead_code, reason = "the workload is shared with other targets")]

mod blocking;
mod follower;
mod leader;
mod memory;
mod observed;
mod run;
mod stream;
#[allow(unused_imports, reason = "not every name of the workload is used here")]
#[path = "../../../../tests/workload/mod.rs"]
mod workload;

use tidegate_test_support as support;

use run::Run;
use support::Flavor;

#[test]
fn random_commands_have_the_effects_of_redis_70() {
    Run::new(Flavor::Redis70).go();
}

#[test]
fn random_commands_have_the_effects_of_redis_82() {
    Run::new(Flavor::Redis82).go();
}

#[test]
fn random_commands_have_the_effects_of_valkey_91() {
    Run::new(Flavor::Valkey91).go();
}

#[test]
fn the_same_commands_need_memory() {
    for flavor in [Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91] {
        memory::same_commands(flavor);
    }
}

#[test]
fn waiting_clients_are_served_as_by_redis_70() {
    blocking::clients_are_served_as_by(Flavor::Redis70);
}

#[test]
fn waiting_clients_are_served_as_by_redis_82() {
    blocking::clients_are_served_as_by(Flavor::Redis82);
}

#[test]
fn waiting_clients_are_served_as_by_valkey_91() {
    blocking::clients_are_served_as_by(Flavor::Valkey91);
}
