//! Short rounds of the history checker, which `scripts/consistency` runs for millions of operations:
//! `crates/chaos` judges what many clients read, and no time.

use std::path::Path;
use std::time::Duration;

use tidegate_chaos::consistency::judge::level::{Level, Rule};
use tidegate_chaos::consistency::report::Report;
use tidegate_chaos::consistency::round::Round;
use tidegate_chaos::plan::Plan;
use tidegate_test_support::Flavor;

fn round(level: Level, proxies: usize, length: Duration) -> Round {
    let program = Path::new(env!("CARGO_BIN_EXE_tidegate"));
    let plan = Plan { sentinels: false, proxies, ..Plan::new(program, Flavor::Redis70, 11) };
    Round {
        plan,
        length,
        pause: Duration::from_millis(5),
        clients: 31,
        levels: vec![level],
        lag: Duration::from_millis(200),
        faults: false,
    }
}

/// Runs a round that keeps all promises of its level. On a slow machine it is repeated, and longer.
#[track_caller]
fn run(round: &Round) -> Report {
    let enough = |report: &Report| report.tally.operations() > 5_000;
    let mut report = run_once(round);
    for times in 2..=4 {
        if enough(&report) {
            break;
        }
        report = run_once(&Round { length: round.length * times, ..round.clone() });
    }
    assert!(enough(&report), "too little to tell: {}", report.summary());
    report
}

#[track_caller]
fn run_once(round: &Round) -> Report {
    let mut faults = Vec::new();
    let report = round.run(&mut |line| faults.push(line));
    assert!(
        !report.is_broken(),
        "{}; logs: {:?}\n{}\n{}\n{}\n{}\n{}",
        round.name(),
        report.logs,
        report.summary(),
        report.table(),
        faults.join("\n"),
        report.examples.join("\n"),
        report.wrong.join("\n")
    );
    report
}

/// The same checker finds what a level without these promises does: so it can find it.
#[test]
fn bounded_reads_break_the_rules_of_the_other_levels() {
    let report = run(&round(Level::Bounded, 1, Duration::from_secs(3)));
    for rule in [Rule::ReadYourWrites, Rule::Monotonic, Rule::Recency, Rule::Told, Rule::Dequeued] {
        let broken = report.broken(Level::Bounded, rule);
        assert!(broken > 0, "{rule:?}\n{}", report.table());
    }
}

/// Clients that write and read through two proxies, and pass tokens on from one to the other.
#[test]
fn sessions_read_their_writes_and_never_go_back_in_time() {
    let report = run(&round(Level::Session, 2, Duration::from_secs(4)));
    for rule in [Rule::ReadYourWrites, Rule::Monotonic, Rule::BehindWrite, Rule::Token] {
        assert!(report.tally.count(Level::Session, rule).judged > 0, "{}", report.table());
    }
}

/// The same at the level that is the default, with faults.
#[test]
fn no_client_of_a_proxy_reads_what_is_older_than_it_acknowledged() {
    let calm = round(Level::Global, 2, Duration::from_secs(5));
    let report = run(&Round { faults: true, ..calm });
    for rule in [Rule::Recency, Rule::Told, Rule::Monotonic, Rule::Dequeued] {
        assert!(report.tally.count(Level::Global, rule).judged > 0, "{}", report.table());
    }
}
