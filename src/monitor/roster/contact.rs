//! The control connection to one server, and the question that is under way on it.

use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

/// The pause before the first reconnect; it doubles with every failure.
const BACK_OFF_MIN: Duration = Duration::from_millis(100);
/// The longest pause: an attempt costs a server little, and a failover waits for it.
pub(super) const BACK_OFF_MAX: Duration = Duration::from_secs(1);

/// The control connection to one server, and the question that is under way on it. A question takes
/// the connection with it and brings it back. Times are given by the caller; `L` is a
/// [`Link`](crate::monitor::asking::link::Link) outside tests.
#[derive(Debug)]
pub(in crate::monitor) struct Contact<L> {
    link: Option<L>,
    /// The task of the question under way.
    asking: Option<AbortHandle>,
    /// When the latest question was asked.
    asked_at: Instant,
    /// A whole probe was due while the short question was under way.
    is_wanted: bool,
    failures: u32,
    pub(super) retry_at: Instant,
    /// The server was reached over a new connection, and has not been able to serve since.
    is_back: bool,
}

impl<L> Contact<L> {
    /// No connection yet.
    pub(in crate::monitor) const fn new(now: Instant) -> Self {
        Self {
            link: None,
            asking: None,
            asked_at: now,
            is_wanted: false,
            failures: 0,
            retry_at: now,
            is_back: false,
        }
    }

    /// Whether the server is to be asked now. If a question is under way, it is wanted after that.
    pub(in crate::monitor) fn is_due(&mut self, now: Instant) -> bool {
        let is_idle = self.asking.as_ref().is_none_or(AbortHandle::is_finished);
        self.is_wanted = self.retry_at <= now && !is_idle;
        self.retry_at <= now && is_idle
    }

    /// Whether a whole probe was due while a question was under way; true once.
    pub(in crate::monitor) const fn take_wanted(&mut self) -> bool {
        std::mem::replace(&mut self.is_wanted, false)
    }

    /// The connection, for a question.
    pub(in crate::monitor) const fn take_link(&mut self) -> Option<L> {
        self.link.take()
    }

    /// The connection, if no question is under way on it.
    pub(in crate::monitor) const fn take_idle_link(&mut self) -> Option<L> {
        if self.asking.is_some() { None } else { self.link.take() }
    }

    /// Notes that `task` asks the server.
    pub(in crate::monitor) fn begin(&mut self, task: AbortHandle, now: Instant) {
        self.asking = Some(task);
        self.asked_at = now;
    }

    /// Whether no question is under way.
    pub(in crate::monitor) const fn is_idle(&self) -> bool {
        self.asking.is_none()
    }

    /// Whether the question under way has not been answered for `limit`.
    pub(in crate::monitor) fn is_late(&self, now: Instant, limit: Duration) -> bool {
        self.asking.is_some() && now.saturating_duration_since(self.asked_at) >= limit
    }

    /// Takes the connection back after the short question. Without one, the next whole probe opens
    /// another one.
    pub(in crate::monitor) fn end_short(&mut self, link: Option<L>) {
        self.asking = None;
        self.link = link;
    }

    /// Takes the connection back after a whole probe; `is_new` if the probe opened it. Without one,
    /// the next attempt comes after a pause.
    pub(in crate::monitor) fn end_whole(&mut self, link: Option<L>, is_new: bool, now: Instant) {
        self.asking = None;
        self.is_wanted = false;
        self.is_back |= is_new && link.is_some();
        self.link = link;
        if self.link.is_some() {
            self.failures = 0;
        } else {
            self.retry_at = now + back_off(self.failures);
            self.failures = self.failures.saturating_add(1);
        }
    }

    /// Notes that the server counts as unreachable, although its answer may still come.
    pub(in crate::monitor) const fn give_up(&mut self) {
        self.is_back = true;
    }

    /// Whether the server, which can serve now, could not since it was reached again; true once.
    pub(in crate::monitor) const fn take_back(&mut self) -> bool {
        std::mem::replace(&mut self.is_back, false)
    }

    /// Ends the pause before the next attempt, if there is no connection.
    pub(in crate::monitor) fn hurry(&mut self, now: Instant) {
        if self.link.is_none() {
            self.retry_at = self.retry_at.min(now);
        }
    }

    /// The end of the pause before the next attempt.
    pub(in crate::monitor) const fn retry_at(&self) -> Instant {
        self.retry_at
    }
}

impl<L> Drop for Contact<L> {
    fn drop(&mut self) {
        if let Some(task) = &self.asking {
            task.abort();
        }
    }
}

/// The pause after so many failed attempts before the latest, with jitter.
pub(in crate::monitor) fn back_off(failures: u32) -> Duration {
    let pause = BACK_OFF_MIN.saturating_mul(1 << failures.min(16)).min(BACK_OFF_MAX);
    pause.mul_f64(0.75 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> AbortHandle {
        tokio::spawn(std::future::pending::<()>()).abort_handle()
    }

    #[test]
    fn pauses_grow_to_a_second() {
        assert!(back_off(0) <= Duration::from_millis(125));
        assert!(back_off(2) >= Duration::from_millis(300));
        assert!(back_off(1000) <= Duration::from_millis(1250));
    }

    #[tokio::test]
    async fn a_question_takes_the_connection_and_brings_it_back() {
        let now = Instant::now();
        let mut contact = Contact::new(now);
        assert!(contact.is_due(now) && contact.take_idle_link().is_none());
        contact.begin(question(), now);
        assert!(!contact.is_due(now) && contact.is_late(now + BACK_OFF_MAX, BACK_OFF_MAX));
        contact.end_whole(Some("link"), true, now);
        assert!(contact.is_idle() && contact.take_back() && !contact.take_back());
        assert_eq!(contact.take_idle_link(), Some("link"));
    }

    #[tokio::test]
    async fn a_whole_probe_that_was_due_comes_after_the_short_question() {
        let now = Instant::now();
        let mut contact = Contact::new(now);
        contact.begin(question(), now);
        assert!(!contact.is_due(now));
        contact.end_short(Some("link"));
        assert!(contact.take_wanted() && !contact.take_wanted());
    }

    #[tokio::test]
    async fn a_failed_attempt_is_followed_by_a_pause() {
        let now = Instant::now();
        let mut contact = Contact::<()>::new(now);
        contact.begin(question(), now);
        contact.end_whole(None, true, now);
        assert!(!contact.is_due(now) && contact.is_due(contact.retry_at()));
        assert!(!contact.take_back(), "it was not reached");
        contact.hurry(now);
        assert!(contact.is_due(now));
    }

    #[tokio::test]
    async fn the_question_ends_with_the_contact() {
        let task = tokio::spawn(std::future::pending::<()>());
        let mut contact = Contact::<()>::new(Instant::now());
        contact.begin(task.abort_handle(), Instant::now());
        drop(contact);
        assert!(task.await.unwrap_err().is_cancelled());
    }
}
