//! Servers that are known by names, with a resolver of the test's own.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use ::tidegate::config::Config;
use ::tidegate::net::Resolver;
use ::tidegate::topology::{Role, Topology};

use super::watch::{Watch, show};
use crate::support::{Flavor, PATIENCE, RedisServer, eventually};

const OTHER: [u8; 4] = [127, 0, 0, 2];

/// What every name resolves to, and how often it was looked up.
#[derive(Clone, Default)]
struct Names {
    answer: Arc<Mutex<Vec<IpAddr>>>,
    asked: Arc<AtomicUsize>,
    /// Look-ups under way, and the most at a time.
    under_way: Arc<[AtomicUsize; 2]>,
    pause: Arc<Mutex<Duration>>,
}

impl Names {
    fn of(answer: &[[u8; 4]]) -> Self {
        let names = Self::default();
        names.set(answer);
        names
    }

    fn set(&self, answer: &[[u8; 4]]) {
        *self.answer.lock().unwrap() = answer.iter().copied().map(IpAddr::from).collect();
    }

    /// Each look-up gives the addresses in another order.
    fn look_up(&self) -> io::Result<Vec<IpAddr>> {
        let pause = *self.pause.lock().unwrap();
        let [now, most] = &*self.under_way;
        most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
        thread::sleep(pause);
        now.fetch_sub(1, SeqCst);
        let turns = self.asked.fetch_add(1, SeqCst);
        let mut answer = self.answer.lock().unwrap().clone();
        let len = answer.len().max(1);
        answer.rotate_left(turns % len);
        Ok(answer)
    }

    fn watch(&self, server: &RedisServer) -> Watch {
        let names = self.clone();
        let text = format!("[topology]\nmaster = \"db.test:{}\"\nreplicas = []\n", server.port());
        let config = Config::parse(&text, "test").unwrap();
        Watch::start_with(config, Resolver::new(move |_| names.look_up()))
    }

    #[track_caller]
    fn wait_asked(&self, more: usize) {
        let until = self.asked.load(SeqCst) + more;
        eventually(PATIENCE, || match self.asked.load(SeqCst) {
            asked if asked >= until => Ok(()),
            asked => Err(format!("{asked} of {until} look-ups")),
        });
    }
}

fn two_servers() -> [RedisServer; 2] {
    let one = RedisServer::spawn(Flavor::Redis70);
    let other = RedisServer::builder(Flavor::Redis70).host(OTHER).port(one.port()).start();
    [one, other]
}

fn master(topology: &Topology) -> Option<(u32, IpAddr)> {
    let master = topology.sole_shard().master()?;
    Some((master.id.0, master.endpoint?.ip()))
}

#[test]
fn a_name_with_several_addresses_stays_where_it_led_first() {
    let [one, _other] = two_servers();
    let names = Names::of(&[[127, 0, 0, 1], OTHER]);
    let watch = names.watch(&one);
    watch.until(|now| master(now).is_some());
    let first = master(&watch.now());
    names.wait_asked(4);
    assert_eq!(master(&watch.now()), first, "{:?}", watch.log.lines());
    assert!(!watch.log.lines().iter().any(|line| line.contains("name")), "{:?}", watch.log.lines());
}

#[test]
fn one_answer_that_lacks_the_address_moves_nothing_while_the_server_answers() {
    let [one, _other] = two_servers();
    let names = Names::of(&[[127, 0, 0, 1]]);
    let watch = names.watch(&one);
    watch.until(|now| master(now).is_some());
    let first = master(&watch.now());
    for _ in 0..2 {
        names.set(&[OTHER]);
        names.wait_asked(1);
        names.set(&[[127, 0, 0, 1]]);
        names.wait_asked(1);
    }
    assert_eq!(master(&watch.now()), first, "{:?}", watch.log.lines());
    names.set(&[OTHER]);
    watch.until(|now| master(now).is_some_and(|it| it.1 == IpAddr::from(OTHER)));
    assert_ne!(master(&watch.now()).map(|it| it.0), first.map(|it| it.0));
}

#[test]
fn the_other_address_of_a_dead_server_is_tried_at_once() {
    let [mut one, _other] = two_servers();
    let names = Names::of(&[[127, 0, 0, 1]]);
    let watch = names.watch(&one);
    watch.until(|now| master(now).is_some());
    names.set(&[[127, 0, 0, 1], OTHER]);
    one.kill();
    watch.until(|now| master(now).is_some_and(|it| it.1 == IpAddr::from(OTHER)));
}

#[test]
fn the_new_address_has_to_prove_its_role() {
    let [one, other] = two_servers();
    let third = RedisServer::spawn(Flavor::Redis70);
    other.replicate_from(third.addr());
    let names = Names::of(&[[127, 0, 0, 1]]);
    let watch = names.watch(&one);
    watch.until(|now| master(now).is_some());
    names.set(&[OTHER]);
    let is_replica = |now: &Topology| {
        let moved =
            now.backends().find(|it| it.endpoint.is_some_and(|at| at.ip() == IpAddr::from(OTHER)));
        moved.is_some_and(|it| it.role != Role::Master)
    };
    watch.until(is_replica);
    // The server that it follows may be master, and the old one is none any more.
    let is_old = |now: &Topology| now.backends().any(|it| it.endpoint == Some(one.addr()));
    assert!(!is_old(&watch.now()), "{}", show(&watch.now()));
}

#[test]
fn a_silent_name_server_stops_nothing_and_is_asked_once_at_a_time() {
    let one = RedisServer::spawn(Flavor::Redis70);
    let names = Names::of(&[[127, 0, 0, 1]]);
    let watch = names.watch(&one);
    watch.until(|now| master(now).is_some());
    *names.pause.lock().unwrap() = Duration::from_secs(3);
    names.wait_asked(2);
    one.cmd(&["CONFIG", "SET", "maxmemory", "100mb"]).ok();
    one.cmd(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).ok();
    watch.until(|now| now.sole_shard().eviction.is_some());
    assert_eq!(names.under_way[1].load(SeqCst), 1);
    *names.pause.lock().unwrap() = Duration::ZERO;
}
