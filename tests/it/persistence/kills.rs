//! Chains of servers and engines under writes: every link is cut, and every node is killed and
//! restarted in turn. All have the same data afterwards, what was acknowledged is there, and no node
//! needs a full resync where a backlog covers the gap.
//!
//! `TIDEGATE_KILLS` is the number of kills of each chain; by default each node is killed once.
//! `scripts/engine-kills` sets it, and prints the table of docs/engine.md.

mod chain;
mod writers;

use std::thread;
use std::time::Duration;

use self::chain::{Chain, Kind};
use self::writers::Writers;
use crate::support::*;

/// What the kills of one node have led to.
#[derive(Clone, Debug, Default)]
struct Tally {
    kills: u32,
    /// Full resyncs of any node after them.
    full: i64,
    partial: i64,
    acknowledged: u64,
}

fn run(kinds: &[Kind]) {
    let seed = std::env::var("TIDEGATE_KILLS_SEED").ok().map(|it| it.parse().unwrap());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    eprintln!("TIDEGATE_KILLS_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let count = std::env::var("TIDEGATE_KILLS").ok().map(|it| it.parse().unwrap());
    let mut chain = Chain::start(kinds);
    let mut writers = Writers::start(chain.head(), random.fork());
    let mut tallies = vec![Tally::default(); kinds.len()];
    for round in 0..count.unwrap_or(kinds.len()) {
        let victim = round % kinds.len();
        writers.go_on();
        thread::sleep(Duration::from_millis(random.u64(50..300)));
        chain.cut(random.usize(1..kinds.len()));
        thread::sleep(Duration::from_millis(random.u64(50..300)));
        chain.save(victim);
        let before = chain.resyncs();
        chain.kill(victim);
        thread::sleep(Duration::from_millis(random.u64(0..300)));
        chain.restart(victim);
        thread::sleep(Duration::from_millis(random.u64(50..300)));
        let acknowledged = writers.pause();
        chain.wait_equal();
        writers.check(&chain);
        let after = chain.resyncs();
        let tally = &mut tallies[victim];
        tally.kills += 1;
        tally.acknowledged += acknowledged;
        for at in 0..kinds.len() {
            // The counters of a process begin with it.
            let start = if at == victim { (0, 0) } else { before[at] };
            tally.full += after[at].0 - start.0;
            tally.partial += after[at].1 - start.1;
        }
        let excused = chain.may_resync(victim);
        assert!(excused || tally.full == 0, "node {victim} of {kinds:?}: {}", chain.logs());
    }
    let chain = kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
    for (at, tally) in tallies.iter().enumerate() {
        let Tally { kills, full, partial, acknowledged } = tally;
        let (number, name) = (at + 1, kinds[at].name());
        eprintln!(
            "RESULT | {chain} | {number}: {name} | {kills} | {acknowledged} | {partial} | {full} |"
        );
    }
}

#[test]
fn an_engine_between_servers() {
    run(&[Kind::Server(Flavor::Redis70), Kind::Engine, Kind::Server(Flavor::Redis70)]);
}

#[test]
fn engines_above_servers() {
    let server = Kind::Server(Flavor::Redis70);
    run(&[Kind::Engine, server, Kind::Engine, server]);
}
