//! Which server was the master when, told from samples of `INFO replication`.

use crate::history::{MILLISECOND, Micros, Sample};

/// A replica became the master and got followers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succession {
    pub from: Option<usize>,
    pub to: usize,
    /// The replid of the history that it continues.
    pub history: String,
    /// The last sample as a replica, and the first one as a master.
    pub before: Micros,
    pub seen: Micros,
    /// The first sample with a follower.
    pub established: Micros,
    /// The bytes of the old master's history that it had.
    pub had: i64,
    /// It was master before, and has not followed its successor: what that one has run is gone, and
    /// what was run until then is not.
    pub kept_until: Option<Micros>,
}

/// All samples, in order, and what follows from them.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    servers: Vec<Vec<Sample>>,
    pub successions: Vec<Succession>,
}

impl Roles {
    pub fn of(samples: &[Sample]) -> Self {
        let count = samples.iter().map(|it| it.server + 1).max().unwrap_or(0);
        let mut servers = vec![Vec::new(); count];
        for sample in samples {
            servers[sample.server].push(sample.clone());
        }
        servers.iter_mut().for_each(|it| it.sort_by_key(|sample: &Sample| sample.at));
        let mut it = Self { servers, successions: Vec::new() };
        it.successions = (0..count).flat_map(|server| it.successions_of(server)).collect();
        it.successions.sort_by_key(|succession| succession.established);
        let returns: Vec<_> = (0..count).flat_map(|server| it.returns_of(server)).collect();
        it.successions.extend(returns);
        it.successions.sort_by_key(|succession| succession.established);
        it
    }

    /// A deposed master gets followers again, although it has never followed its successor, and that
    /// one has none any more: Sentinel promotes a server that it takes for a replica and has not made
    /// one yet.
    fn returns_of(&self, server: usize) -> Vec<Succession> {
        let own = &self.servers[server];
        let is_return = |pair: &[Sample]| {
            let [before, first] = pair else { return None };
            let last = self.established(first.at).filter(|it| it.from == Some(server))?;
            let is_same = |it: &Sample| it.is_master && it.replid == last.history;
            let stays = own.iter().filter(|it| it.at >= last.before && it.at <= first.at);
            let next = self.servers[last.to].iter().filter(|it| it.at > first.at);
            let is_left = next.take_while(|it| it.is_master).all(|it| it.followers == 0);
            let gains = before.at > last.before && before.followers == 0 && first.followers > 0;
            (gains && is_left && stays.into_iter().all(is_same)).then(|| Succession {
                from: Some(last.to),
                to: server,
                history: self.replid_of(last.to, last.established),
                before: before.at,
                seen: first.at,
                established: first.at,
                had: last.had,
                kept_until: Some(last.before),
            })
        };
        own.windows(2).filter_map(is_return).collect()
    }

    /// The replication id that `server` reported at this time.
    fn replid_of(&self, server: usize, at: Micros) -> String {
        let found = self.servers[server].iter().find(|it| it.at >= at);
        found.map_or_else(String::new, |it| it.replid.clone())
    }

    fn successions_of(&self, server: usize) -> Vec<Succession> {
        let own = &self.servers[server];
        let mut found = Vec::new();
        for (n, pair) in own.windows(2).enumerate() {
            let [before, first] = pair else { continue };
            let promoted = !before.is_master && first.is_master;
            // A master that lost its memory begins another history.
            let reset = before.is_master
                && first.is_master
                && before.replid != first.replid
                && before.offset > first.offset;
            if !(promoted || reset) {
                continue;
            }
            let reign = own[n + 1..].iter().take_while(|it| it.is_master);
            let Some(followed) = reign.into_iter().find(|it| it.followers > 0) else { continue };
            found.push(Succession {
                from: if reset { Some(server) } else { self.master_of(&first.replid2, first.at) },
                to: server,
                history: if reset { before.replid.clone() } else { first.replid2.clone() },
                before: before.at,
                seen: first.at,
                established: followed.at,
                had: if reset { 0 } else { first.second_offset },
                kept_until: None,
            });
        }
        found
    }

