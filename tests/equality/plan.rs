//! What a run is to do, as the environment says.

use std::env;

use super::replica::Kind;
use crate::support::Flavor;

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub flavor: Flavor,
    pub replica: Kind,
    pub commands: u64,
    pub pauses: u64,
    pub seed: u64,
    /// Whether every key is read at every pause, rather than some.
    pub reads_all: bool,
    /// Whether progress is told.
    pub talks: bool,
}

impl Plan {
    pub fn new(flavor: Flavor, replica: Kind) -> Self {
        let seed = number("TIDEGATE_EQUALITY_SEED").unwrap_or_else(|| fastrand::u64(..1 << 32));
        Self { flavor, replica, commands: 20_000, pauses: 8, seed, reads_all: false, talks: false }
    }

    pub fn from_env(flavor: Flavor) -> Self {
        let plan = Self::new(flavor, Kind::from_env());
        let commands = number("TIDEGATE_EQUALITY_COMMANDS").unwrap_or(plan.commands);
        // Every pause costs as much as some ten thousand commands.
        let usual = (commands / 50_000).max(plan.pauses);
        let pauses = number("TIDEGATE_EQUALITY_PAUSES").unwrap_or(usual).max(1);
        let reads_all = env::var_os("TIDEGATE_EQUALITY_READS_ALL").is_some();
        let talks = env::var_os("TIDEGATE_EQUALITY_TALKS").is_some();
        Self { commands, pauses, reads_all, talks, ..plan }
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

/// The types of values that the workload is to keep to; none is all.
pub fn wanted_types() -> Vec<String> {
    let text = env::var("TIDEGATE_EQUALITY_TYPES").unwrap_or_default();
    text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
