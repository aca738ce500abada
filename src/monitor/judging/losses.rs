//! What failovers have lost. The rules are in `topology`; here the tracker gets the samples and the
//! elected masters, and its findings are logged.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::HostPort;
use crate::monitor::reporting::log;
use crate::monitor::roster::list::Roster;
use crate::monitor::roster::member::Member;
use crate::topology::{BackendId, Cause, Failovers, Incumbent, LossTracker, Sample};

/// A master that has left questions unanswered for so long counts as unreachable, even if it does
/// not count as failed yet.
const SILENT: Duration = Duration::from_millis(500);

/// The tracker of one shard's failovers.
#[derive(Debug)]
pub(in crate::monitor) struct LossWatch {
    tracker: LossTracker,
    /// The last master.
    last: Option<(BackendId, HostPort)>,
    /// Its process.
    run_id: String,
    /// The operator has named another master, and it is not elected yet.
    is_overridden: bool,
}

impl LossWatch {
    /// A watch that goes on counting where `tally` ends.
    pub(in crate::monitor) fn resume(tally: Failovers) -> Self {
        let tracker = LossTracker::resume(tally);
        Self { tracker, last: None, run_id: String::new(), is_overridden: false }
    }

    /// The failovers so far.
    pub(in crate::monitor) const fn tally(&self) -> &Failovers {
        self.tracker.tally()
    }

    /// Notes that the operator names another master.
    pub(in crate::monitor) const fn override_by_operator(&mut self) {
        self.is_overridden = true;
    }

    /// Notes since when the master has got no request of this proxy while none is under way there.
    pub(in crate::monitor) fn set_quiet(&mut self, since_ms: Option<u64>) {
        self.tracker.set_quiet(since_ms);
    }

    /// Takes a server's place in the replication stream. True if it tells more about a failover
    /// than was known.
    pub(in crate::monitor) fn observe(&mut self, member: &Member, sample: &Sample) -> bool {
        let before = self.tally().lost_bytes;
        let news = self.tracker.observe(member.id, &member.run_id, sample);
        news.iter().for_each(log::failover);
        !news.is_empty() || self.tally().lost_bytes > before
    }

    /// Notes which server is master now.
    pub(in crate::monitor) fn follow(
        &mut self,
        master: Option<BackendId>,
        roster: &Roster,
        now: Instant,
        now_ms: u64,
    ) {
        let Some(master) = master.and_then(|id| roster.get(id)) else { return };
        let Some(said) = master.answer() else { return };
        let cause = self.cause(master, roster, now);
        let incumbent = Incumbent {
            id: master.id,
            addr: master.addr.clone(),
            run_id: said.run_id.clone(),
            replid: said.replid.clone(),
        };
        self.last = Some((master.id, master.addr.clone()));
        self.run_id.clone_from(&said.run_id);
        self.is_overridden = false;
        self.tracker.follow(incumbent, cause, now_ms).iter().for_each(log::failover);
    }

    /// What has become of the last master, now that `master` is elected.
    fn cause(&self, master: &Member, roster: &Roster, now: Instant) -> Cause {
        let Some((id, addr)) = &self.last else { return Cause::Unreachable };
        let has_moved = *id != master.id && *addr == master.addr;
        match roster.get(*id) {
            _ if self.is_overridden => Cause::Operator,
            _ if has_moved => Cause::Moved,
            Some(last) if last.id == master.id && last.run_id != self.run_id => Cause::Restarted,
            Some(last) if last.id == master.id || last.is_replica() => Cause::Demoted,
            Some(last) if last.is_master() && last.roles.silence(now) < SILENT => Cause::Deposed,
            _ => Cause::Unreachable,
        }
    }
}
