//! Answers in, findings out, without a server.

use proptest::prelude::*;

use super::*;
use crate::topology::LinkState;

const PING: u64 = 14;

/// A server: its process, its history, and how far it has it.
#[derive(Clone, Debug)]
struct Server {
    id: u32,
    process: u32,
    replid: String,
    replid2: String,
    second: Option<u64>,
    end: u64,
    is_master: bool,
}

impl Server {
    fn new(id: u32, replid: &str, end: u64, is_master: bool) -> Self {
        let replid = replid.to_owned();
        Self { id, process: id, replid, replid2: String::new(), second: None, end, is_master }
    }

    /// It becomes master, with a new history.
    fn promote(&mut self, replid: &str) {
        self.replid2 = std::mem::replace(&mut self.replid, replid.to_owned());
        self.second = Some(self.end + 1);
        self.is_master = true;
    }

    fn sample(&self) -> Sample {
        let role = if self.is_master {
            ServerRole::Master { replicas: Vec::new() }
        } else {
            ServerRole::Replica { master: HostPort::local(9), link: LinkState::Down }
        };
        Sample {
            is_failing_over: false,
            role,
            replid: self.replid.clone(),
            offset: None,
            end: Some(self.end),
            replid2: self.replid2.clone(),
            second_offset: self.second,
            attached: Vec::new(),
            loading: false,
            counts: true,
            addrs: Vec::new(),
            sent_ms: 0,
            received_ms: 0,
            took_us: 0,
        }
    }

    fn incumbent(&self) -> Incumbent {
        Incumbent {
            id: BackendId(self.id),
            addr: HostPort::local(u16::try_from(self.id).unwrap()),
            run_id: self.process.to_string(),
            replid: self.replid.clone(),
        }
    }
}

impl LossTracker {
    fn hear(&mut self, server: &Server) -> Vec<News> {
        self.observe(BackendId(server.id), &server.process.to_string(), &server.sample())
    }

    /// The server answers and is elected.
    fn elect(&mut self, server: &Server, cause: Cause) -> Vec<News> {
        self.hear(server);
        self.follow(server.incumbent(), cause, 7)
    }

    fn last_loss(&self) -> Loss {
        self.tally().last.as_ref().unwrap().loss
    }
}

/// A master at offset 100, and a replica at 60 that takes its place.
fn left_behind(cause: Cause) -> (LossTracker, Server, Server, Vec<News>) {
    let (old, mut new) = (Server::new(1, "a", 100, true), Server::new(2, "a", 60, false));
    let mut tracker = LossTracker::default();
    assert!(tracker.elect(&old, cause).is_empty(), "the first master is no failover");
    tracker.hear(&new);
    new.promote("b");
    let news = tracker.elect(&new, cause);
    (tracker, old, new, news)
}

#[test]
fn a_new_master_that_lacks_bytes_is_reported_once() {
    let (mut tracker, old, new, news) = left_behind(Cause::Unreachable);
    let [News::Lost(lost)] = &*news else { panic!("{news:?}") };
    assert_eq!((lost.loss, lost.cause), (Loss::AtLeast(40), Cause::Unreachable));
    assert_eq!((lost.from.port, lost.to.port), (1, 2));
    assert!(tracker.hear(&new).is_empty() && tracker.hear(&old).is_empty());
    assert!(tracker.elect(&new, Cause::Unreachable).is_empty());
    let tally = tracker.tally();
    assert_eq!((tally.count(), tally.of(Cause::Unreachable)), (1, 1));
    assert_eq!((tally.with_loss, tally.lost_bytes, tally.unverified), (1, 40, 0));
}

#[test]
fn the_old_masters_answer_as_a_replica_makes_the_number_exact() {
    let (mut tracker, mut old, ..) = left_behind(Cause::Deposed);
    // It wrote on while it still took itself for a master.
    old.end = 150;
    assert!(tracker.hear(&old).is_empty(), "one line in the log");
    assert_eq!((tracker.last_loss(), tracker.tally().lost_bytes), (Loss::AtLeast(90), 90));
    old.is_master = false;
    old.end = 170;
    let news = tracker.hear(&old);
    assert!(matches!(&*news, [News::Corrected(it)] if it.loss == Loss::Exactly(110)), "{news:?}");
    // Its history has ended: after the resync it has the new master's.
    (old.replid, old.end) = ("b".to_owned(), 400);
    assert!(tracker.hear(&old).is_empty());
    let tally = tracker.tally();
    assert_eq!((tally.with_loss, tally.lost_bytes), (1, 110));
    assert_eq!(tracker.last_loss(), Loss::Exactly(110));
}

