//! WATCH, MULTI, and what a session queued that only the proxy can answer.

/// A queued command that `EXEC` has to see to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Queued {
    /// Answered by the proxy when `EXEC` succeeds; the server got a `PING` in its place. The bytes
    /// are the request.
    Local(Vec<u8>),
    /// A `SELECT` that the server runs itself: the session follows when it succeeded.
    Select(u32),
    /// A `CLIENT TRACKINGINFO` whose answer names a client by the server's id.
    TrackingInfo,
}

/// The state between WATCH or MULTI and EXEC or DISCARD.
#[derive(Debug, Default)]
pub struct Transaction {
    watching: bool,
    open: bool,
    /// Commands that were queued so far.
    count: usize,
    /// Something that may write is among them.
    writes: bool,
    /// Something that servers replicate is among them.
    replicates: bool,
    /// The server refused a command that was to be queued.
    spoilt: bool,
    /// Those `EXEC` has to see to, by their place in the queue.
    special: Vec<(usize, Queued)>,
    /// The proxy refused a command: `EXEC` has to fail as when the server had.
    dirty: bool,
    /// The connection that watched is gone: nobody knows whether the keys have changed.
    watch_lost: bool,
    /// The connection that held the queue is gone.
    queue_lost: bool,
}

/// How an `EXEC` has to end.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server decides. These places of its reply need the proxy's attention.
    Run(Vec<(usize, Queued)>),
    /// `-EXECABORT`: a command was refused. The server is told to discard.
    Abort,
    /// Null: what was watched can't be known to be unchanged. The server is told to discard.
    Changed,
    /// `-EXECABORT`, and there is no server to tell.
    Lost,
}

impl Transaction {
    /// Whether a connection has to be kept for it.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.watching || self.open
    }

    /// Between MULTI and EXEC.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// After WATCH.
    #[must_use]
    pub const fn is_watching(&self) -> bool {
        self.watching
    }

    /// Between MULTI and EXEC, and the connection is gone: nothing can be queued any more.
    #[must_use]
    pub const fn is_lost(&self) -> bool {
        self.queue_lost
    }

    /// Commands queued so far.
    #[must_use]
    pub const fn queued(&self) -> usize {
        self.count
    }

    /// A command comes that is to be queued; `writes` is whether it may change data.
    pub fn note(&mut self, writes: bool) {
        self.writes |= writes;
    }

    /// Whether `EXEC` may change data.
    #[must_use]
    pub const fn has_writes(&self) -> bool {
        self.writes
    }

    /// What a command that is to be queued means for a later pause: whether servers replicate it;
    /// `None` where the server refuses to queue it. Behind such a one servers queue nothing.
    pub fn note_replication(&mut self, replicates: Option<bool>) {
        match replicates {
            None => self.spoilt = true,
            Some(replicates) => self.replicates |= replicates && !self.spoilt && !self.dirty,
        }
    }

    /// Whether the queue has what servers replicate.
    #[must_use]
    pub const fn replicates(&self) -> bool {
        self.replicates
    }

    /// Whether a command was refused, so that EXEC runs nothing.
    #[must_use]
    pub const fn is_spoilt(&self) -> bool {
        self.spoilt || self.dirty
    }

    /// WATCH.
    pub fn watch(&mut self) {
        self.watching = true;
    }

    /// UNWATCH.
    pub fn unwatch(&mut self) {
        self.watching = false;
        self.watch_lost = false;
    }

    /// MULTI; false if there was one already.
    pub fn open(&mut self) -> bool {
        !std::mem::replace(&mut self.open, true)
    }

    /// A command joins the queue.
    pub fn queue(&mut self, special: Option<Queued>) {
        if let Some(special) = special {
            self.special.push((self.count, special));
        }
        self.count += 1;
    }

    /// The proxy refused a command that was to be queued.
    pub fn refuse(&mut self) {
        self.dirty |= self.open;
    }

    /// The connection is gone.
    pub fn lose(&mut self) {
        self.queue_lost |= self.open;
        self.watch_lost |= self.watching;
    }

    /// The server refused the connection that WATCH or MULTI needed: nothing is watched, and there
    /// is no transaction, unless commands were queued behind MULTI, which must not run without it.
    pub fn not_begun(&mut self) {
        if self.count > 0 {
            self.lose();
        } else {
            *self = Self::default();
        }
    }

    /// EXEC: ends the transaction and says how.
    pub fn exec(&mut self) -> Verdict {
        match std::mem::take(self) {
            Self { queue_lost: true, .. } => Verdict::Lost,
            Self { dirty: true, .. } => Verdict::Abort,
            Self { watch_lost: true, .. } => Verdict::Changed,
            Self { special, .. } => Verdict::Run(special),
        }
    }

    /// DISCARD: ends the transaction; false if there is no server to tell.
    pub fn discard(&mut self) -> bool {
        !std::mem::take(self).queue_lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_decides_how_exec_ends() {
        let mut transaction = Transaction::default();
        transaction.watch();
        transaction.lose();
        assert!(transaction.open() && !transaction.is_lost());
        transaction.queue(None);
        assert_eq!(transaction.exec(), Verdict::Changed);

        assert!(transaction.open() && !transaction.open());
        transaction.lose();
        assert!(transaction.is_lost());
        assert_eq!(transaction.exec(), Verdict::Lost);
        assert!(!transaction.is_active());
    }

    #[test]
    fn a_refused_multi_leaves_no_transaction_unless_commands_follow_it() {
        let mut transaction = Transaction::default();
        transaction.watch();
        transaction.open();
        transaction.not_begun();
        assert!(!transaction.is_active());
        transaction.open();
        transaction.queue(None);
        transaction.not_begun();
        assert_eq!(transaction.exec(), Verdict::Lost);
    }

    #[test]
    fn places_in_the_queue_are_kept() {
        let mut transaction = Transaction::default();
        transaction.open();
        transaction.queue(None);
        transaction.queue(Some(Queued::Select(3)));
        assert_eq!(transaction.exec(), Verdict::Run(vec![(1, Queued::Select(3))]));
        transaction.open();
        transaction.refuse();
        assert_eq!(transaction.exec(), Verdict::Abort);
    }
}
