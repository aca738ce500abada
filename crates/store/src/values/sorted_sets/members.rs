//! The members of a large sorted set and their scores, each under a number that stays the same
//! while the member exists.
//!
//! The members have no order here, and no hash.

/// The number of members of a chunk. Memory is allocated in chunks, so that no insertion copies all
/// members.
const CHUNK: usize = 512;
/// The number that no member has.
const NONE: u32 = u32::MAX;

/// Members by number.
#[derive(Clone, Debug)]
pub(super) struct Members {
    chunks: Vec<Vec<Place>>,
    /// The first free place.
    free: u32,
    len: usize,
}

/// A place, with or without a member.
#[derive(Clone, Debug)]
enum Place {
    Taken {
        score: f64,
        member: Box<[u8]>,
    },
    /// A free place, with the number of the next free one.
    Free(u32),
}

impl Members {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new(), free: NONE, len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The number of places, free or not.
    pub(super) fn places(&self) -> usize {
        let last = self.chunks.last().map_or(0, Vec::len);
        self.chunks.len().saturating_sub(1) * CHUNK + last
    }

    /// Returns the score of a member; infinity without it.
    pub(super) fn score(&self, id: u32) -> f64 {
        match self.place(id) {
            Some(Place::Taken { score, .. }) => *score,
            _ => f64::INFINITY,
        }
    }

    /// Returns a member; an empty one without it.
    pub(super) fn member(&self, id: u32) -> &[u8] {
        match self.place(id) {
            Some(Place::Taken { member, .. }) => member,
            _ => &[],
        }
    }

    /// Changes the score of a member.
    pub(super) fn set_score(&mut self, id: u32, new: f64) {
        if let Some(Place::Taken { score, .. }) = self.place_mut(id) {
            *score = new;
        }
    }

    /// Adds a member. Returns its number, or `None` if there is none left: 2^32 - 1 are the most.
    pub(super) fn insert(&mut self, score: f64, member: Box<[u8]>) -> Option<u32> {
        let taken = Place::Taken { score, member };
        let free = self.free;
        if let Some(place) = self.place_mut(free) {
            let next = std::mem::replace(place, taken);
            self.free = if let Place::Free(next) = next { next } else { NONE };
            self.len += 1;
            return Some(free);
        }
        let id = u32::try_from(self.places()).ok().filter(|&id| id != NONE)?;
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push(taken),
            Some(_) => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(taken);
                self.chunks.push(chunk);
            }
            None => self.chunks.push(vec![taken]),
        }
        self.len += 1;
        Some(id)
    }

    /// Removes a member and returns it.
    pub(super) fn remove(&mut self, id: u32) -> Option<(f64, Box<[u8]>)> {
        let free = self.free;
        let place = self.place_mut(id)?;
        match std::mem::replace(place, Place::Free(free)) {
            Place::Taken { score, member } => {
                self.free = id;
                self.len -= 1;
                Some((score, member))
            }
            Place::Free(next) => {
                *place = Place::Free(next);
                None
            }
        }
    }

    /// The bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        let chunk = |chunk: &Vec<Place>| {
            let members = chunk.iter().map(|place| match place {
                Place::Taken { member, .. } => member.len(),
                Place::Free(_) => 0,
            });
            chunk.capacity() * size_of::<Place>() + members.sum::<usize>()
        };
        self.chunks.capacity() * size_of::<Vec<Place>>()
            + self.chunks.iter().map(chunk).sum::<usize>()
    }

    fn place(&self, id: u32) -> Option<&Place> {
        let id = id as usize;
        self.chunks.get(id / CHUNK)?.get(id % CHUNK)
    }

    fn place_mut(&mut self, id: u32) -> Option<&mut Place> {
        let id = id as usize;
        self.chunks.get_mut(id / CHUNK)?.get_mut(id % CHUNK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_takes_24_bytes() {
        assert_eq!(size_of::<Place>(), 24);
    }

    #[test]
    fn places_are_used_again() {
        let mut members = Members::new();
        let ids: Vec<_> = (0..2000_u32)
            .map(|n| members.insert(n.into(), n.to_string().as_bytes().into()).unwrap())
            .collect();
        assert_eq!((members.len(), members.places()), (2000, 2000));
        for &id in ids.iter().step_by(2) {
            assert_eq!(members.remove(id).unwrap().0, f64::from(id));
            assert!(members.remove(id).is_none());
        }
        assert_eq!((members.len(), members.places()), (1000, 2000));
        let again = members.insert(-1.0, (*b"x").into()).unwrap();
        assert_eq!((members.member(again), members.score(again)), (&b"x"[..], -1.0));
        assert_eq!((members.len(), members.places()), (1001, 2000));
        assert_eq!(members.member(1), b"1");
        assert_eq!(members.member(again.wrapping_add(5000)), b"");
    }
}