#[test]
fn a_loss_that_shows_later_is_reported_then() {
    let (mut old, mut new) = (Server::new(1, "a", 100, true), Server::new(2, "a", 100, false));
    let mut tracker = LossTracker::default();
    tracker.elect(&old, Cause::Unreachable);
    new.promote("b");
    let news = tracker.elect(&new, Cause::Unreachable);
    assert!(matches!(&*news, [News::Failover(it)] if it.loss == Loss::AtLeast(0)), "{news:?}");
    (old.is_master, old.end) = (false, 140);
    let news = tracker.hear(&old);
    assert!(matches!(&*news, [News::Lost(it)] if it.loss == Loss::Exactly(40)), "{news:?}");
    assert_eq!((tracker.tally().with_loss, tracker.tally().lost_bytes), (1, 40));
}

#[test]
fn a_hand_over_loses_nothing() {
    let (mut old, mut new) = (Server::new(1, "a", 100, true), Server::new(2, "a", 100, false));
    let mut tracker = LossTracker::default();
    tracker.elect(&old, Cause::Demoted);
    new.promote("b");
    old.is_master = false;
    tracker.elect(&new, Cause::Demoted);
    // It has continued with the new history already.
    (old.replid, old.replid2, old.second) = ("b".to_owned(), "a".to_owned(), Some(101));
    assert!(tracker.hear(&old).is_empty());
    assert_eq!(tracker.last_loss(), Loss::Exactly(0));
    assert_eq!((tracker.tally().with_loss, tracker.tally().lost_bytes), (0, 0));
}

#[test]
fn a_ping_at_the_end_is_no_loss() {
    let (mut old, mut new) = (Server::new(1, "a", 100, true), Server::new(2, "a", 100, false));
    let mut tracker = LossTracker::default();
    tracker.elect(&old, Cause::Deposed);
    new.promote("b");
    tracker.elect(&new, Cause::Deposed);
    old.end += PING;
    assert!(tracker.hear(&old).is_empty());
    old.is_master = false;
    assert!(tracker.hear(&old).is_empty());
    assert_eq!(tracker.last_loss(), Loss::Exactly(0));
}

#[test]
fn a_new_master_with_other_data_proves_nothing() {
    let mut tracker = LossTracker::default();
    tracker.elect(&Server::new(1, "a", 100, true), Cause::Operator);
    let news = tracker.elect(&Server::new(2, "x", 900, true), Cause::Operator);
    assert!(matches!(&*news, [News::Failover(it)] if it.loss == Loss::Unknown), "{news:?}");
    let tally = tracker.tally();
    assert_eq!((tally.unverified, tally.with_loss, tally.lost_bytes), (1, 0, 0));
}

#[test]
fn a_restart_with_an_older_snapshot_loses_what_came_after_it() {
    let mut tracker = LossTracker::default();
    let mut server = Server::new(1, "a", 100, true);
    tracker.elect(&server, Cause::Restarted);
    // Redis 7 and later begin a new history with the snapshot's as the second one.
    server.process = 77;
    (server.replid, server.replid2) = ("b".to_owned(), "a".to_owned());
    (server.end, server.second) = (70, Some(71));
    let news = tracker.elect(&server, Cause::Restarted);
    assert!(matches!(&*news, [News::Lost(it)] if it.loss == Loss::AtLeast(30)), "{news:?}");
    // Another process cannot tell where the old one ended.
    server.is_master = false;
    assert!(tracker.hear(&server).is_empty());
    assert_eq!(tracker.last_loss(), Loss::AtLeast(30));
}

