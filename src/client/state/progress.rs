//! How far a client's requests are read: where the next one ends, how many may be in flight, and
//! what the next one waits for.

use crate::client::state::window::Window;
use tidegate_wire::resp::request::ProtocolError;
use tidegate_wire::resp::{Limits, RequestScanner, RequestStep};

/// What a client's next request waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::client) enum Waiting {
    /// Nothing: there is none, or it is incomplete.
    #[default]
    Nothing,
    /// The client has to take replies first.
    Room,
    /// Some of what is in flight has to be answered first, so that its replies have room.
    Window,
    /// Everything before it has to be answered first.
    Answers,
    /// An earlier write that a server refused has to reach the master first.
    Recovery,
    /// CLIENT PAUSE has to end first.
    Pause,
    /// The rate of the client's user has to permit it first.
    Rate,
    /// A server, the write gate or another client has to let it pass first.
    Turn,
}

/// How far a client's requests are read.
#[derive(Debug, Default)]
pub(in crate::client) struct Reading {
    scanner: RequestScanner,
    /// Bytes from the start of the request in progress that are needed to go on with it.
    wanted: usize,
    /// How many requests may be in flight.
    pub(in crate::client) window: Window,
    waiting: Waiting,
    /// The next request is not begun before every earlier one is answered.
    needs_answers: bool,
    /// The client does not take its replies: the socket has no room for more.
    is_stuck: bool,
}

impl Reading {
    /// Looks for the end of the request at the front of `buf`, from where it looked last.
    ///
    /// # Errors
    /// The request breaks the protocol, or a limit.
    #[inline]
    pub(in crate::client) fn find_end(
        &mut self,
        buf: &[u8],
        limits: &Limits,
    ) -> Result<RequestStep, ProtocolError> {
        let step = self.scanner.scan(buf, limits)?;
        self.wanted = match step {
            RequestStep::NeedMore { at_least } => at_least,
            RequestStep::Complete(_) => 0,
        };
        Ok(step)
    }

    /// The next call of [`Self::find_end`] begins at the front of a request.
    pub(in crate::client) fn start_over(&mut self) {
        (self.scanner, self.wanted) = (RequestScanner::default(), 0);
    }

    /// Bytes from the start of the request in progress that are needed to go on with it.
    pub(in crate::client) const fn wanted(&self) -> usize {
        self.wanted
    }

    /// What the next request waits for.
    pub(in crate::client) const fn waiting(&self) -> Waiting {
        self.waiting
    }

    /// Whether the next request waits.
    pub(in crate::client) const fn is_waiting(&self) -> bool {
        !matches!(self.waiting, Waiting::Nothing)
    }

    /// Sets what the next request waits for.
    pub(in crate::client) const fn wait_for(&mut self, what: Waiting) {
        self.waiting = what;
    }

    /// The next request was not begun: it waits for its turn, unless a better reason is known.
    pub(in crate::client) const fn put_off(&mut self) {
        if !self.is_waiting() {
            self.waiting = Waiting::Turn;
        }
    }

    /// The next request is not begun before every earlier one is answered, if `needed`.
    #[inline]
    pub(in crate::client) const fn need_answers(&mut self, needed: bool) {
        self.needs_answers |= needed;
    }

    /// Whether the next request is not begun before every earlier one is answered.
    #[inline]
    pub(in crate::client) const fn needs_answers(&self) -> bool {
        self.needs_answers
    }

    /// Notes that every earlier request is answered.
    pub(in crate::client) const fn settled(&mut self) {
        self.needs_answers = false;
    }

    /// Whether the socket had no room for more replies when they were written last.
    pub(in crate::client) const fn is_stuck(&self) -> bool {
        self.is_stuck
    }

    /// Replies were written; `is_stuck` if the socket has no room for more.
    pub(in crate::client) const fn set_stuck(&mut self, is_stuck: bool) {
        self.is_stuck = is_stuck;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_waits_for_answers_until_they_have_come() {
        let mut reading = Reading::default();
        reading.need_answers(false);
        assert!(!reading.needs_answers());
        reading.need_answers(true);
        reading.need_answers(false);
        assert!(reading.needs_answers());
        reading.settled();
        assert!(!reading.needs_answers());
    }

    const GET: &[u8] = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";

    #[test]
    fn a_request_in_pieces_is_looked_at_once() {
        let (mut reading, limits) = (Reading::default(), Limits::default());
        for end in 1..GET.len() {
            let step = reading.find_end(&GET[..end], &limits).unwrap();
            assert!(matches!(step, RequestStep::NeedMore { .. }), "{end}");
            assert!(reading.wanted() > end, "{end}: {}", reading.wanted());
        }
        let step = reading.find_end(GET, &limits).unwrap();
        assert!(matches!(step, RequestStep::Complete(it) if it.len == GET.len()));
        assert_eq!(reading.wanted(), 0);
    }

    #[test]
    fn another_request_begins_where_one_was_dealt_with_elsewhere() {
        let (mut reading, limits) = (Reading::default(), Limits::default());
        reading.find_end(&GET[..10], &limits).unwrap();
        reading.start_over();
        let step = reading.find_end(GET, &limits).unwrap();
        assert!(matches!(step, RequestStep::Complete(_)));
    }

    #[test]
    fn what_is_known_of_a_wait_is_kept() {
        let mut reading = Reading::default();
        assert!(!reading.is_waiting());
        reading.put_off();
        assert_eq!(reading.waiting(), Waiting::Turn);
        reading.wait_for(Waiting::Room);
        reading.put_off();
        assert_eq!(reading.waiting(), Waiting::Room);
        reading.wait_for(Waiting::Nothing);
        assert!(!reading.is_waiting());
    }
}
