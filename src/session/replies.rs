//! The replies that a client is owed. They leave in the order of the requests, in whatever order the
//! backends answer.
//!
//! Every request has a sequence number. Requests that go to one backend together form a *run*, which
//! that backend answers in order. So the runs have to be put in order, and not each reply.

use std::collections::VecDeque;

/// The number of a request within its session, counted from 0.
pub type Sequence = u64;

/// A reply arrived to a request that is owed none, or out of order within its run. That is a bug in
/// the proxy: the client is closed, so that it gets no other request's reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reply arrived to a request that is owed none")]
pub struct Unexpected;

/// Consecutive requests that one source answers in order.
#[derive(Debug)]
struct Run {
    /// The request whose reply comes next.
    first: Sequence,
    /// The number of replies still to come.
    left: u32,
    /// The replies that arrived while earlier runs were unanswered.
    held: Vec<u8>,
    /// The bytes of the reply to `first` that have arrived.
    begun: usize,
    /// False if the client wants no reply (`CLIENT REPLY OFF`).
    shown: bool,
}

/// One client's replies, in the order of its requests.
///
/// Invariant: the runs' sequence numbers ascend and do not overlap, and only the front run's bytes
/// may be in `ready`.
#[derive(Debug, Default)]
pub struct Replies {
    ready: Vec<u8>,
    /// The bytes at the front of `ready` that were written to the client.
    taken: usize,
    /// The usual size of a server's reply lately, in bytes: it rises at once and falls slowly.
    usual: usize,
    runs: VecDeque<Run>,
    next: Sequence,
    held_bytes: usize,
    /// The number behind the last request whose reply has arrived, delivered or not.
    received: Sequence,
    /// An emptied buffer, kept for the next run that has to wait.
    spare: Vec<u8>,
}

impl Replies {
    /// Opens a run of `count` requests that are about to be sent. Returns the first one's number.
    pub fn open(&mut self, count: u32, shown: bool) -> Sequence {
        let first = self.next;
        self.next += u64::from(count);
        self.runs.push_back(Run { first, left: count, held: Vec::new(), begun: 0, shown });
        first
    }

    /// Adds a reply of the proxy, which `write` writes.
    pub fn local(&mut self, shown: bool, write: impl FnOnce(&mut Vec<u8>)) {
        self.locals(1, shown, |out| {
            write(out);
            1
        });
    }

    /// Adds replies of the proxy. `write` returns how many it has written; where they are not shown it
    /// is not called, and they are `count`.
    pub fn locals(
        &mut self,
        count: u32,
        shown: bool,
        write: impl FnOnce(&mut Vec<u8>) -> u32,
    ) -> u32 {
        if !shown {
            self.next += u64::from(count);
            return count;
        }
        if self.runs.is_empty() {
            let written = write(&mut self.ready);
            self.next += u64::from(written);
            return written;
        }
        let mut held = std::mem::take(&mut self.spare);
        let written = write(&mut held);
        self.next += u64::from(written);
        let first = self.next;
        self.held_bytes += held.len();
        self.runs.push_back(Run { first, left: 0, held, begun: 0, shown: true });
        written
    }

    /// Takes `count` whole replies to the requests from `seq` on, or the rest of one that had begun.
    ///
    /// # Errors
    /// [`Unexpected`] when these are not the replies that come next in their run.
    pub fn deliver(&mut self, seq: Sequence, count: u32, bytes: &[u8]) -> Result<(), Unexpected> {
        let at = self.find(seq)?;
        self.accept(at, bytes);
        self.received(seq + u64::from(count));
        let run = &mut self.runs[at];
        run.left = run.left.checked_sub(count).ok_or(Unexpected)?;
        run.first += u64::from(count);
        let came = std::mem::take(&mut run.begun) + bytes.len();
        if let Some(size) = came.checked_div(count as usize) {
            self.usual = size.max(self.usual - self.usual.saturating_sub(size) / 8);
        }
        if at == 0 && run.left == 0 {
            self.advance();
        }
        Ok(())
    }

    /// As [`Replies::deliver`], without a copy of the bytes where none are ready yet.
    ///
    /// # Errors
    /// [`Unexpected`], as with [`Replies::deliver`].
    pub fn deliver_all(
        &mut self,
        seq: Sequence,
        count: u32,
        bytes: Vec<u8>,
    ) -> Result<(), Unexpected> {
        let at = self.find(seq)?;
        if at == 0 && self.ready.is_empty() && self.runs[at].shown {
            self.runs[at].begun += bytes.len();
            self.ready = bytes;
            return self.deliver(seq, count, &[]);
        }
        self.deliver(seq, count, &bytes)
    }

    /// Takes a part of the reply to `seq`, of which more is to come.
    ///
    /// # Errors
    /// [`Unexpected`], as with [`Replies::deliver`].
    pub fn deliver_part(&mut self, seq: Sequence, bytes: &[u8]) -> Result<(), Unexpected> {
        let at = self.find(seq)?;
        self.accept(at, bytes);
        let begun = &mut self.runs[at].begun;
        *begun += bytes.len();
        self.usual = self.usual.max(*begun);
        Ok(())
    }

    /// Whether a part of the reply to `seq` has arrived, so that no other reply can take its place.
    #[must_use]
    pub fn has_begun(&self, seq: Sequence) -> bool {
        self.find(seq).is_ok_and(|at| self.runs[at].begun > 0)
    }

    /// Whether the reply to `seq` is owed.
    #[must_use]
    pub fn owes(&self, seq: Sequence) -> bool {
        let at = self.runs.partition_point(|run| run.first + u64::from(run.left) <= seq);
        self.runs.get(at).is_some_and(|run| run.first <= seq)
    }

