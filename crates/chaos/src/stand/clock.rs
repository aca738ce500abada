//! The run's clock, and how a server's wall clock relates to it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::history::Micros;

#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
    wall: SystemTime,
}

impl Clock {
    pub fn start() -> Self {
        Self { began: Instant::now(), wall: SystemTime::now() }
    }

    pub fn now(&self) -> Micros {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(Micros::MAX)
    }

    /// The time of the run at which the wall clock showed these microseconds since 1970.
    pub fn of_wall(&self, micros: u64) -> Micros {
        let began = self.wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        micros.saturating_sub(u64::try_from(began.as_micros()).unwrap_or(0))
    }
}
