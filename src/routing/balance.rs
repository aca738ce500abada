//! The choice of one of several servers: by requests under way, in turn, or by reply time, and
//! always by weight.

use crate::topology::{Backend, BackendId};

/// How one of several servers is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    /// The one with the fewest requests under way, by weight.
    LeastInFlight,
    /// Each in turn, by weight.
    RoundRobin,
    /// The one that answers soonest.
    Latency,
}

/// The balancer of one worker, which counts only that worker's requests.
#[derive(Debug)]
pub struct Balancer {
    balance: Balance,
    turn: u64,
}

impl Balancer {
    /// A balancer that follows `reads.balance`.
    #[must_use]
    pub fn new(balance: Balance) -> Self {
        Self { balance, turn: 0 }
    }

    /// Follows another `reads.balance` from now on.
    pub fn set_balance(&mut self, balance: Balance) {
        self.balance = balance;
    }

    /// One of `readers`, given how many requests are under way to each. A server of weight 0 is
    /// picked only if there is no other.
    pub fn pick<'t>(
        &mut self,
        readers: impl Iterator<Item = &'t Backend> + Clone,
        in_flight: impl Fn(BackendId) -> u64,
    ) -> Option<&'t Backend> {
        // Without a server there is no turn: the next call may be about other servers.
        let only = readers.clone().next()?;
        self.turn = self.turn.wrapping_add(1);
        if readers.clone().nth(1).is_none() {
            return Some(only);
        }
        let total: u64 = readers.clone().map(|backend| u64::from(backend.weight)).sum();
        if total == 0 {
            let count = readers.clone().count() as u64;
            let mut readers = readers;
            return readers.nth(usize::try_from(self.turn % count.max(1)).unwrap_or(0));
        }
        let weighted = readers.filter(|backend| backend.weight > 0);
        match self.balance {
            Balance::RoundRobin => self.in_turn(weighted, total),
            Balance::LeastInFlight => self.least(weighted, |backend| in_flight(backend.id) + 1),
            Balance::Latency => self.least(weighted, |backend| {
                // Requests under way count too, or all would go to the quickest.
                backend.health.latency_us().saturating_mul(in_flight(backend.id) + 1)
            }),
        }
    }

    /// Each gets as many turns as its weight, spread out: turns step through the weights' sum by
    /// a number prime to it.
    fn in_turn<'t>(
        &self,
        readers: impl Iterator<Item = &'t Backend> + Clone,
        total: u64,
    ) -> Option<&'t Backend> {
        let step = (total * 5 / 8 + 1..).find(|n| gcd(*n, total) == 1).unwrap_or(1);
        let mut point = self.turn.wrapping_mul(step) % total;
        for backend in readers {
            let weight = u64::from(backend.weight);
            if point < weight {
                return Some(backend);
            }
            point -= weight;
        }
        None
    }

    /// The one with the lowest cost per weight; equals take turns.
    fn least<'t>(
        &self,
        readers: impl Iterator<Item = &'t Backend> + Clone,
        cost: impl Fn(&Backend) -> u64,
    ) -> Option<&'t Backend> {
        let count = readers.clone().count().max(1);
        let start = usize::try_from(self.turn % count as u64).unwrap_or(0);
        let in_turn = readers.clone().skip(start).chain(readers.take(start));
        // a/b < c/d without division: weights are small.
        in_turn.reduce(|best, next| {
            let best_cost = u128::from(cost(best)) * u128::from(next.weight);
            let next_cost = u128::from(cost(next)) * u128::from(best.weight);
            if next_cost < best_cost { next } else { best }
        })
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::topology::{Health, Role};
    use tidegate_wire::units::HostPort;

    fn replicas(weights: &[u32]) -> Vec<Backend> {
        let one = |(id, weight): (u32, &u32)| Backend {
            id: BackendId(id),
            addr: HostPort::local(1),
            endpoint: None,
            role: Role::Replica,
            weight: *weight,
            scan_tag: 0,
            data_epoch: 0,
            excluded: None,
            is_local: false,
            pass: 0,
            health: Arc::new(Health::default()),
        };
        (0..).zip(weights).map(one).collect()
    }

    /// How often each is picked, when every request ends before the next, or none does.
    fn shares(balancer: &mut Balancer, replicas: &[Backend], picks: usize, ends: bool) -> Vec<u64> {
        let mut shares = vec![0; replicas.len()];
        for _ in 0..picks {
            let under_way = |id: BackendId| if ends { 0 } else { shares[id.0 as usize] };
            let picked = balancer.pick(replicas.iter(), under_way).expect("a server").id;
            shares[picked.0 as usize] += 1;
        }
        shares
    }

    #[test]
    fn turns_follow_the_weights() {
        let replicas = replicas(&[1, 2, 0, 5]);
        let mut balancer = Balancer::new(Balance::RoundRobin);
        assert_eq!(shares(&mut balancer, &replicas, 800, true), [100, 200, 0, 500]);
    }

    #[test]
    fn load_follows_the_weights() {
        let replicas = replicas(&[1, 3]);
        let mut balancer = Balancer::new(Balance::LeastInFlight);
        let shares = shares(&mut balancer, &replicas, 400, false);
        assert!((99..=101).contains(&shares[0]), "{shares:?}");
    }

    #[test]
    fn equals_take_turns() {
        let replicas = replicas(&[1, 1, 1]);
        let mut balancer = Balancer::new(Balance::LeastInFlight);
        assert_eq!(shares(&mut balancer, &replicas, 300, true), [100, 100, 100]);
    }

    #[test]
    fn the_quickest_serves_most_but_not_all() {
        let replicas = replicas(&[1, 1]);
        replicas[0].health.observe_latency(100);
        replicas[1].health.observe_latency(300);
        let mut balancer = Balancer::new(Balance::Latency);
        let shares = shares(&mut balancer, &replicas, 400, false);
        assert!((295..=305).contains(&shares[0]), "{shares:?}");
    }

    #[test]
    fn weight_zero_serves_when_no_other_server_can() {
        let replicas = replicas(&[0, 0]);
        let mut balancer = Balancer::new(Balance::LeastInFlight);
        assert_eq!(shares(&mut balancer, &replicas, 10, true), [5, 5]);
        assert!(balancer.pick(replicas[..0].iter(), |_| 0).is_none());
    }
}