    /// The server that said last before `at` that it is the master of the history `replid`.
    fn master_of(&self, replid: &str, at: Micros) -> Option<usize> {
        let last = |own: &Vec<Sample>| {
            let mut past = own.iter().rev().filter(|it| it.at <= at);
            past.find(|it| it.is_master && it.replid == replid).map(|it| (it.at, it.server))
        };
        self.servers.iter().filter_map(last).max().map(|(_, server)| server)
    }

    /// The offset of `server` in its first sample at or after `at`: an upper bound for what it ran
    /// before. `None` if it was never sampled with these data again: it was killed, or follows
    /// another history.
    pub fn offset_after(&self, server: usize, at: Micros) -> Option<i64> {
        let own = self.servers.get(server)?;
        let n = own.partition_point(|it| it.at < at);
        let next = own.get(n)?;
        let has_forgotten = own[..n].last().is_some_and(|before| before.offset > next.offset);
        (!has_forgotten).then_some(next.offset)
    }

    /// The last time at which the promoted server's data had all that its predecessor had run:
    /// whatever was acknowledged before is not lost by this succession.
    pub fn covered_until(&self, succession: &Succession) -> Micros {
        if let Some(kept_until) = succession.kept_until {
            return kept_until;
        }
        let Some(own) = succession.from.and_then(|from| self.servers.get(from)) else { return 0 };
        let covers = |it: &&Sample| {
            let is_of_it = it.is_master && it.replid == succession.history;
            is_of_it && it.at <= succession.seen && it.offset < succession.had
        };
        own.iter().rev().find(covers).map_or(0, |it| it.at)
    }

    /// The server that was established as the master last before `at`; `None` before the first
    /// succession.
    pub fn established(&self, at: Micros) -> Option<&Succession> {
        self.successions.iter().rev().find(|it| it.established <= at)
    }

    /// The succession that deposed `server` before `at`, if it has not come back since.
    pub fn deposed(&self, server: usize, at: Micros) -> Option<&Succession> {
        let last = self.established(at)?;
        // A replica that is promoted and has no follower yet may be the next master.
        let may_be_next = self.servers[server].windows(2).any(|pair| {
            !pair[0].is_master
                && pair[1].is_master
                && pair[1].at > last.established
                && pair[0].at <= at
        });
        if last.to == server || may_be_next {
            return None;
        }
        // The first of those that followed its own reign.
        let past: Vec<_> = self.successions.iter().filter(|it| it.established <= at).collect();
        let own = past.iter().rposition(|it| it.to == server).map_or(0, |n| n + 1);
        past.get(own).copied()
    }