    /// Makes `seq` a run of its own, because another backend will answer it than its neighbours.
    ///
    /// # Errors
    /// [`Unexpected`] when no reply to `seq` is owed.
    pub fn detach(&mut self, seq: Sequence) -> Result<(), Unexpected> {
        let at = self.runs.partition_point(|run| run.first + u64::from(run.left) <= seq);
        let run = self.runs.get_mut(at).filter(|run| run.first <= seq).ok_or(Unexpected)?;
        let before = u32::try_from(seq - run.first).map_err(|_| Unexpected)?;
        let after = run.left - before - 1;
        let shown = run.shown;
        // The part of the reply to `seq` that has arrived stays in front.
        let begun = if before == 0 { std::mem::take(&mut run.begun) } else { 0 };
        run.left = before;
        let single = Run { first: seq, left: 1, held: Vec::new(), begun, shown };
        self.runs.insert(at + 1, single);
        if after > 0 {
            let rest = Run { first: seq + 1, left: after, held: Vec::new(), begun: 0, shown };
            self.runs.insert(at + 2, rest);
        }
        if at == 0 && before == 0 {
            self.advance();
        }
        Ok(())
    }

    /// Notes that the replies to all requests below `end` have arrived. Some may have to be changed
    /// before they are delivered.
    pub fn received(&mut self, end: Sequence) {
        self.received = self.received.max(end);
    }

    /// Adds bytes that no request asked for (a push, a message), behind every reply that has arrived
    /// and before every reply still to come.
    pub fn push(&mut self, bytes: &[u8]) {
        let received = self.received;
        let is_complete = |run: Option<&Run>| run.is_some_and(|run| run.left == 0);
        let mut at = self.runs.partition_point(|run| run.first + u64::from(run.left) < received);
        if self.runs.get(at).is_some_and(|run| run.first < received) {
            // Its last reply has arrived and is being changed.
            at += 1;
            if !is_complete(self.runs.get(at)) {
                let held = Vec::new();
                let place = Run { first: received, left: 0, held, begun: 0, shown: true };
                self.runs.insert(at, place);
            }
        }
        // The proxy's own replies behind it are as old.
        while is_complete(self.runs.get(at)) && is_complete(self.runs.get(at + 1)) {
            at += 1;
        }
        match self.runs.get_mut(at).filter(|_| at > 0) {
            Some(run) => {
                run.held.extend_from_slice(bytes);
                self.held_bytes += bytes.len();
            }
            None => self.ready.extend_from_slice(bytes),
        }
    }

    /// Whether no reply is owed.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.runs.is_empty()
    }

    /// The number of the next request.
    #[must_use]
    pub const fn next(&self) -> Sequence {
        self.next
    }

    /// The first number whose reply has not arrived.
    #[must_use]
    pub fn unanswered(&self) -> Sequence {
        self.runs.front().map_or(self.next, |run| run.first)
    }

    /// The number of requests from the first unanswered one on.
    #[must_use]
    pub fn owed(&self) -> u64 {
        self.runs.front().map_or(0, |run| self.next - run.first)
    }

    /// The bytes of replies that were not yet written to the client.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.ready_bytes() + self.held_bytes
    }

    /// The bytes of replies that may be written to the client now.
    #[must_use]
    pub fn ready_bytes(&self) -> usize {
        self.ready.len() - self.taken
    }

    /// The usual size of a server's reply to this client lately, in bytes; rather too much than too
    /// little.
    #[must_use]
    pub fn usual_size(&self) -> usize {
        self.usual
    }

    /// The replies that may be written to the client now, and how many bytes at their front were.
    pub fn ready(&mut self) -> (&mut Vec<u8>, &mut usize) {
        (&mut self.ready, &mut self.taken)
    }

    /// Takes the replies that are ready, for another use than to write them to the client.
    pub fn take_ready(&mut self) -> Vec<u8> {
        self.taken = 0;
        std::mem::take(&mut self.ready)
    }

    /// Frees unused memory, so that an idle client holds little.
    pub fn shrink(&mut self, keep: usize) {
        if self.ready.is_empty() && self.ready.capacity() > keep {
            self.ready = Vec::new();
        }
        if self.runs.is_empty() && self.spare.capacity() > 0 {
            self.spare = Vec::new();
        }
        if self.runs.is_empty() && self.runs.capacity() > 8 {
            self.runs = VecDeque::new();
        }
    }

    /// The run whose next reply is the one to `seq`.
    fn find(&self, seq: Sequence) -> Result<usize, Unexpected> {
        if self.runs.front().is_some_and(|run| run.first == seq && run.left > 0) {
            return Ok(0);
        }
        let at = self.runs.partition_point(|run| run.first + u64::from(run.left) <= seq);
        self.runs.get(at).filter(|run| run.first == seq).map(|_| at).ok_or(Unexpected)
    }

    fn accept(&mut self, at: usize, bytes: &[u8]) {
        let run = &mut self.runs[at];
        if !run.shown {
            return;
        }
        if at == 0 {
            self.ready.extend_from_slice(bytes);
            return;
        }
        if run.held.capacity() == 0 {
            std::mem::swap(&mut run.held, &mut self.spare);
        }
        run.held.extend_from_slice(bytes);
        self.held_bytes += bytes.len();
    }

    /// Removes answered runs from the front, and makes the next one's replies ready.
    fn advance(&mut self) {
        while let Some(front) = self.runs.front_mut() {
            if !front.held.is_empty() {
                self.held_bytes -= front.held.len();
                self.ready.extend_from_slice(&front.held);
                front.held.clear();
                if front.held.capacity() <= 64 * 1024 {
                    self.spare = std::mem::take(&mut front.held);
                }
            }
            if front.left > 0 {
                return;
            }
            self.runs.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
