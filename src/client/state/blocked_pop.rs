//! A command that waits at the master for something to take (BLPOP, XREADGROUP and the like): what
//! is needed to let it wait at another one.

use tokio::time::Instant;

use crate::session::replies::Sequence;
use tidegate_wire::command::WaitTime;
use tidegate_wire::resp::Args;

/// A command that waits at the master for something to take.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct BlockedPop {
    pub(in crate::client) seq: Sequence,
    /// When it began to wait.
    pub(in crate::client) since: Instant,
}

impl BlockedPop {
    /// When its time is over; `None` if it waits for ever.
    pub(in crate::client) fn ends(&self, request: &[u8]) -> Option<Instant> {
        self.since.checked_add(WaitTime::of(&Args::new(request).to_vec())?.wait()?)
    }

    /// The request as it is at `now`, when it has waited for a while; `None` if its time is over.
    pub(in crate::client) fn request(&self, request: &[u8], now: Instant) -> Option<Vec<u8>> {
        let args = Args::new(request).to_vec();
        let waited = now.saturating_duration_since(self.since);
        match WaitTime::of(&args) {
            Some(time) => time.request_after(&args, waited),
            None => Some(request.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use tidegate_wire::resp::encode;

    #[test]
    fn its_time_goes_on() {
        let since = Instant::now();
        let pop = BlockedPop { seq: 0, since };
        let at = |ms| since + Duration::from_millis(ms);
        let blpop = encode::request_of(&[b"BLPOP", b"a", b"2"]);
        assert_eq!(pop.ends(&blpop), Some(at(2000)));
        let left = encode::request_of(&[b"BLPOP", b"a", b"0.750"]);
        assert_eq!(pop.request(&blpop, at(1250)), Some(left));
        assert_eq!(pop.request(&blpop, at(2000)), None);
        let invalid = encode::request_of(&[b"BLPOP", b"a", b"x"]);
        assert_eq!((pop.ends(&invalid), pop.request(&invalid, at(9000))), (None, Some(invalid)));
    }
}