    /// Since when `server` has been a replica without interruption at `at`; `None` if it was not,
    /// or if too few samples show it.
    pub fn replica_since(&self, server: usize, at: Micros) -> Option<Micros> {
        const DENSE: Micros = 300 * MILLISECOND;
        let own = self.servers.get(server)?;
        let next = own.partition_point(|it| it.at < at);
        let mut since = at;
        // The sample behind it, too: the role changes between two samples.
        let after = own.get(next)?;
        if after.is_master || after.at > at + DENSE {
            return None;
        }
        for sample in own[..next].iter().rev() {
            if sample.is_master || since - sample.at > DENSE {
                break;
            }
            since = sample.at;
        }
        (since < at).then_some(since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at: Micros, server: usize, is_master: bool, followers: u32) -> Sample {
        let replid = if is_master { format!("own{server}") } else { "other".to_owned() };
        let replid2 = if is_master && server == 1 { "own0" } else { "" }.to_owned();
        Sample { at, server, is_master, replid, replid2, offset: 100, second_offset: 90, followers }
    }

    #[test]
    fn a_promotion_counts_once_the_master_has_a_follower() {
        let mut samples =
            vec![sample(0, 0, true, 1), sample(0, 1, false, 0), sample(30, 1, true, 0)];
        assert_eq!(Roles::of(&samples).successions, []);
        samples.push(sample(60, 1, true, 1));
        let roles = Roles::of(&samples);
        let [it] = &roles.successions[..] else { panic!("{:?}", roles.successions) };
        assert_eq!((it.from, it.to, it.before, it.seen, it.established), (Some(0), 1, 0, 30, 60));
        assert_eq!(it.had, 90);
        assert!(roles.deposed(0, 59).is_none());
        assert_eq!(roles.deposed(0, 61), Some(it));
        assert!(roles.deposed(1, 61).is_none());
    }

    /// Sentinel makes a deposed master a replica only after ten seconds. Until then it may promote it
    /// once more.
    #[test]
    fn a_deposed_master_that_gets_its_followers_back_lacks_what_its_successor_ran() {
        let mut samples = vec![sample(0, 0, true, 2), sample(0, 1, false, 0)];
        samples.extend([sample(30, 1, true, 0), sample(35, 0, true, 1), sample(60, 1, true, 1)]);
        samples.extend([sample(70, 0, true, 0), sample(80, 1, true, 1)]);
        let first = Roles::of(&samples).successions;
        samples.extend([sample(95, 1, true, 0), sample(100, 0, true, 1), sample(120, 1, true, 0)]);
        let roles = Roles::of(&samples);
        let [promotion, back] = &roles.successions[..] else { panic!("{:?}", roles.successions) };
        assert_eq!((&first[..], promotion), (&[promotion.clone()][..], promotion));
        assert_eq!((back.from, back.to, back.before, back.established), (Some(1), 0, 70, 100));
        assert_eq!((back.had, &*back.history, roles.covered_until(back)), (90, "own1", 0));
        assert!(roles.deposed(0, 99).is_some() && roles.deposed(0, 101).is_none());
        // The successor keeps a follower: one more that follows the old master is no return.
        samples.push(sample(130, 1, true, 1));
        assert_eq!(Roles::of(&samples).successions.len(), 1);
        // It has followed its successor: that is a promotion.
        samples.pop();
        samples.push(sample(75, 0, false, 0));
        let promoted = Roles::of(&samples).successions;
        assert!(promoted.iter().all(|it| it.kept_until.is_none()), "{promoted:?}");
    }

    /// A write of the last moment before a kill has no sample behind it that bounds it.
    #[test]
    fn a_restarted_server_bounds_nothing_that_it_ran_before() {
        let at = |at, offset| Sample { offset, ..sample(at, 0, true, 1) };
        let roles = Roles::of(&[at(0, 100), at(10, 150), at(500, 20), at(510, 40)]);
        assert_eq!(roles.offset_after(0, 5), Some(150));
        assert_eq!(roles.offset_after(0, 11), None);
        assert_eq!(roles.offset_after(0, 501), Some(40));
    }

    #[test]
    fn what_the_old_master_had_is_covered_up_to_the_promoted_servers_offset() {
        let of = |at, offset| Sample { offset, ..sample(at, 0, true, 1) };
        // Restarted, it has another history.
        let restarted = Sample { replid: "new".to_owned(), ..of(25, 3) };
        let mut samples =
            vec![of(0, 60), of(10, 89), of(20, 90), restarted, sample(15, 1, false, 0)];
        samples.extend([sample(30, 1, true, 0), sample(60, 1, true, 1)]);
        let roles = Roles::of(&samples);
        let promotion = roles.successions.iter().find(|it| it.to == 1).unwrap();
        assert_eq!(roles.covered_until(promotion), 10);
        let unknown = Succession { from: None, ..promotion.clone() };
        assert_eq!(roles.covered_until(&unknown), 0);
    }

    #[test]
    fn a_replica_is_one_only_where_dense_samples_show_it() {
        let ms = |n| n * MILLISECOND;
        let samples: Vec<_> =
            [0, 100, 200, 900, 1000].map(|at| sample(ms(at), 0, false, 0)).to_vec();
        let roles = Roles::of(&samples);
        assert_eq!(roles.replica_since(0, ms(150)), Some(0));
        assert_eq!(roles.replica_since(0, ms(950)), Some(ms(900)));
        assert_eq!(roles.replica_since(0, ms(500)), None);
        assert_eq!(roles.replica_since(0, ms(1100)), None);
    }
}
