//! How soon the proxy finds a new master, gives up, closes the write gate and ends.

use std::time::Duration;

use super::within;
use crate::{failover, limits, local_reads, monitor, process, reads, writes};

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn a_failover_by_hand_is_followed_soon() {
    within("a new master is known", monitor::failover::followed_failovers(), ms(1500));
}

#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn a_killed_replica_is_found_beside_a_stopped_one() {
    within("it is found", monitor::failover::killed_beside_stopped(), ms(1500));
}

#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn another_configuration_is_followed_soon() {
    within("it is followed", monitor::discovery::changed_weights(), ms(900));
}

#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn a_dead_master_is_reported_at_once() {
    let [write, four] = failover::writes::killed_master();
    within("a write", write, ms(300));
    within("four requests with connections of their own", four, ms(1000));
}

/// Workers tick ten times a second; a hold does not wait for that.
#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn a_hold_with_blocked_clients_is_in_force_soon() {
    within("the median of 21 holds", failover::overlapping_operations::median_hold(), ms(30));
}

#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn no_writer_hangs_while_a_replica_is_promoted() {
    within("the longest write", failover::writes::promoted_replica(), ms(1000));
}

/// The time is 400 ms.
#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn request_timeout_is_kept() {
    within("eight requests", limits::timeouts::late_replies(), ms(900));
    within("the longest write", limits::timeouts::long_stop(), ms(1500));
}

/// The limit is 1 s; the two periods of probing are 200 ms, and four programs have to run.
#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn the_write_gate_closes_and_opens_in_time() {
    let [closed, opened] = writes::write_gate::closes_and_opens();
    within("the last write is accepted", closed, ms(1100));
    within("the first write is accepted again", opened, ms(500));
}

/// The times are 400 ms.
#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn held_writes_and_waiting_reads_end_in_time() {
    within("writes", writes::write_gate::held_too_long(), ms(5000));
    within("reads", reads::on_stale::waited_too_long(), ms(5000));
}

/// Both wait as long as configured, and little longer.
#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn pauses_and_blocked_reads_end_in_time() {
    within("CLIENT PAUSE 400", crate::commands::client::pauses(), ms(2000));
    within("XREAD BLOCK 150", crate::replica_port::blocking::waits_end(), ms(2000));
}

#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn the_process_ends_soon() {
    within("SIGTERM under load", process::lifecycle::sigterm_under_load(), ms(3000));
    within("a second SIGTERM", process::lifecycle::second_sigterm(), ms(1000));
}

/// Forty times a second, where nothing delays the monitor.
#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn the_monitor_keeps_its_rate() {
    let rate = monitor::probe_cost::questions_a_second();
    assert!(rate > 16.0, "{rate} questions a second");
}

/// One read in a millisecond: as many fail as the engine takes to load the new snapshot.
#[test]
#[ignore = "judges milliseconds: scripts/latency"]
fn the_engine_serves_again_soon_after_its_master_is_back() {
    let failures = local_reads::answers::failures_after_a_restart();
    assert!(failures < 50, "{failures} reads failed");
}
