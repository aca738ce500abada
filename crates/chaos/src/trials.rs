//! Failovers of a known kind under a steady load, measured: the rows of `docs/failover.md`.

mod measure;
pub mod record;
pub mod scene;
mod table;

use std::path::Path;
use std::thread;
use std::time::Duration;

use tidegate_test_support::Flavor;

use self::measure::measure;
use self::record::Record;
use self::scene::Trial;
pub use self::table::table;
use crate::check::{check, count};
use crate::clients::load::Load;
use crate::clients::{Crew, finals};
use crate::faults::driver::Driver;
use crate::history::{Disturbance, History, MILLISECOND};
use crate::plan::Plan;
use crate::stand::Stand;
use crate::stand::clock::Clock;
use crate::stand::watch::Watch;
use crate::verdict::Rules;

/// How long the clients run before anything happens.
const BEFORE: Duration = Duration::from_millis(1_500);
/// How long they run once all is in order again.
const AFTER: Duration = Duration::from_millis(1_500);

/// One run of a trial, of one program; `None` if the program lacks the command that it needs.
#[track_caller]
pub fn run(
    trial: Trial,
    program: (&str, &Path),
    flavor: Flavor,
    seed: u64,
    pause: Duration,
) -> Option<Record> {
    let (name, program) = program;
    let mut plan = trial.plan(Plan::new(program, flavor, seed));
    plan.seed = seed;
    let mut stand = Stand::start(&plan);
    if !trial.is_possible(&stand) {
        return None;
    }
    let clock = Clock::start();
    let watch = Watch::start(&stand, clock);
    let addr = stand.proxy.addr();
    let crew = Crew::start(Load { addr, clock, seed, pause, is_rough: false });
    thread::sleep(BEFORE);
    let before = clock.now();
    let old = stand.master().expect("a master before the failover");
    let (new, disturbances) = {
        let random = fastrand::Rng::with_seed(seed);
        let mut driver = Driver { stand: &mut stand, clock, random, disturbances: Vec::new() };
        let new = trial.play(&mut driver).then(|| driver.settle());
        let (what, until) = (trial.title().to_owned(), clock.now());
        driver.disturbances.push(Disturbance { what, server: None, from: before, until });
        (new, driver.disturbances)
    };
    thread::sleep(AFTER);
    let end = clock.now();
    let record = crew.finish();
    let watched = watch.finish();
    let finals =
        new.map(|new| finals(&mut stand.servers[new].process.wire()).expect("the master answers"));
    let is_over = finals.is_some();
    let log = stand.proxy.process.log();
    let history = History {
        operations: record.operations,
        receptions: record.receptions,
        executions: watched.executions,
        samples: watched.samples,
        disturbances,
        finals: finals.unwrap_or_default(),
    };
    let rules = Rules { strict: plan.strict, grace: 0, stale_after: 1_500 * MILLISECOND };
    let verdict = if is_over { check(&history, &rules) } else { count(&history.operations) };
    let seen = measure::Seen { messages: &watched.messages, log: &log, clock, end };
    let mut record = measure(trial, &history, &verdict, seen, (before, old));
    record.program = name.to_owned();
    record.seed = seed;
    record.server = format!("{flavor:?}");
    record.discovers = stand.proxy.knows_sentinels;
    Some(record)
}
