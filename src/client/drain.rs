//! What is still read of a client once the process ends: the requests that the client sent before.

/// The most bytes that are read of one client after the signal.
const MOST: usize = 1024 * 1024;
/// How long more is waited for, in milliseconds, where the client was sending: what has not reached
/// this host yet was sent before, too.
const GRACE_MS: u64 = 200;

/// The end of reading from one client. Times are milliseconds of the process's clock.
#[derive(Debug)]
pub(super) struct Drain {
    left: usize,
    /// When something was read last.
    read_ms: u64,
    /// The client was sending more than was read at once.
    is_sending: bool,
}

impl Drain {
    /// Starts the drain; `is_sending` if the client had sent more than was read.
    pub(super) const fn begin(is_sending: bool, now_ms: u64) -> Self {
        Self { left: MOST, read_ms: now_ms, is_sending }
    }

    /// Notes that bytes were read; `is_full` if they filled the buffer.
    pub(super) const fn received(&mut self, bytes: usize, is_full: bool, now_ms: u64) {
        self.left = self.left.saturating_sub(bytes);
        self.read_ms = now_ms;
        self.is_sending |= is_full;
    }

    /// Whether more may be read.
    pub(super) const fn may_read(&self) -> bool {
        self.left > 0
    }

    /// Whether nothing more is to come. `is_empty`: the socket has nothing to read; `is_amid`: the
    /// beginning of a request has come.
    pub(super) const fn is_over(&self, is_empty: bool, is_amid: bool, now_ms: u64) -> bool {
        let is_quiet = now_ms >= self.read_ms + GRACE_MS;
        !self.may_read() || is_empty && (is_quiet || !self.is_sending && !is_amid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_has_said_all_is_not_waited_for() {
        let drain = Drain::begin(false, 100);
        assert!(drain.is_over(true, false, 100));
        assert!(!drain.is_over(false, false, 100), "the socket has more");
        assert!(!drain.is_over(true, true, 100), "the rest of a request may come");
        assert!(drain.is_over(true, true, 100 + GRACE_MS));
    }

    #[test]
    fn a_client_that_sends_has_time_for_what_is_on_its_way() {
        let mut drain = Drain::begin(false, 100);
        drain.received(10, true, 150);
        assert!(!drain.is_over(true, false, 150 + GRACE_MS - 1));
        assert!(drain.is_over(true, false, 150 + GRACE_MS));
        let behind = Drain::begin(true, 100);
        assert!(!behind.is_over(true, false, 150));
    }

    #[test]
    fn reading_ends_for_a_client_that_goes_on_and_on() {
        let mut drain = Drain::begin(false, 100);
        drain.received(MOST - 1, true, 101);
        assert!(drain.may_read() && !drain.is_over(false, false, 101));
        drain.received(1, true, 102);
        assert!(!drain.may_read() && drain.is_over(false, false, 102));
    }
}
