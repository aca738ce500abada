//! Which breaches a failover explains: replication is asynchronous, so a promoted replica may lack
//! acknowledged writes.

use super::level::Rule;
use super::mark::Millis;
use super::registers::Registers;
use super::tally::Breach;
use crate::history::{MILLISECOND, Micros};
use crate::roles::Roles;

/// The writes that one failover may have undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Loss {
    /// The promoted server has all that was acknowledged before this.
    since: Millis,
    /// The promotion is not before this.
    promoted: Millis,
    /// The old master may still run writes until then.
    until: Millis,
}

/// What the failovers of a round excuse.
#[derive(Clone, Debug, Default)]
pub struct Excuses {
    losses: Vec<Loss>,
    /// Whether each acknowledged write is on a replica: nothing acknowledged may be lost.
    strict: bool,
}

impl Excuses {
    /// `grace` is how long after a promotion a proxy may still use the old master.
    pub fn of(roles: &Roles, strict: bool, grace: Micros) -> Self {
        let ms = |at: Micros| Millis::try_from(at / MILLISECOND).unwrap_or(Millis::MAX);
        let loss = |it: &crate::roles::Succession| Loss {
            since: ms(roles.covered_until(it)),
            promoted: ms(it.before),
            until: ms(it.established + grace),
        };
        Self { losses: roles.successions.iter().map(loss).collect(), strict }
    }

    /// A line for each failover, for people.
    pub fn lines(&self) -> Vec<String> {
        let line = |it: &Loss| {
            let Loss { since, promoted, until } = it;
            format!(
                "failover: promoted after {promoted} ms; writes of {since} to {until} ms may be lost"
            )
        };
        self.losses.iter().map(line).collect()
    }

    /// Why `breach` is no fault of the proxy; `None` if it is one.
    pub fn explain(&self, breach: &Breach, registers: &Registers) -> Option<&'static str> {
        // Of a version that was seen only, a later one may be acknowledged although it is lost.
        let is_own =
            matches!(breach.rule, Rule::ReadYourWrites | Rule::BehindWrite | Rule::Recency);
        let acknowledged = is_own || registers.was_acknowledged(breach.key, breach.mark.version);
        match breach.rule {
            Rule::Invented => return None,
            // A job or a message can arrive although the write in front of it was refused.
            Rule::Told | Rule::Dequeued if !acknowledged => return Some("never acknowledged"),
            // Several proxies learn of a failover one after the other.
            Rule::Everywhere if self.losses.iter().any(|it| it.overlaps(breach)) => {
                return Some("during a failover");
            }
            _ => {}
        }
        // What the master still had when the reply was there was not lost by then.
        if breach.is_there {
            return None;
        }
        let may_be_lost = self.losses.iter().any(|it| it.undoes(breach));
        (may_be_lost && !(self.strict && acknowledged)).then_some("lost in a failover")
    }
}

impl Loss {
    /// Whether the version that the breach is compared with may be gone.
    fn undoes(&self, breach: &Breach) -> bool {
        let mark = breach.mark.at;
        // A limit has no time of its own: it is a write of the same pipeline.
        self.since <= mark.saturating_add(1) && mark <= self.until && breach.at >= self.promoted
    }

    fn overlaps(&self, breach: &Breach) -> bool {
        breach.sent <= self.until && breach.at >= self.promoted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consistency::judge::level::Level;
    use crate::consistency::judge::mark::Mark;
    use crate::consistency::judge::session::Finding;

    const LOSS: Loss = Loss { since: 1_000, promoted: 1_500, until: 3_000 };

    fn breach(rule: Rule, written: Millis, read: Millis) -> Breach {
        let finding = Finding { rule, mark: Mark::new(5, written), is_broken: true };
        Breach::new(finding, Level::Global, (0, 4), (read, read - 1))
    }

    fn explain(breach: &Breach, strict: bool, acknowledged: u32) -> Option<&'static str> {
        let registers = Registers::new(1);
        registers.acknowledge(0, 0, Mark::new(acknowledged, 0));
        Excuses { losses: vec![LOSS], strict }.explain(breach, &registers)
    }

    #[test]
    fn a_write_that_the_promoted_server_may_lack_is_excused() {
        let lost = Some("lost in a failover");
        assert_eq!(explain(&breach(Rule::Recency, 1_200, 2_000), false, 5), lost);
        // Long after the failover, too: the version is gone for good.
        assert_eq!(explain(&breach(Rule::Monotonic, 1_200, 90_000), false, 5), lost);
    }

    #[test]
    fn a_write_that_the_promoted_server_has_is_not_excused() {
        assert_eq!(explain(&breach(Rule::Recency, 900, 2_000), false, 5), None);
        assert_eq!(explain(&breach(Rule::Recency, 3_100, 3_200), false, 5), None);
        // Before the failover nothing is lost yet.
        assert_eq!(explain(&breach(Rule::Recency, 1_200, 1_400), false, 5), None);
    }

    #[test]
    fn what_the_master_still_has_is_not_lost() {
        let there = Breach { is_there: true, ..breach(Rule::BehindWrite, 1_200, 2_000) };
        assert_eq!(explain(&there, false, 5), None);
    }

    #[test]
    fn strict_rounds_excuse_no_acknowledged_write() {
        assert_eq!(explain(&breach(Rule::ReadYourWrites, 1_200, 2_000), true, 5), None);
        // A read at the master may see what no replica has yet.
        let unacknowledged = explain(&breach(Rule::Monotonic, 1_200, 2_000), true, 4);
        assert_eq!(unacknowledged, Some("lost in a failover"));
    }

    #[test]
    fn a_job_whose_write_was_refused_names_nothing() {
        assert_eq!(explain(&breach(Rule::Told, 10, 20), false, 4), Some("never acknowledged"));
        assert_eq!(explain(&breach(Rule::Told, 10, 20), false, 5), None);
        assert_eq!(explain(&breach(Rule::Dequeued, 10, 20), true, 5), None);
    }

    #[test]
    fn two_proxies_may_disagree_during_a_failover_only() {
        let during = Some("during a failover");
        assert_eq!(explain(&breach(Rule::Everywhere, 10, 2_000), false, 5), during);
        assert_eq!(explain(&breach(Rule::Everywhere, 10, 9_000), false, 5), None);
        assert_eq!(explain(&breach(Rule::Invented, 1_200, 2_000), false, 5), None);
    }
}
