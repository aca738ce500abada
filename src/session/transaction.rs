//! A session's transaction: WATCH, MULTI, and the queued commands that concern the proxy.

/// A queued command whose element in EXEC's reply concerns the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Queued {
    /// A request that the proxy answers when EXEC succeeds; the server got a PING in its place.
    Local(Vec<u8>),
    /// A SELECT that the server runs: the session has this database if it succeeds.
    Select(u32),
    /// A `CLIENT TRACKINGINFO` whose reply names a client by the server's id.
    TrackingInfo,
}

/// The state between WATCH or MULTI and EXEC or DISCARD.
#[derive(Debug, Default)]
pub struct Transaction {
    watching: bool,
    open: bool,
    /// The number of queued commands.
    count: usize,
    /// One of them may write.
    writes: bool,
    /// Servers replicate one of them.
    replicates: bool,
    /// The server refused a command that was to be queued.
    spoilt: bool,
    /// Those that concern the proxy, by their place in the queue.
    special: Vec<(usize, Queued)>,
    /// The proxy refused a command that was to be queued: EXEC has to fail.
    dirty: bool,
    /// The connection that watched is gone, so it is unknown whether the keys have changed.
    watch_lost: bool,
    /// The connection that held the queue is gone.
    queue_lost: bool,
    /// The client got an error for its MULTI.
    multi_failed: bool,
}

/// How an EXEC has to end.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server decides. These places of its reply concern the proxy.
    Run(Vec<(usize, Queued)>),
    /// With `EXECABORT`, because a command was refused. The server gets a DISCARD.
    Abort,
    /// With null, because the watched keys may have changed. The server gets a DISCARD.
    Changed,
    /// With `EXECABORT`, because the connection is lost.
    Lost,
}

impl Transaction {
    /// Whether it needs a connection.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.watching || self.open
    }

    /// Whether it is between MULTI and EXEC.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Whether keys are watched.
    #[must_use]
    pub const fn is_watching(&self) -> bool {
        self.watching
    }

    /// Whether the connection was lost between MULTI and EXEC, so that no command can be queued.
    #[must_use]
    pub const fn is_lost(&self) -> bool {
        self.queue_lost
    }

    /// The number of queued commands.
    #[must_use]
    pub const fn queued(&self) -> usize {
        self.count
    }

    /// Notes a command that is about to be queued; `writes`: it may change data.
    pub fn note(&mut self, writes: bool) {
        self.writes |= writes;
    }

    /// Whether EXEC may change data.
    #[must_use]
    pub const fn has_writes(&self) -> bool {
        self.writes
    }

    /// Notes whether servers replicate a command that is about to be queued; `None`: the server
    /// refuses to queue it, and queues none of the later commands. A pause of writes holds an EXEC
    /// that replicates.
    pub fn note_replication(&mut self, replicates: Option<bool>) {
        match replicates {
            None => self.spoilt = true,
            Some(replicates) => self.replicates |= replicates && !self.spoilt && !self.dirty,
        }
    }

    /// Whether servers replicate a queued command.
    #[must_use]
    pub const fn replicates(&self) -> bool {
        self.replicates
    }

    /// Whether a command was refused, so that EXEC runs nothing.
    #[must_use]
    pub const fn is_spoilt(&self) -> bool {
        self.spoilt || self.dirty
    }

    /// Runs WATCH.
    pub fn watch(&mut self) {
        self.watching = true;
    }

    /// Runs UNWATCH.
    pub fn unwatch(&mut self) {
        self.watching = false;
        self.watch_lost = false;
    }

    /// Runs MULTI; false if a transaction is open already.
    pub fn open(&mut self) -> bool {
        !std::mem::replace(&mut self.open, true)
    }

    /// Adds a command to the queue.
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

    /// Notes that the connection is lost.
    pub fn lose(&mut self) {
        self.queue_lost |= self.open;
        self.watch_lost |= self.watching;
    }

    /// Notes that the watched keys may have changed, and that the queue is kept.
    pub fn lose_watch(&mut self) {
        self.watch_lost |= self.watching;
    }

    /// Notes that MULTI got an error, and that its connection is lost.
    pub fn lose_multi(&mut self) {
        self.multi_failed |= self.open;
        self.lose();
    }

    /// The client begins another transaction: it has given up the one whose MULTI got an error, if
    /// there is one. What it has watched before counts as changed.
    pub fn give_up_failed(&mut self) {
        if self.multi_failed {
            let watching = self.watching;
            *self = Self { watching, watch_lost: watching, ..Self::default() };
        }
    }

    /// The server refused the connection that WATCH or MULTI needed. No key is watched and no
    /// transaction is open, unless commands were queued behind MULTI: those must not run alone.
    pub fn not_begun(&mut self) {
        if self.count > 0 {
            self.lose();
        } else {
            *self = Self::default();
        }
    }

    /// Runs EXEC: ends the transaction, and returns how EXEC has to end.
    pub fn exec(&mut self) -> Verdict {
        match std::mem::take(self) {
            Self { queue_lost: true, .. } => Verdict::Lost,
            Self { dirty: true, .. } => Verdict::Abort,
            Self { watch_lost: true, .. } => Verdict::Changed,
            Self { special, .. } => Verdict::Run(special),
        }
    }

    /// Runs DISCARD: ends the transaction; false if the connection is lost.
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
    fn a_multi_after_one_that_failed_begins_another_transaction() {
        for watches in [false, true] {
            let mut transaction = Transaction::default();
            if watches {
                transaction.watch();
            }
            transaction.open();
            transaction.queue(None);
            transaction.lose();
            transaction.give_up_failed();
            assert!(transaction.is_lost(), "the client does not know that");
            transaction.lose_multi();
            transaction.give_up_failed();
            assert!(!transaction.is_lost() && transaction.open());
            let verdict = if watches { Verdict::Changed } else { Verdict::Run(Vec::new()) };
            assert_eq!((transaction.queued(), transaction.exec()), (0, verdict));
        }
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
