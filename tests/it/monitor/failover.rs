//! The monitor before servers that change their roles, stop, die and come back.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ::tidegate::topology::Role;

use super::watch::{PATIENT, Watch, at, config, is_whole, show};
use crate::support::{Flavor, PATIENCE, Trio, eventually};

/// Ends with `replicas[0]` as the master of the others.
fn fail_over_by_hand(trio: &Trio) {
    let heir = &trio.replicas[0];
    heir.promote();
    trio.replicas[1].replicate_from(heir.addr());
    trio.master.replicate_from(heir.addr());
}

/// The longest time from a failover by hand until the new master is known.
pub fn followed_failovers() -> Duration {
    let mut longest = Duration::ZERO;
    for with_list in [true, false] {
        for flavor in [Flavor::Redis70, Flavor::Valkey91] {
            let trio = Trio::spawn(flavor);
            let (master, replicas) = (trio.master.addr(), trio.replica_addrs());
            let watch = Watch::start(config(master, with_list.then_some(&replicas[..]), ""));
            watch.until_whole(master, &replicas);
            let id = at(&watch.now(), replicas[0]).unwrap().id;
            fail_over_by_hand(&trio);
            let took = watch.until(|now| now.sole_shard().master().is_some_and(|m| m.id == id));
            longest = longest.max(took);
            watch.until_whole(replicas[0], &[master, replicas[1]]);
        }
    }
    longest
}

/// `latency` judges how soon.
#[test]
fn a_failover_by_hand_is_followed() {
    followed_failovers();
}

#[test]
fn a_failover_to_a_server_that_is_not_listed_is_followed() {
    let trio = Trio::spawn(Flavor::Redis70);
    let (master, [heir, other]) = (trio.master.addr(), trio.replica_addrs());
    let watch = Watch::start(config(master, Some(&[other]), ""));
    watch.until_whole(master, &[other]);
    fail_over_by_hand(&trio);
    watch.until_whole(heir, &[master, other]);
    // And back: then the other server is a replica that is not listed, and gets no reads.
    trio.master.promote();
    trio.replicas[1].replicate_from(master);
    trio.replicas[0].replicate_from(master);
    watch.until_whole(master, &[other]);
}

#[test]
fn the_successor_of_a_dead_master_is_found_without_a_list() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let (master, [heir, other]) = (trio.master.addr(), trio.replica_addrs());
    let watch = Watch::start(config(master, None, ""));
    watch.until_whole(master, &[heir, other]);
    trio.master.kill();
    watch.until(|now| now.sole_shard().master().is_none());
    let now = watch.now();
    let dead = at(&now, master).unwrap();
    assert_eq!(dead.role, Role::Unknown);
    assert!(dead.excluded.as_ref().unwrap().contains("cannot be reached"), "{}", show(&now));
    trio.replicas[0].promote();
    trio.replicas[1].replicate_from(heir);
    watch.suspect.notify_one();
    watch.until(|now| {
        now.sole_shard().master().is_some_and(|m| m.addr.port == heir.port())
            && at(now, other).is_some_and(|b| b.role == Role::Replica && b.excluded.is_none())
    });
    // The old master comes back as the master that it was: it changes nothing.
    trio.master.restart();
    watch.until(|now| {
        at(now, master).is_some_and(|b| b.excluded.as_deref() == Some("says it is a master too"))
    });
    assert_eq!(watch.now().sole_shard().master().unwrap().addr.port, heir.port());
}

#[test]
fn the_log_calls_a_promoted_replica_elected() {
    let trio = Trio::spawn(Flavor::Redis70);
    let (master, [heir, other]) = (trio.master.addr(), trio.replica_addrs());
    let watch = Watch::start(config(master, Some(&[heir, other]), ""));
    watch.until_whole(master, &[heir, other]);
    trio.replicas[0].promote();
    watch.until(|now| {
        at(now, heir).is_some_and(|b| b.excluded.as_deref() == Some("says it is a master too"))
    });
    trio.replicas[1].replicate_from(heir);
    watch.until(|now| now.sole_shard().master().is_some_and(|m| m.addr.port == heir.port()));
    let lines = watch.log.lines();
    let about: Vec<_> =
        lines.iter().filter(|line| line.ends_with(&format!("backend={heir}"))).collect();
    let elected = "server elected as the master (was excluded: says it is a master too)";
    assert!(about.iter().any(|line| line.contains(elected)), "{lines:#?}");
    assert!(!about.iter().any(|line| line.contains("is back")), "{lines:#?}");
}

#[test]
fn a_killed_replica_is_unknown_and_comes_back() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let (master, replicas) = (trio.master.addr(), trio.replica_addrs());
    let watch = Watch::start(config(master, Some(&replicas), ""));
    watch.until_whole(master, &replicas);
    let before = watch.now();
    let before = at(&before, replicas[0]).unwrap();
    trio.replicas[0].kill();
    watch.until(|now| at(now, replicas[0]).is_some_and(|b| b.role == Role::Unknown));
    // Workers found out, too; the longest rest is 5 s.
    for n in 0..10 {
        before.health.failed(n * 10_000, 0.5);
    }
    before.health.failed(1_000_000, 0.5);
    assert!(before.health.is_resting(1_004_000));
    trio.replicas[0].restart();
    watch.until_whole(master, &replicas);
    let now = watch.now();
    let back = at(&now, replicas[0]).unwrap();
    assert_eq!(back.id, before.id);
    assert!(Arc::ptr_eq(&back.health, &before.health), "counters survive");
    assert_ne!(back.scan_tag, before.scan_tag, "another process");
    assert!(!back.health.is_resting(1_000_100), "it serves at once");
}

/// How soon a killed replica is found beside a stopped one, for which the monitor waits longer.
pub fn killed_beside_stopped() -> Duration {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let (master, replicas) = (trio.master.addr(), trio.replica_addrs());
    let watch = Watch::start(config(master, Some(&replicas), PATIENT));
    watch.until_whole(master, &replicas);
    trio.replicas[0].pause();
    // A round is under way that the stopped one does not answer.
    thread::sleep(Duration::from_millis(1200));
    assert!(is_whole(&watch.now(), master, &replicas), "what it said holds until its time is up");
    let calls = trio.master.calls("role");
    trio.replicas[1].kill();
    let took = watch.until(|now| at(now, replicas[1]).is_some_and(|b| b.role == Role::Unknown));
    let now = watch.now();
    assert!(at(&now, replicas[0]).unwrap().excluded.is_none(), "long before: {}", show(&now));
    eventually(PATIENCE, || match trio.master.calls("role") {
        more if more >= calls + 2 => Ok(()),
        few => Err(format!("{few} calls: the master is not asked all the time")),
    });
    assert!(watch.now().sole_shard().master().is_some());
    took
}

/// `latency` judges how soon.
#[test]
fn a_stopped_replica_delays_no_client() {
    killed_beside_stopped();
}

#[test]
fn a_stopped_replica_is_excluded_until_it_answers() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let (master, replicas) = (trio.master.addr(), trio.replica_addrs());
    let watch = Watch::start(config(master, Some(&replicas), "probe-timeout = \"3s\"\n"));
    watch.until_whole(master, &replicas);
    trio.replicas[0].pause();
    watch.until(|now| {
        at(now, replicas[0]).is_some_and(|b| b.excluded.as_deref() == Some("no answer within 3s"))
    });
    assert!(watch.now().sole_shard().master().is_some());
    trio.replicas[0].resume();
    watch.until(|now| at(now, replicas[0]).is_some_and(|b| b.excluded.is_none()));
}
