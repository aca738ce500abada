//! How many keys the proxy may touch at a master: a fixed share of the number of commands that the
//! master executes.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Commands of the master for each key that may be touched: 2 %.
const COMMANDS_PER_TOUCH: u64 = 50;

/// The number of keys that all workers may touch now.
#[derive(Debug, Default)]
pub struct TouchBudget(AtomicU64);

impl TouchBudget {
    /// Sets the number of keys; what is left of the last grant lapses.
    pub fn grant(&self, keys: u64) {
        self.0.store(keys, Relaxed);
    }

    /// Takes a part of what is left, at most `wanted`, so that a grant lasts for several ticks and
    /// several workers. Returns the number of keys taken.
    pub fn take(&self, wanted: u64) -> u64 {
        let part = |left: u64| wanted.min((left / 8).max(1)).min(left);
        let taken = self.0.fetch_update(Relaxed, Relaxed, |left| Some(left - part(left)));
        taken.map_or(0, part)
    }
}

/// The number of commands that a master had executed when it was last asked.
#[derive(Debug, Default)]
pub struct Executed {
    run_id: String,
    commands: Option<u64>,
    /// Commands for which no key was granted yet.
    rest: u64,
}

impl Executed {
    /// Takes the master's count. Returns how many more keys may be touched for it; `None` if it has
    /// not changed, is the first count of a process, or was set back.
    pub fn observe(&mut self, run_id: &str, commands: u64) -> Option<u64> {
        let before = self.commands.replace(commands).filter(|_| self.run_id == run_id);
        if before.is_none() {
            run_id.clone_into(&mut self.run_id);
        }
        let more = commands.checked_sub(before?).filter(|more| *more > 0)?;
        let total = self.rest + more;
        self.rest = total % COMMANDS_PER_TOUCH;
        Some(total / COMMANDS_PER_TOUCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_than_two_percent_of_what_the_master_executes() {
        let (mut executed, budget) = (Executed::default(), TouchBudget::default());
        let (mut commands, mut taken) = (1_000_000, 0);
        for second in 0..1_000 {
            commands += second * 37 % 911;
            if let Some(keys) = executed.observe("run", commands) {
                budget.grant(keys);
            }
            for _ in 0..20 {
                taken += budget.take(u64::MAX);
            }
        }
        let executed = commands - 1_000_000;
        assert!(taken <= executed / 50, "{taken} of {executed}");
        assert!(taken > executed / 100, "{taken} of {executed}");
    }

    #[test]
    fn another_process_and_a_counter_set_back_grant_nothing() {
        let mut executed = Executed::default();
        assert_eq!(executed.observe("a", 500), None);
        assert_eq!(executed.observe("a", 500), None);
        assert_eq!(executed.observe("a", 1_049), Some(10));
        assert_eq!(executed.observe("a", 1_050), Some(1), "the rest counts on");
        assert_eq!(executed.observe("b", 90_000), None);
        assert_eq!(executed.observe("b", 3), None);
        assert_eq!(executed.observe("b", 103), Some(2));
    }

    #[test]
    fn a_grant_lasts_for_several_takers_and_lapses() {
        let budget = TouchBudget::default();
        assert_eq!(budget.take(10), 0);
        budget.grant(80);
        assert_eq!((budget.take(100), budget.take(2), budget.take(100)), (10, 2, 8));
        budget.grant(1);
        assert_eq!((budget.take(100), budget.take(100)), (1, 0));
    }
}