#[test]
fn a_new_history_of_the_same_process_is_no_failover() {
    let mut tracker = LossTracker::default();
    let mut server = Server::new(1, "a", 100, true);
    tracker.elect(&server, Cause::Demoted);
    // No replica for `repl-backlog-ttl`.
    server.replid = "b".to_owned();
    assert!(tracker.elect(&server, Cause::Demoted).is_empty());
    assert_eq!(tracker.tally().count(), 0);
    // Demoted and promoted again, before the proxy heard of the other master.
    server.promote("c");
    assert_eq!(tracker.elect(&server, Cause::Demoted).len(), 1);
    assert_eq!(tracker.last_loss(), Loss::AtLeast(0));
}

#[test]
fn the_loss_of_each_failover_of_a_chain_counts_once() {
    let (mut tracker, mut first, mut second, _) = left_behind(Cause::Unreachable);
    second.end = 200;
    tracker.hear(&second);
    let mut third = Server::new(3, "b", 180, false);
    (third.replid2, third.second) = ("a".to_owned(), Some(61));
    third.promote("c");
    let news = tracker.elect(&third, Cause::Unreachable);
    assert!(matches!(&*news, [News::Lost(it)] if it.loss == Loss::AtLeast(20)), "{news:?}");
    assert_eq!(tracker.tally().lost_bytes, 40 + 20);
    // The first master is back, and had more than was known.
    (first.is_master, first.end) = (false, 130);
    let news = tracker.hear(&first);
    assert!(matches!(&*news, [News::Corrected(it)] if it.loss == Loss::Exactly(70)), "{news:?}");
    assert_eq!((tracker.tally().lost_bytes, tracker.last_loss()), (70 + 20, Loss::AtLeast(20)));
    assert_eq!(tracker.tally().with_loss, 2);
}

proptest! {
    /// Masters write and ping, replicas lag, answers come at any time, one failover follows the
    /// other. Never more is reported than was lost; with the last answer of every old master all
    /// writes are that were.
    #[test]
    fn never_more_than_was_lost(
        steps in prop::collection::vec((0_u8..10, 0_usize..4, 15_u64..60), 1..120),
        is_each_asked_at_its_end: bool,
    ) {
        let mut tracker = LossTracker::default();
        let mut servers: Vec<_> = (0..4).map(|id| Server::new(id, "history", 0, id == 0)).collect();
        let (mut master, mut number, mut written) = (0, 0, 0);
        let (mut least, mut most) = (0, 0);
        tracker.elect(&servers[0], Cause::Demoted);
        for (step, which, bytes) in steps {
            match step {
                0..4 => {
                    servers[master].end += bytes;
                    written = servers[master].end;
                }
                4 => servers[master].end += PING,
                5..7 => {
                    let (end, from) = (servers[master].end, servers[which].end);
                    servers[which].end = end.min(from + bytes);
                }
                7..9 => drop(tracker.hear(&servers[which])),
                _ if which == master => {}
                _ => {
                    if is_each_asked_at_its_end {
                        tracker.hear(&servers[master]);
                    }
                    let parted = servers[which].end;
                    most += servers[master].end - parted;
                    least += written.saturating_sub(parted);
                    number += 1;
                    servers[which].promote(&number.to_string());
                    prop_assert!(tracker.elect(&servers[which], Cause::Demoted).len() <= 1);
                    servers[master].is_master = false;
                    if is_each_asked_at_its_end {
                        tracker.hear(&servers[master]);
                        prop_assert!(tracker.last_loss().is_exact());
                    }
                    // All others follow: what they have beyond the new master they lose.
                    let of = servers[which].clone();
                    for other in servers.iter_mut().filter(|it| it.id != of.id) {
                        other.end = other.end.min(of.end);
                        other.replid.clone_from(&of.replid);
                        other.replid2.clone_from(&of.replid2);
                        other.second = Some(other.end + 1);
                    }
                    (master, written) = (which, parted);
                }
            }
        }
        let known = tracker.tally().lost_bytes;
        prop_assert!(known <= most, "{known} of {most}");
        prop_assert!(!is_each_asked_at_its_end || known >= least, "{known} of {least}");
        prop_assert_eq!(tracker.tally().count(), number);
    }
}
