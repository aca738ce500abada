//! A short round of random faults, as `scripts/chaos` makes them by the hour: the checker of
//! `crates/chaos` judges what the clients saw, and no time.

use std::path::Path;
use std::time::Duration;

use tidegate_chaos::plan::Plan;
use tidegate_chaos::run::Round;
use tidegate_test_support::Flavor;

#[track_caller]
fn assert_clean(round: &Round) {
    let mut faults = Vec::new();
    let report = round.run(&mut |line| faults.push(line));
    let verdict = &report.verdict;
    let list: Vec<_> = verdict.violations.iter().take(20).map(ToString::to_string).collect();
    assert!(
        verdict.violations.is_empty(),
        "{} rules broken ({}); logs: {:?}\n{}\n{}",
        verdict.violations.len(),
        round.name(),
        report.logs,
        faults.join("\n"),
        list.join("\n")
    );
    assert!(verdict.acknowledged > 1_000 && faults.len() > 1, "too little to tell: {verdict:?}");
}

#[test]
fn random_faults_break_no_rule() {
    let program = Path::new(env!("CARGO_BIN_EXE_tidegate"));
    let plan = Plan { sentinels: false, ..Plan::new(program, Flavor::Redis70, 20) };
    let (length, pause) = (Duration::from_secs(8), Duration::from_millis(10));
    assert_clean(&Round { plan, length, pause, traps: true, one_by_one: false });
}
