//! The best keys to evict of those that were sampled (`evictionPoolEntry`).

/// How many keys the pool has (`EVPOOL_SIZE`).
const SIZE: usize = 16;

/// A key that may be evicted.
#[derive(Clone, Debug)]
struct Candidate {
    /// The higher, the better to evict.
    score: u64,
    db: usize,
    key: Box<[u8]>,
}

/// Candidates, the best last. They stay from one eviction to the next, which makes the choice better
/// than that of one sample.
#[derive(Clone, Debug, Default)]
pub(crate) struct EvictionPool(Vec<Candidate>);

impl EvictionPool {
    /// Offers a key.
    pub(crate) fn offer(&mut self, score: u64, db: usize, key: &[u8]) {
        let is_full = self.0.len() >= SIZE;
        if is_full && self.0.first().is_some_and(|worst| worst.score >= score)
            || self.0.iter().any(|other| other.db == db && *other.key == *key)
        {
            return;
        }
        if is_full {
            self.0.remove(0);
        }
        let at = self.0.partition_point(|other| other.score <= score);
        self.0.insert(at, Candidate { score, db, key: key.into() });
    }

    /// Takes the best key.
    pub(crate) fn take(&mut self) -> Option<(usize, Box<[u8]>)> {
        self.0.pop().map(|best| (best.db, best.key))
    }

    /// Forgets all keys.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_best() {
        let mut pool = EvictionPool::default();
        for score in (0..40).chain(0..40) {
            pool.offer(score, 0, score.to_string().as_bytes());
        }
        let taken: Vec<_> = std::iter::from_fn(|| pool.take()).map(|(_, key)| key).collect();
        assert_eq!(taken.len(), SIZE);
        assert_eq!((&*taken[0], &*taken[SIZE - 1]), (&b"39"[..], &b"24"[..]));
    }
}
