//! Which server was the master when, told from samples of `INFO replication`.

use crate::history::{MILLISECOND, Micros, Sample};

/// A replica became the master and got followers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succession {
    pub from: Option<usize>,
    pub to: usize,
    /// The last sample as a replica, and the first one as a master.
    pub before: Micros,
    pub seen: Micros,
    /// The first sample with a follower.
    pub established: Micros,
    /// The bytes of the old master's history that it had.
    pub had: i64,
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
        it
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
                before: before.at,
                seen: first.at,
                established: followed.at,
                had: if reset { 0 } else { first.second_offset },
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
    /// before.
    pub fn offset_after(&self, server: usize, at: Micros) -> Option<i64> {
        let own = self.servers.get(server)?;
        let n = own.partition_point(|it| it.at < at);
        own.get(n).map(|it| it.offset)
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
