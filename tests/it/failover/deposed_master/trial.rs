//! The table of `docs/failover.md`, made by `scripts/failover-trial`.

use std::path::PathBuf;
use std::time::Duration;

use super::load::Account;
use super::trials::{Order, Setting, freeze, partition, sentinel_failover, switch};

/// Runs every trial against the program in `TIDEGATE_TRIAL` and prints a row for each.
#[test]
#[ignore = "takes two minutes and measures; scripts/failover-trial runs it"]
fn the_table() {
    let program = std::env::var_os("TIDEGATE_TRIAL")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_tidegate")), PathBuf::from);
    let setting = Setting { program: &program, pause: Duration::ZERO, enough: 0 };
    let seconds = Duration::from_secs;
    eprintln!(
        "| trial | acknowledged | lost | of these not yet replicated | INDOUBT | other errors | longest gap |"
    );
    eprintln!("|---|---|---|---|---|---|---|");
    row("promote B, C to B, A to B 5 s later", switch(setting, Order::MasterLast, seconds(5)));
    row("promote B, A to B, C to B", switch(setting, Order::MasterFirst, seconds(0)));
    row("C to B, promote B, A left alone", switch(setting, Order::ReplicaFirst, seconds(5)));
    row("SENTINEL FAILOVER", sentinel_failover(setting, seconds(5)));
    for frozen in [4, 6, 10, 25] {
        row(&format!("A frozen for {frozen} s"), freeze(setting, seconds(frozen)));
    }
    row("A cut off from its replicas", partition(setting, seconds(5)));
}

fn row(name: &str, account: Account) {
    let Account { acknowledged, lost, behind, in_doubt, errors, gap } = account;
    let errors: Vec<_> = errors.iter().map(|(word, count)| format!("{count} {word}")).collect();
    let errors = if errors.is_empty() { "0".to_owned() } else { errors.join(", ") };
    let gap = gap.as_millis();
    eprintln!("| {name} | {acknowledged} | {lost} | {behind} | {in_doubt} | {errors} | {gap} ms |");
}
